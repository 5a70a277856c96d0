import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import {
  eventually,
  killAllProcesses,
  leakCheck,
  RawBroker01,
  RawBroker02,
  RawClient01,
  RawClient02,
} from '@majordomo/testkit';
import { fileWith, isAlive, majordomo, removeFiles, startBroker, startWorker, unusedPath } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

const ask = (endpoint: string, ...args: string[]) =>
  majordomo(['request', '--broker', endpoint, '--timeout-ms', '8000', ...args]);

test('--echo answers each request with its own frames', async () => {
  const { endpoint } = await startBroker();
  await startWorker(endpoint, ['echo', '--echo']);
  const client = new RawClient02(endpoint);
  const frames = ['one', '', Buffer.from([0, 255])];
  expect(await client.ask('echo', ...frames)).toEqual(frames.map((frame) => Buffer.from(frame)));
  await client.close();
});

test('a command gets the frames in a row, without a shell, and answers with one frame', async () => {
  const { endpoint } = await startBroker();
  await startWorker(endpoint, ['upper', '--', 'tr', 'a-z', 'A-Z']);
  await startWorker(endpoint, ['say', '--', 'printf', '%s|', '$HOME', 'a b', '--echo']);
  const client = new RawClient02(endpoint);
  expect((await client.ask('upper', 'one ', 'two\n')).map(String)).toEqual(['ONE TWO\n']);
  expect((await client.ask('say', '')).map(String)).toEqual(['$HOME|a b|--echo|']);
  await client.close();
});

test('a command need not read its input, and may write much', async () => {
  const { endpoint } = await startBroker();
  await startWorker(endpoint, ['much', '--', 'head', '-c', '5000000', '/dev/zero']);
  const client = new RawClient02(endpoint);
  const [reply] = await client.ask('much', Buffer.alloc(3_000_000));
  expect(reply).toHaveLength(5_000_000);
  await client.close();
});

test('--handler-file answers with a function in threads, which may block them for longer than the broker waits', async () => {
  const { endpoint } = await startBroker(['--heartbeat-ms', '100']);
  const file = await fileWith(
    'handler.mjs',
    `const nobody = new Int32Array(new SharedArrayBuffer(4));
    export default ({ body }) => {
      Atomics.wait(nobody, 0, 0, 1200);
      return ['done', ...body.frames];
    };`,
  );
  const args = ['slow', '--handler-file', file, '--threads', '2', '--heartbeat-ms', '100'];
  const worker = await startWorker(endpoint, args);
  const client = new RawClient02(endpoint);
  expect((await client.ask('slow', 'x')).map(String)).toEqual(['done', 'x']);
  await client.close();
  worker.kill();
  expect(await worker.exit).toEqual({ code: 0, signal: null });
});

test.each([
  [[], '0 of 2'],
  [['--concurrency', '1'], '0 of 1'],
  [['--concurrency', '3'], '0 of 3'],
])('a worker with two threads and %j has %s in hand', async (args, inHand) => {
  const { endpoint } = await startBroker();
  const file = await fileWith('handler.mjs', 'export default ({ body }) => body;');
  await startWorker(endpoint, ['quick', '--handler-file', file, '--threads', '2', ...args]);
  const { stdout } = await majordomo(['workers', '--broker', endpoint]);
  expect(stdout).toContain(` ${inHand} `);
});

test('a handler file that is of no use is an error at the start', async () => {
  const worker = await majordomo(['worker', 'x', '--handler-file', '/nowhere/handler.mjs']);
  expect(worker).toMatchObject({ code: 1, stdout: '' });
  expect(worker.stderr).toContain('There is no handler file /nowhere/handler.mjs');
});

test('--lines sends each line while the command still runs', async () => {
  const { endpoint } = await startBroker();
  const gate = await unusedPath('gate');
  const script = 'echo one; while [ ! -e "$0" ]; do sleep 0.02; done; printf "\\ntwo"';
  await startWorker(endpoint, ['lines', '--lines', '--', 'sh', '-c', script, gate]);
  const client = new RawClient02(endpoint);
  await client.request('lines', '');
  const next = async () => {
    const { kind, body } = await client.reply();
    return [kind, ...body.map(String)];
  };
  expect(await next()).toEqual(['partial', 'one']);
  await writeFile(gate, '');
  expect(await next()).toEqual(['partial', '']);
  expect(await next()).toEqual(['partial', 'two']);
  expect(await next()).toEqual(['final', '']);
  await client.close();
});

test('over MDP/0.1 the lines are the frames of the one reply', async () => {
  const { endpoint } = await startBroker();
  await startWorker(endpoint, ['lines', '--lines', '--protocol', 'mdp/0.1', '--', 'printf', 'one\\ntwo\\n']);
  const client = new RawClient01(endpoint);
  expect((await client.ask('lines', '')).map(String)).toEqual(['one', 'two']);
  await client.close();
});

test('--concurrency runs that many commands at once', async () => {
  const { endpoint } = await startBroker();
  const folder = await unusedPath('barrier');
  // Each waits until both have come.
  const script =
    'mkdir -p "$0"; : > "$0/$(cat)"; while [ $(ls "$0" | wc -l) -lt 2 ]; do sleep 0.02; done; echo met';
  await startWorker(endpoint, ['meet', '--concurrency', '2', '--', 'sh', '-c', script, folder]);
  const clients = [new RawClient02(endpoint), new RawClient02(endpoint)];
  const replies = await Promise.all(clients.map((client, index) => client.ask('meet', `${index}`)));
  expect(replies.map(String)).toEqual(['met\n', 'met\n']);
  await Promise.all(clients.map((client) => client.close()));
});

