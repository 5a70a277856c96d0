import {
  killAllProcesses,
  leakCheck,
  RawBroker01,
  RawBroker02,
  runProcess,
  type RawBroker,
} from '@majordomo/testkit';
import { BINARY, majordomo, removeFiles, start, startBroker, startWorker } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

/** A broker with an echo. */
async function echoService() {
  const { endpoint } = await startBroker();
  await startWorker(endpoint, ['echo', '--echo', '--concurrency', '4']);
  return endpoint;
}

/** Asks a raw broker, which answers the next request with these frames. */
async function askRaw(broker: RawBroker, answer: (string | Uint8Array)[], ...args: string[]) {
  const request = majordomo(['request', 'x', 'y', '--broker', broker.endpoint, ...args]);
  const { client, service } = await broker.nextClientRequest();
  await broker.finalTo(client, service, ...answer);
  return request;
}

test('each body is a frame, each frame of the reply is on a line of its own', async () => {
  const endpoint = await echoService();
  const ask = (args: string[], input?: string) =>
    majordomo(['request', 'echo', '--broker', endpoint, ...args], input === undefined ? {} : { input });
  expect(await ask(['hello'])).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });
  expect(await ask(['hello', 'world'])).toMatchObject({ code: 0, stdout: 'hello\nworld\n' });
  expect(await ask([])).toMatchObject({ code: 0, stdout: '\n' });
  expect(await ask(['a line\n', 'x'])).toMatchObject({ code: 0, stdout: 'a line\nx\n' });
  expect(await ask(['a', '-', 'b'], 'piped')).toMatchObject({ code: 0, stdout: 'a\npiped\nb\n' });
  expect(await ask(['--', '-v'])).toMatchObject({ code: 0, stdout: '-v\n' });
});

test('--raw prints the bytes of the reply and nothing else', async () => {
  const broker = await RawBroker02.listen();
  expect(await askRaw(broker, ['a\n', '', 'b'], '--raw')).toMatchObject({ code: 0, stdout: 'a\nb' });
  await broker.close();
});

test('--json prints an object per reply; bytes that are no text are marked as base64', async () => {
  const broker = await RawBroker02.listen();
  const { code, stdout } = await askRaw(broker, ['text \u{1F980}', '', Buffer.from([0xff, 0])], '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    service: 'x',
    kind: 'final',
    frames: ['text \u{1F980}', '', { base64: '/wA=' }],
    elapsedMs: expect.any(Number),
  });
  await broker.close();
});

test('PARTIALs are printed as they come; an empty FINAL behind them is not', async () => {
  const broker = await RawBroker02.listen();
  const request = start(['request', 'x', '--broker', broker.endpoint]);
  const { client } = await broker.nextClientRequest();
  await broker.partialTo(client, 'x', 'one');
  await request.waitForLine('one');
  await broker.partialTo(client, 'x', 'two', 'three');
  await request.waitForLine('three');
  await broker.finalTo(client, 'x', '');
  expect(await request.exit).toEqual({ code: 0, signal: null });
  expect(request.stdout).toBe('one\ntwo\nthree\n');
  await broker.close();
});

test('as JSON, PARTIALs and FINAL are told apart', async () => {
  const broker = await RawBroker02.listen();
  const request = start(['request', 'x', '--json', '--broker', broker.endpoint]);
  const { client } = await broker.nextClientRequest();
  await broker.partialTo(client, 'x', 'one');
  await broker.finalTo(client, 'x', '');
  await request.exit;
  const replies = request.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(replies).toMatchObject([
    { kind: 'partial', frames: ['one'] },
    { kind: 'final', frames: [''] },
  ]);
  await broker.close();
});

test('it speaks the dialect it is told to', async () => {
  const broker = await RawBroker01.listen();
  expect(await askRaw(broker, ['hello'], '--protocol', 'mdp/0.1')).toMatchObject({
    code: 0,
    stdout: 'hello\n',
  });
  expect(broker.violations).toEqual([]);
  await broker.close();
});

