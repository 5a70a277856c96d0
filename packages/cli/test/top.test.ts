import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { killAllProcesses, leakCheck, RawClient02, runProcess } from '@majordomo/testkit';
import { press } from '../src/top/keys';
import { keysIn } from '../src/top/screen';
import type { ServiceSnapshot, Snapshot } from '../src/top/snapshot';
import { screenful, sorted, type View } from '../src/top/view';
import { BINARY, fileWith, majordomo, removeFiles, startBroker, startWorker } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

const VIEW: View = { sort: 'rate', turned: false, scroll: 0, paused: false };

const service = (name: string, fields: Partial<ServiceSnapshot> = {}): ServiceSnapshot => ({
  service: name,
  rate: 0,
  errorRate: 0,
  p50Ms: null,
  p99Ms: null,
  queued: 0,
  oldestMs: 0,
  inFlight: 0,
  credit: 1,
  workers: { idle: 1, busy: 0, full: 0, draining: 0 },
  ...fields,
});

const snapshotOf = (services: ServiceSnapshot[], reasons: string[] = []): Snapshot => ({
  at: 0,
  broker: {
    version: '1.2.3',
    state: 'running',
    ready: reasons.length === 0,
    reasons,
    endpoints: ['tcp://127.0.0.1:5555'],
    uptimeMs: 60_000,
    lagMs: 0,
    cpu: 0.5,
    memoryBytes: 1_048_576,
    rate: 5,
    errorRate: 0,
    queued: 0,
    inFlight: 0,
    peers: [{ role: 'client', dialect: 'packed', count: 2 }],
  },
  services,
  servicesTotal: services.length,
  workersTotal: services.length,
  incidents: [{ at: 0, kind: 'loss', service: 'a', detail: 'worker lost: silent', times: 3 }],
});

describe('what is shown', () => {
  test('numbers are sorted from the largest, names from a, and what has none comes last', () => {
    const rows = [service('b', { rate: 1 }), service('a', { rate: null }), service('c', { rate: 3 })];
    const names = (view: Partial<View>): string[] =>
      sorted(rows, { ...VIEW, ...view }).map((row) => row.service);
    expect(names({})).toEqual(['c', 'b', 'a']);
    expect(names({ turned: true })).toEqual(['a', 'b', 'c']);
    expect(names({ sort: 'service' })).toEqual(['a', 'b', 'c']);
  });

  test('it fits the screen, whatever there is', () => {
    const many = Array.from({ length: 300 }, (_, n) => service(`service-${n}-${'x'.repeat(50)}`));
    for (const [columns, rows] of [
      [80, 24],
      [40, 10],
      [200, 60],
      [20, 3],
    ] as const) {
      const lines = screenful(snapshotOf(many, ['the event loop stood still']), VIEW, { columns, rows });
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(columns);
    }
  });

  test('that the broker is gone, and that it stands still, is seen in a narrow window', () => {
    const size = { columns: 40, rows: 10 };
    const gone = screenful(snapshotOf([]), VIEW, size, `nothing is shown at ${'x'.repeat(50)}`);
    expect(gone[0]).toMatch(/^! nothing is shown at x+…$/);
    expect([...gone[0]!].length).toBe(40);
    expect(screenful(snapshotOf([]), { ...VIEW, paused: true }, size).at(-1)).toMatch(/^PAUSED /);
  });

  test('scrolling stops at the last screenful', () => {
    const rows = Array.from({ length: 50 }, (_, n) => service(`s${n}`, { rate: 50 - n }));
    const lines = screenful(snapshotOf(rows), { ...VIEW, scroll: 1_000 }, { columns: 120, rows: 20 });
    expect(lines.join('\n')).toContain('s49');
  });

  test('why the broker is not ready stands at the top', () => {
    const lines = screenful(snapshotOf([], ['the broker is draining']), VIEW, { columns: 120, rows: 24 });
    expect(lines[0]).toContain('NOT READY');
    expect(lines[2]).toBe('! the broker is draining');
  });

  test('names cannot steer the terminal', () => {
    const lines = screenful(snapshotOf([service('a\u001b[2Jb')]), VIEW, { columns: 120, rows: 24 });
    expect(lines.join('')).not.toContain('\u001b');
  });
});

describe('keys', () => {
  test('what comes at once is taken apart', () => {
    expect(keysIn('r\u001b[C\u001b[5~ q')).toEqual(['r', '\u001b[C', '\u001b[5~', ' ', 'q']);
  });

  test('q, Ctrl-C and Ctrl-D end it, others do nothing', () => {
    for (const key of ['q', '\u0003', '\u0004']) expect(press(VIEW, key, 1)).toBe('end');
    for (const key of ['x', '\u001b[H', 'ü']) expect(press(VIEW, key, 1)).toBe(VIEW);
  });

  test('the arrows choose the column and go round, r turns, space pauses', () => {
    expect(press(VIEW, '\u001b[C', 1)).toMatchObject({ sort: 'errors' });
    expect(press({ ...VIEW, sort: 'service' }, '\u001b[D', 1)).toMatchObject({ sort: 'workers' });
    expect(press(VIEW, 'r', 1)).toMatchObject({ turned: true });
    expect(press(VIEW, ' ', 1)).toMatchObject({ paused: true });
  });

  test('scrolling stays within the services', () => {
    expect(press(VIEW, '\u001b[A', 5)).toMatchObject({ scroll: 0 });
    expect(press(VIEW, '\u001b[6~', 5)).toMatchObject({ scroll: 4 });
  });
});

