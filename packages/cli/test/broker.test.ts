import {
  killAllProcesses,
  leakCheck,
  RawClient01,
  RawClient02,
  RawWorker02,
  startProcess,
} from '@majordomo/testkit';
import { BINARY, majordomo, removeFiles, startBroker, unusedPath } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

test('each endpoint is bound and printed, and nothing else goes to standard output', async () => {
  const ipc = `ipc://${await unusedPath('socket')}`;
  const { broker, endpoint } = await startBroker(['--bind', ipc]);
  await broker.waitForLine(`majordomo broker listening on ${ipc}`);
  for (const bound of [endpoint, ipc]) {
    const client = new RawClient01(bound);
    expect((await client.ask('mmi.service', 'echo')).toString()).toBe('404');
    await client.close();
  }
  broker.kill();
  expect(await broker.exit).toEqual({ code: 0, signal: null });
  expect(broker.stdout.trim().split('\n')).toHaveLength(2);
});

test('logs are JSON on standard error where that is no terminal', async () => {
  const { broker } = await startBroker();
  broker.kill();
  await broker.exit;
  const entries = broker.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(entries).toContainEqual(
    expect.objectContaining({ level: 30, name: 'majordomo', msg: 'broker listening' }),
  );
  expect(entries).toContainEqual(expect.objectContaining({ signal: 'SIGTERM', msg: 'draining' }));
});

test('--log-level silent keeps standard error empty', async () => {
  const { broker } = await startBroker(['--log-level', 'silent']);
  broker.kill();
  expect(await broker.exit).toEqual({ code: 0, signal: null });
  expect(broker.stderr).toBe('');
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s lets work in hand end, then exits 0',
  async (signal) => {
    const { broker, endpoint } = await startBroker();
    const worker = new RawWorker02(endpoint);
    const client = new RawClient02(endpoint);
    await worker.ready('slow');
    await client.request('slow', 'x');
    const { address } = await worker.nextRequest();
    broker.kill(signal);
    await broker.waitForLine('draining', { stream: 'stderr' });
    await worker.final(address, 'done');
    expect((await client.reply()).body.toString()).toBe('done');
    await worker.expectDisconnect();
    expect(await broker.exit).toEqual({ code: 0, signal: null });
    await Promise.all([worker.close(), client.close()]);
  },
);

test('a second signal ends it at once, with code 1', async () => {
  const { broker, endpoint } = await startBroker();
  const worker = new RawWorker02(endpoint);
  const client = new RawClient02(endpoint);
  await worker.ready('slow');
  await client.request('slow', 'x');
  await worker.nextRequest();
  broker.kill();
  await broker.waitForLine('draining', { stream: 'stderr' });
  broker.kill();
  expect(await broker.exit).toEqual({ code: 1, signal: null });
  await Promise.all([worker.close(), client.close()]);
});

test('--drain-timeout-ms bounds the wait for work in hand', async () => {
  const { broker, endpoint } = await startBroker(['--drain-timeout-ms', '50']);
  const worker = new RawWorker02(endpoint);
  const client = new RawClient02(endpoint);
  await worker.ready('slow');
  await client.request('slow', 'x');
  await worker.nextRequest();
  broker.kill();
  expect(await broker.exit).toEqual({ code: 0, signal: null });
  await Promise.all([worker.close(), client.close()]);
});

test('a taken port is one line and exit code 1', async () => {
  const { endpoint } = await startBroker();
  const second = await majordomo(['broker', '--bind', endpoint, '--log-level', 'warn']);
  expect(second).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `majordomo: Cannot bind ${endpoint}: the address is already in use.\n`,
  });
});

test('of several endpoints none is printed where one cannot be had', async () => {
  const { endpoint } = await startBroker();
  const args = ['broker', '--bind', 'tcp://127.0.0.1:0', '--bind', endpoint, '--log-level', 'warn'];
  expect(await majordomo(args)).toMatchObject({ code: 1, stdout: '' });
});

test.each(['ipc:///nowhere/at/all', 'tcp://192.0.2.1:5555'])(
  '%s cannot be bound: exit code 1',
  async (endpoint) => {
    const { code, stdout, stderr } = await majordomo(['broker', '--bind', endpoint, '--log-level', 'warn']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^majordomo: Cannot bind .*\n$/);
  },
);

test('it serves on when nobody reads its output and its log any more', async () => {
  // The first line is the log's; `head` leaves after it.
  const script = `exec 3>&1; { "$0" "$@" 2>&1; echo "ended with $?" >&3; } | head -n 1`;
  const shell = startProcess('sh', [
    '-c',
    script,
    process.execPath,
    BINARY,
    'broker',
    '--bind',
    'tcp://127.0.0.1:0',
  ]);
  const { input } = await shell.waitForLine('broker listening');
  const { pid, endpoints } = JSON.parse(input) as { pid: number; endpoints: [string] };
  const worker = new RawWorker02(endpoints[0]);
  const client = new RawClient02(endpoints[0]);
  await worker.ready('echo');
  await client.request('echo', 'hello');
  await worker.final((await worker.nextRequest()).address, 'hello');
  expect((await client.reply()).body.toString()).toBe('hello');
  process.kill(pid);
  await shell.waitForLine('ended with 0');
  await shell.exit;
  await Promise.all([worker.close(), client.close()]);
});
