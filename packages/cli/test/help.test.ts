import { existsSync } from 'node:fs';
import { killAllProcesses, leakCheck, runProcess } from '@majordomo/testkit';
import { version } from '../package.json';
import { BINARY, fileWith, majordomo, removeFiles, unusedPath } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

const COMMANDS = [
  'up',
  'titanic',
  'broker',
  'worker',
  'request',
  'submit',
  'result',
  'status',
  'list',
  'cancel',
  'reschedule',
  'edit',
  'close',
  'services',
  'workers',
  'ping',
  'top',
  'doctor',
];
const DEAD = ['dead list', 'dead show', 'dead retry', 'dead purge'];

test('the help lists every command, the exit codes and examples', async () => {
  const { code, stdout, stderr } = await majordomo(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const name of [...COMMANDS, 'dead', 'keygen', 'contract']) {
    expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  }
  expect(stdout).toMatch(/Exit codes:\n {2}0 {2}ok\n/);
  expect(stdout).toMatch(/Examples:\n {2}\$ majordomo up/);
});

test.each([...COMMANDS, ...DEAD])(
  'the help of %s has examples of it, its defaults and its variables',
  async (name) => {
    const { code, stdout, stderr } = await majordomo([...name.split(' '), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Examples:\\n  \\$ .*majordomo ${name}`, 'm'));
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      /\(default: (tcp:\/\/127\.0\.0\.1:5555, env: MAJORDOMO_B|127\.0\.0\.1:9464, env: MAJORDOMO_HTTP)/,
    );
    expect(stdout).toContain('--config <file>');
  },
);

test('the help of keygen says where it writes to', async () => {
  const { code, stdout } = await majordomo(['keygen', '--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Examples:\n {2}\$ majordomo keygen/m);
  expect(stdout).toContain('(default: .)');
});

test('the overview fits a terminal of 80 columns', async () => {
  const { stdout } = await majordomo(['--help']);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('the help of contract has both of its actions', async () => {
  const { code, stdout } = await majordomo(['contract', '--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^Examples:\n {2}\$ majordomo contract snapshot .*\n.*\n {2}\$ majordomo contract check/m,
  );
});

test('a reader of the help that leaves early is no error', async () => {
  const script = '{ "$0" "$@"; echo "ended with $?" >&2; } | true';
  const { stderr } = await runProcess('sh', ['-c', script, process.execPath, BINARY, 'broker', '--help']);
  expect(stderr).toBe('ended with 0\n');
});

const onFullDisk = existsSync('/dev/full') ? test : test.skip;

onFullDisk('output that cannot be written is one line that says so, and exit code 1', async () => {
  const script = '"$0" "$@" > /dev/full; echo "ended with $?" >&2';
  for (const args of [['--help'], ['keygen', '--out', await unusedPath('keys')]]) {
    const { stderr } = await runProcess('sh', ['-c', script, process.execPath, BINARY, ...args]);
    expect(stderr).toBe(
      'majordomo: standard output cannot be written: ENOSPC: no space left on device, write\nended with 1\n',
    );
  }
});

test('--version is that of the package', async () => {
  expect(await majordomo(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
});

test('the help loads no native code, a command that connects does', async () => {
  const hook = await fileWith(
    'hook.cjs',
    `const { dlopen } = process;
     process.dlopen = (...args) => (process.stderr.write('native code loaded\\n'), dlopen.apply(process, args));`,
  );
  const env = { NODE_OPTIONS: `--require ${hook}` };
  expect((await majordomo(['--help'], { env })).stderr).toBe('');
  expect((await majordomo(['request', '--help'], { env })).stderr).toBe('');
  const ping = await majordomo(['ping', '--broker', 'tcp://127.0.0.1:1', '--timeout-ms', '1'], { env });
  expect(ping.stderr).toContain('native code loaded');
});

test.each([
  ['an unknown command', ['brokr'], "majordomo: unknown command 'brokr'\n(Did you mean broker?)\n"],
  [
    'an unknown flag',
    ['broker', '--heartbeat', '5'],
    "majordomo: unknown option '--heartbeat'\n(Did you mean --heartbeat-ms?)\n",
  ],
  [
    'a flag without its value',
    ['broker', '--liveness'],
    "majordomo: option '--liveness <n>' argument missing\n",
  ],
  ['a missing operand', ['request'], "majordomo: missing required argument 'service'\n"],
  ['an operand too many', ['ping', 'x'], /^majordomo: too many arguments for 'ping'/],
  ['no command', [], /^Usage: majordomo/],
  [
    'a worker with nothing to do',
    ['worker', 'x'],
    'majordomo: a worker needs --echo, --handler-file, or a command behind --\n',
  ],
  [
    'a worker with two things to do',
    ['worker', 'x', '--echo', '--', 'cat'],
    'majordomo: --echo takes no command\n',
  ],
  [
    'an echo by lines',
    ['worker', 'x', '--echo', '--lines'],
    'majordomo: --lines needs a command, not --echo\n',
  ],
  [
    'a handler file beside a command',
    ['worker', 'x', '--handler-file', 'x.mjs', '--', 'cat'],
    'majordomo: --handler-file goes with neither --echo, --lines nor a command\n',
  ],
  [
    'threads without a handler file',
    ['worker', 'x', '--threads', '2', '--echo'],
    'majordomo: --threads needs --handler-file\n',
  ],
  ['a service name that is none', ['request', 'a\tb'], /^majordomo: A service name is .* got "a\\tb"\.\n$/],
  ['two bodies from one standard input', ['request', 'x', '-', '-'], /^majordomo: - can be given once/],
  ['raw JSON', ['request', 'x', '--raw', '--json'], 'majordomo: --raw and --json exclude each other\n'],
  [
    'raw counts',
    ['request', 'x', '--raw', '--count', '2'],
    'majordomo: --raw and --count exclude each other\n',
  ],
  ['a group without its command', ['dead'], /^Usage: majordomo dead/],
  [
    'a titanic without a store',
    ['titanic'],
    /^majordomo: titanic needs --store, or MAJORDOMO_STORE: sqlite:FILE/,
  ],
  ['nobody to submit to', ['submit'], 'majordomo: name the service to submit to\n'],
  [
    'a time span without a unit',
    ['submit', 'x', '--in', '5'],
    /^majordomo: --in should be a time span with its unit, such as .*, got "5"\n$/,
  ],
  [
    'a time without an offset',
    ['submit', 'x', '--at', '2026-12-24T18:00'],
    /^majordomo: --at should end with Z or an offset/,
  ],
  [
    'two times',
    ['submit', 'x', '--at', '2030-01-01T00:00Z', '--in', '5m'],
    'majordomo: --at and --in exclude each other\n',
  ],
  ['a zone without a schedule', ['submit', 'x', '--timezone', 'UTC'], 'majordomo: --timezone needs --cron\n'],
  [
    'waiting for a schedule',
    ['submit', 'x', '--cron', '* * * * *', '--wait'],
    /^majordomo: --wait and --cron exclude each other/,
  ],
  ['a patience without a wait', ['submit', 'x', '--wait-max', '5m'], 'majordomo: --wait-max needs --wait\n'],
  [
    'bodies beside JSON lines',
    ['submit', 'x', 'y', '--json-lines'],
    /^majordomo: --json-lines has the bodies in its lines/,
  ],
  [
    'an id that is none',
    ['status', '123'],
    /^majordomo: an id is the UUID that submit printed, .*, got "123"\n$/,
  ],
  [
    'a state that titanic has no word for',
    ['list', '--state', 'asleep'],
    /should be one of waiting, scheduled, .*, got "asleep"\n$/,
  ],
  ['counts of a state', ['list', '--counts', '--state', 'dead'], /^majordomo: --counts goes with --service/],
  [
    'no dead letters',
    ['dead', 'purge'],
    'majordomo: name dead letters by their ids, by --service, or --all of them\n',
  ],
  ['no time to move to', ['reschedule', '0'.repeat(32)], 'majordomo: say to when: --at TIME, or --in SPAN\n'],
  ['nothing to change', ['edit', '0'.repeat(32)], /^majordomo: say what to change/],
  [
    'an idempotency window without a key',
    ['submit', 'x', '--key-window', '1h'],
    'majordomo: --key-window needs --key\n',
  ],
])('%s is a usage error', async (_, args, message) => {
  const { code, stdout, stderr } = await majordomo(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  if (typeof message === 'string') expect(stderr).toBe(message);
  else expect(stderr).toMatch(message);
});