/** A broker that is shown, with a worker for `echo`. */
async function shown(args: readonly string[] = []): Promise<{ endpoint: string; http: string }> {
  const { broker, endpoint } = await startBroker(['--http', '127.0.0.1:0', ...args]);
  const [, http = ''] = await broker.waitForLine(/^majordomo broker shown at http:\/\/(.*)$/);
  await startWorker(endpoint, ['echo', '--echo']);
  return { endpoint, http };
}

test('--once prints a table, --json everything', async () => {
  const { endpoint, http } = await shown();
  const waiting = new RawClient02(endpoint);
  await waiting.request('nobody', 'x');
  await waiting.ask('mmi.service', 'nobody');
  const once = await majordomo(['top', '--once', '--http', http, '--sort', 'queued']);
  expect(once).toMatchObject({ code: 0, stderr: '' });
  const lines = once.stdout.split('\n');
  expect(lines[0]).toMatch(/^majordomo \S+ {2}tcp:\/\/127\.0\.0\.1:\d+ {2}ready {2}up /);
  expect(lines.slice(3, 6).map((line) => line.split(/ {2,}/)[0])).toEqual(['SERVICE', 'nobody', 'echo']);
  const json = await majordomo(['top', '--json', '--http', http]);
  expect(JSON.parse(json.stdout)).toMatchObject({ servicesTotal: 2, workers: [{ service: 'echo' }] });
  await waiting.close();
});

test('what is no terminal gets it once', async () => {
  const { http } = await shown();
  expect((await majordomo(['top', '--http', http])).stdout).toContain('SERVICE');
});

test('in a terminal it shows a screen, ends with q, and gives the terminal back', async () => {
  const { http } = await shown();
  const command = `${process.execPath} ${BINARY} top --http ${http}`;
  const { code, stdout } = await runProcess('script', ['-qec', command, '/dev/null'], { input: 'rq' });
  expect(code).toBe(0);
  const entered = stdout.indexOf('\u001b[?1049h');
  expect(entered).toBeGreaterThanOrEqual(0);
  expect(stdout.indexOf('echo')).toBeGreaterThan(entered);
  expect(stdout.trimEnd().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
});

test('a broker that wants its token is told it from a file', async () => {
  const token = await fileWith('token', 'sixteen-characters-or-more\n');
  const { http } = await shown(['--http-token-file', token]);
  expect(await majordomo(['top', '--once', '--http', http])).toMatchObject({
    code: 1,
    stderr: `majordomo: the broker at ${http} wants its token: give --http-token-file\n`,
  });
  const wrong = await fileWith('wrong', 'another-token-than-that');
  expect((await majordomo(['top', '--once', '--http', http, '--http-token-file', wrong])).stderr).toBe(
    `majordomo: the broker at ${http} wants another token\n`,
  );
  expect(await majordomo(['top', '--once', '--http', http, '--http-token-file', token])).toMatchObject({
    code: 0,
  });
});

test.each([
  ['', 'is empty', 2],
  ['short', 'The broker options do not fit: httpToken: should be 16 to 4,096', 2],
])('a token file with %j is refused', async (text, message, code) => {
  const token = await fileWith('token', text);
  const broker = await majordomo(['broker', '--http', '127.0.0.1:0', '--http-token-file', token]);
  expect(broker).toMatchObject({ code, stderr: expect.stringContaining(message) });
});

/** Something that listens and does this with every connection. */
async function listening(heard: (socket: Socket) => void): Promise<{ address: string; server: Server }> {
  const server = createServer(heard).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

test('what closes every connection is one line: fetch() may never tell of it', async () => {
  const { address, server } = await listening((socket) => socket.destroy());
  const args = ['top', '--once', '--http', address, '--timeout-ms', '500'];
  const { code, stdout, stderr } = await majordomo(args);
  server.close();
  expect(stdout).toBe('');
  expect(`${code} ${stderr}`).toMatch(
    /^(3 majordomo: .* did not answer|1 majordomo: .* speaks no HTTP).*\n$/,
  );
});

test('an endpoint of the broker in place of where it is shown is told from nothing there', async () => {
  const { endpoint } = await startBroker();
  const http = endpoint.replace('tcp://', '');
  const { code, stderr } = await majordomo(['top', '--once', '--http', http]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    new RegExp(`^majordomo: what listens at ${http} speaks no HTTP .*shown at http://…\n$`),
  );
});

test('q ends it at once while the broker says nothing', async () => {
  const { http } = await shown();
  let silent = false;
  let asked = (): void => undefined;
  const askedAgain = new Promise<void>((resolve) => (asked = resolve));
  const { address, server } = await listening((socket) => {
    if (silent) {
      socket.resume();
      return asked();
    }
    silent = true;
    // The broker closes this connection behind its answer, so that the next question comes by another.
    const to = connect(Number(http.split(':')[1]), '127.0.0.1');
    socket.once('data', (head: Buffer) => {
      to.write(head.toString().replace(/^connection: .*$/im, 'connection: close'));
      to.pipe(socket);
    });
  });
  const command = `${process.execPath} ${BINARY} top --http ${address} --timeout-ms 600000`;
  const top = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(top, 'exit');
  await askedAgain;
  top.stdin.write('q');
  expect(await ended).toEqual([0, null]);
  server.close();
});

test('nobody there is one line that says what to do', async () => {
  expect(await majordomo(['top', '--once', '--http', '127.0.0.1:2'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr:
      'majordomo: nothing is shown at 127.0.0.1:2 (ECONNREFUSED): start the broker with --http 127.0.0.1:2\n',
  });
});