test('a command that fails: the client is told where both are packed; why is in the log', async () => {
  const { endpoint } = await startBroker();
  const failing = await startWorker(endpoint, ['failing', '--', 'sh', '-c', 'echo out of paper >&2; exit 7']);
  const request = await ask(endpoint, 'failing', 'x', '--timeout-ms', '400', '--retries', '0');
  expect(request).toMatchObject({ code: 4, stdout: '' });
  expect(request.stderr).toContain('The command ended with code 7.');
  expect(await ask(endpoint, 'failing', 'x', '--protocol', 'mdp/0.2', '--timeout-ms', '400')).toMatchObject({
    code: 3,
    stdout: '',
  });
  const { input } = await failing.waitForLine('ended with code 7', { stream: 'stderr' });
  expect(JSON.parse(input)).toMatchObject({ service: 'failing', err: { stderr: 'out of paper' } });
});

test('so does one that a signal ends', async () => {
  const { endpoint } = await startBroker();
  const killed = await startWorker(endpoint, ['killed', '--', 'sh', '-c', 'kill -9 $$']);
  await ask(endpoint, 'killed', 'x', '--timeout-ms', '400', '--retries', '0');
  await killed.waitForLine('was ended by SIGKILL', { stream: 'stderr' });
});

test('a command that cannot be run is one line at the start, and exit code 1', async () => {
  const { code, stdout, stderr } = await majordomo(['worker', 'x', '--', 'no-such-command', 'x']);
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: 'majordomo: cannot run no-such-command: there is no such command\n',
  });
  expect(await majordomo(['worker', 'x', '--', __filename])).toMatchObject({ code: 1 });
});

/** A worker with a command in hand that writes its process id to a file and would run for long. */
async function busyWorker(args: string[] = [], first = '') {
  const { endpoint } = await startBroker();
  const pidFile = await unusedPath('pid');
  // The pid of the shell's own child: it must go as well.
  const script = `${first} sleep 30 & echo $! > "$0.new"; mv "$0.new" "$0"; wait`;
  const worker = await startWorker(endpoint, ['busy', ...args, '--', 'sh', '-c', script, pidFile]);
  const client = new RawClient02(endpoint);
  await client.request('busy', 'x');
  const pid = await eventually(async () => existsSync(pidFile) && (await readFile(pidFile, 'utf8')).trim());
  return { worker, client, pid };
}

const gone = async (pid: string) =>
  eventually(async () => !(await isAlive(pid)), { what: `process ${pid} to be gone` });

test('SIGTERM lets the command in hand end, and its reply leave', async () => {
  const { endpoint } = await startBroker();
  const gate = await unusedPath('gate');
  const script = 'while [ ! -e "$0" ]; do sleep 0.02; done; echo done';
  const worker = await startWorker(endpoint, ['slow', '--', 'sh', '-c', script, gate]);
  const client = new RawClient02(endpoint);
  await client.request('slow', 'x');
  const busy = async () => (await majordomo(['workers', '--broker', endpoint, '--json'])).stdout;
  await eventually(async () => JSON.parse(await busy())[0].inFlight === 1);
  worker.kill();
  await worker.waitForLine('draining', { stream: 'stderr' });
  await writeFile(gate, '');
  expect((await client.reply()).body.toString()).toBe('done\n');
  expect(await worker.exit).toEqual({ code: 0, signal: null });
  await client.close();
});

test('a drain that takes too long ends the command and what it started', async () => {
  const { worker, client, pid } = await busyWorker(['--drain-timeout-ms', '50']);
  expect(await isAlive(pid)).toBe(true);
  worker.kill('SIGINT');
  expect(await worker.exit).toEqual({ code: 0, signal: null });
  await gone(pid);
  await client.close();
});

test('a second signal ends the worker at once with code 1, and its command, which ignores SIGTERM, with it', async () => {
  const { worker, client, pid } = await busyWorker([], 'trap "" TERM;');
  worker.kill();
  await worker.waitForLine('draining', { stream: 'stderr' });
  worker.kill();
  expect(await worker.exit).toEqual({ code: 1, signal: null });
  await gone(pid);
  await client.close();
});

test('a broker that is lost ends the command in hand', async () => {
  const broker = await RawBroker02.listen();
  const pidFile = await unusedPath('pid');
  const script = 'echo $$ > "$0.new"; mv "$0.new" "$0"; exec sleep 30';
  const command = ['busy', '--protocol', 'mdp/0.2', '--', 'sh', '-c', script, pidFile];
  const worker = await startWorker(broker.endpoint, command);
  const { worker: address } = await broker.nextFromWorker();
  await broker.sendRequest(address, 'client', 'x');
  const pid = await eventually(async () => existsSync(pidFile) && (await readFile(pidFile, 'utf8')).trim());
  await broker.close();
  await gone(pid);
  worker.kill();
  expect(await worker.exit).toEqual({ code: 0, signal: null });
});

test('it serves several brokers, speaks the dialect it is told to, and says where it is registered', async () => {
  const brokers = await Promise.all([RawBroker01.listen(), RawBroker01.listen()]);
  const [first, second] = brokers.map(({ endpoint }) => endpoint) as [string, string];
  const args = ['x', '--echo', '--protocol', 'mdp/0.1', '--broker', second];
  const worker = await startWorker(first, args);
  await worker.waitForLine(`majordomo worker x registered with ${second}`);
  for (const broker of brokers) {
    expect(await broker.nextFromWorker()).toMatchObject({ command: 'ready', service: 'x' });
    expect(broker.violations).toEqual([]);
  }
  worker.kill();
  expect(await worker.exit).toEqual({ code: 0, signal: null });
  await Promise.all(brokers.map((broker) => broker.close()));
});