test('no answer in time is exit code 3', async () => {
  const broker = await RawBroker02.listen();
  const plain = ['--protocol', 'mdp/0.2'];
  const args = ['request', 'x', ...plain, '--timeout-ms', '100', '--retries', '1', '--broker'];
  const silent = await majordomo([...args, broker.endpoint]);
  expect(silent).toMatchObject({ code: 3, stdout: '' });
  expect(silent.stderr).toMatch(/^majordomo: .*100 ms.*\n$/);
  await broker.nextClientRequest();
  await broker.nextClientRequest();
  await broker.expectNoClientRequest(0);
  await broker.close();
  expect(await majordomo([...args, 'tcp://127.0.0.1:1'])).toMatchObject({ code: 3, stdout: '' });
});

test.each([
  ['404', 4],
  ['500', 4],
  ['501', 4],
  ['200', 0],
])('a management service that answers %s is exit code %d', async (status, code) => {
  const broker = await RawBroker02.listen();
  const request = majordomo(['request', 'mmi.service', 'x', '--broker', broker.endpoint]);
  const { client, service } = await broker.nextClientRequest();
  await broker.finalTo(client, service, status);
  expect(await request).toMatchObject({ code, stdout: `${status}\n`, stderr: '' });
  await broker.close();
});

test('any other service may begin its reply with 404', async () => {
  const broker = await RawBroker02.listen();
  expect(await askRaw(broker, ['404'])).toMatchObject({ code: 0, stdout: '404\n' });
  await broker.close();
});

test('a reader that leaves early is no error', async () => {
  const { endpoint } = await startBroker();
  await startWorker(endpoint, ['numbers', '--lines', '--', 'seq', '1', '200000']);
  const script = '{ "$0" "$@"; echo "ended with $?" >&2; } | head -n 2';
  const args = ['request', 'numbers', '--broker', endpoint];
  const { stdout, stderr } = await runProcess('sh', ['-c', script, process.execPath, BINARY, ...args]);
  expect({ stdout, stderr }).toEqual({ stdout: '1\n2\n', stderr: 'ended with 0\n' });
});

test('--count sends many and prints a summary, without a bar where there is no terminal', async () => {
  const endpoint = await echoService();
  const args = ['request', 'echo', 'hello', '--broker', endpoint, '--count', '1200', '--concurrency', '8'];
  const { code, stdout, stderr } = await majordomo(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const figures = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  expect(figures.map(([name]) => name)).toEqual([
    'requests',
    'answered',
    'failed',
    'elapsed',
    'requests/s',
    'p50',
    'p90',
    'p99',
    'p99.9',
    'max',
  ]);
  expect(figures.slice(0, 3)).toEqual([
    ['requests', '1,200'],
    ['answered', '1,200'],
    ['failed', '0'],
  ]);
});

test('--count --json is one object, its percentiles in order', async () => {
  const endpoint = await echoService();
  const args = ['request', 'echo', 'hello', '--broker', endpoint, '--count', '50', '--json'];
  const { code, stdout } = await majordomo(args);
  const { latencyMs, ...result } = JSON.parse(stdout);
  expect({ code, ...result }).toMatchObject({ code: 0, requests: 50, answered: 50, failed: 0, failures: {} });
  const { p50, p90, p99, 'p99.9': p999, max } = latencyMs;
  expect([p50, p90, p99, p999, max]).toEqual([p50, p90, p99, p999, max].sort((a, b) => a - b));
  expect(p50).toBeGreaterThan(0);
});

test('--count with no answers is exit code 3, and says how many and why', async () => {
  const args = ['request', 'x', '--broker', 'tcp://127.0.0.1:1', '--timeout-ms', '50', '--count', '3'];
  const { code, stdout } = await majordomo(args);
  expect(code).toBe(3);
  expect(stdout).toMatch(/^answered {4}0\nfailed {6}3 \(TIMEOUT 3\)$/m);
  expect(stdout).not.toContain('p50');
});

test('--count with failures of the service is exit code 4', async () => {
  const { endpoint } = await startBroker();
  const args = ['request', 'mmi.service', 'none', '--broker', endpoint, '--count', '3', '--json'];
  const { code, stdout } = await majordomo(args);
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 4, failures: { SERVICE_FAILURE: 3 } });
});
