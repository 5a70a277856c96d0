import {
  closeAllSockets,
  eventually,
  killAllProcesses,
  leakCheck,
  RawClient01,
  RawClient02,
  RawWorker02,
  startProcess,
  type RunningProcess,
} from '@majordomo/testkit';
import { closeBrokers, serve, WORKERS } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);
afterEach(killAllProcesses);

/* Heartbeats are 30 s apart here: whatever these tests see at once is not owed to them. */

/** A process of so many mdp/0.1 workers that take requests and never answer. It prints `job` for each. */
function hangingWorkers(endpoint: string, service: string, count: number): RunningProcess {
  const script = `
    const { Dealer } = require('zeromq');
    for (let n = 0; n < ${count}; n++) {
      const socket = new Dealer({ linger: 0 });
      socket.connect('${endpoint}');
      socket.send(['', 'MDPW01', '\\x01', '${service}']);
      (async () => {
        for await (const [, , command] of socket) if (command[0] === 2) console.log('job');
      })();
    }`;
  return startProcess(process.execPath, ['-e', script]);
}

describe.each(WORKERS)('%s', (_name, newWorker) => {
  test.each(['closes its connection', 'sends DISCONNECT'])(
    'that %s loses its job to another',
    async (how) => {
      const { endpoint, next, workers } = await serve();
      const [first, second] = [newWorker(endpoint), newWorker(endpoint)];
      await first.ready('echo');
      await workers(1);
      await second.ready('echo');
      const client = new RawClient02(endpoint);
      const reply = client.ask('echo', 'x');
      await first.nextRequest();
      if (how === 'sends DISCONNECT') await first.disconnect();
      else await first.close();
      const { address, body } = await second.nextRequest();
      expect(String(body)).toBe('x');
      await second.final(address, 'done');
      expect(String(await reply)).toBe('done');
      const reason = how === 'sends DISCONNECT' ? 'disconnected' : 'connection_closed';
      expect(await next('workerLost')).toMatchObject({ reason, held: 1 });
      expect(await next('requestRedispatched')).toMatchObject({ service: 'echo', attempts: 2 });
    },
  );

  test('that holds a request of a departed client is freed by its reply, which goes nowhere', async () => {
    const { endpoint, next, broker } = await serve();
    const worker = newWorker(endpoint);
    await worker.ready('echo');
    const client = new RawClient01(endpoint);
    await client.request('echo', 'for nobody');
    const { address } = await worker.nextRequest();
    await client.close();
    expect(await next('clientGone')).toMatchObject({ withdrawn: 1 });
    await worker.final(address, 'for nobody');
    expect(await next('replyDropped')).toMatchObject({ service: 'echo' });
    const reply = new RawClient02(endpoint).ask('echo', 'next');
    await worker.final((await worker.nextRequest()).address, 'served');
    expect(String(await reply)).toBe('served');
    expect(broker.describe().counters).toMatchObject({ withdrawn: 1, repliesDropped: 1, protocolErrors: 0 });
  });
});

test('what a departed client had queued is withdrawn', async () => {
  const { endpoint, next, broker } = await serve();
  const client = new RawClient02(endpoint);
  for (let n = 0; n < 10; n++) await client.request('late', String(n));
  await client.request('mmi.service', 'late');
  await client.reply();
  expect(broker.describe()).toMatchObject({ queued: 10, clients: 1 });
  await client.close();
  expect(await next('clientGone')).toMatchObject({ withdrawn: 10 });
  expect(broker.describe()).toMatchObject({ queued: 0, clients: 0, services: 0 });
  const worker = new RawWorker02(endpoint);
  await worker.ready('late');
  await worker.expectNoRequest(50);
});

test('a worker process that is killed is noticed by its connection, and its request goes to another', async () => {
  const { endpoint, next, workers } = await serve();
  const victim = hangingWorkers(endpoint, 'echo', 1);
  await workers(1);
  const reply = new RawClient02(endpoint).ask('echo', 'x');
  reply.catch(() => undefined);
  await victim.waitForLine('job');
  const rescuer = new RawWorker02(endpoint);
  await rescuer.ready('echo');
  victim.kill('SIGKILL');
  const { address } = await rescuer.nextRequest();
  await rescuer.final(address, 'rescued');
  expect(String(await reply)).toBe('rescued');
  expect(await next('workerLost')).toMatchObject({ reason: 'connection_closed', held: 1 });
});

test('workers that die together use up one attempt of a request, not one each', async () => {
  const { endpoint, broker, workers } = await serve({ attemptsMax: 2 });
  const victims = hangingWorkers(endpoint, 'echo', 20);
  await workers(20);
  const client = new RawClient02(endpoint);
  await client.request('echo', 'x');
  await victims.waitForLine('job');
  victims.kill('SIGKILL');
  await workers(0);
  expect(broker.describe()).toMatchObject({ queued: 1, counters: { exhausted: 0 } });
  const rescuer = new RawWorker02(endpoint);
  await rescuer.ready('echo');
  await rescuer.final((await rescuer.nextRequest()).address, 'rescued');
  expect(await client.reply()).toMatchObject({ kind: 'final', body: [Buffer.from('rescued')] });
});

test('a request that kills every worker is given up after so many attempts', async () => {
  const { endpoint, next, broker } = await serve({ attemptsMax: 2 });
  const client = new RawClient02(endpoint);
  await client.request('deadly', 'x');
  for (let n = 0; n < 2; n++) {
    const worker = new RawWorker02(endpoint);
    await worker.ready('deadly');
    await worker.nextRequest();
    await worker.close();
  }
  expect(await next('requestFailed')).toMatchObject({ service: 'deadly', code: 'ATTEMPTS_EXHAUSTED' });
  expect(broker.describe()).toMatchObject({ queued: 0, counters: { exhausted: 1, redispatched: 1 } });
});

test('a request that no worker comes for expires', async () => {
  const { endpoint, next, broker } = await serve({ heartbeatMs: 50, serviceExpiryMs: 100 });
  await new RawClient01(endpoint).request('nobody', 'x');
  expect(await next('requestExpired')).toMatchObject({ service: 'nobody' });
  expect(broker.describe()).toMatchObject({ queued: 0, services: 0, counters: { expired: 1 } });
});

test('an mdp/0.1 client gets the PARTIALs of the worker that finished, and none of the one that died', async () => {
  const { endpoint } = await serve();
  const reply = new RawClient01(endpoint).ask('tail', 'file');
  const dying = new RawWorker02(endpoint);
  await dying.ready('tail');
  await dying.partial((await dying.nextRequest()).address, 'half');
  await dying.partial('end of session', 'x');
  await dying.expectDisconnect();
  const worker = new RawWorker02(endpoint);
  await worker.ready('tail');
  const { address } = await worker.nextRequest();
  await worker.partial(address, 'whole');
  await worker.final(address, 'end');
  expect((await reply).map(String)).toEqual(['whole', 'end']);
});

test('a request that crosses the DISCONNECT of one session of a process is given to none of the others', async () => {
  const { endpoint, broker, workers } = await serve({ attemptsMax: 2 });
  const sessions = [1, 2, 3, 4].map(() => new RawWorker02(endpoint));
  for (const session of sessions) await session.ready('echo');
  await workers(sessions.length);
  const reply = new RawClient02(endpoint).ask('echo', 'x');
  await eventually(() => broker.describe().inFlight === 1);
  await Promise.all(sessions.map((session) => session.disconnect()));
  await workers(0);
  expect(broker.describe()).toMatchObject({ queued: 1, counters: { dispatched: 1, exhausted: 0 } });
  const other = new RawWorker02(endpoint);
  await other.ready('echo');
  await other.final((await other.nextRequest()).address, 'rescued');
  expect(String(await reply)).toBe('rescued');
});

test('a worker that leaves with a request and registers again on the same connection gets it anew', async () => {
  const { endpoint, workers } = await serve();
  const worker = new RawWorker02(endpoint);
  await worker.ready('echo');
  await workers(1);
  const reply = new RawClient02(endpoint).ask('echo', 'x');
  await worker.nextRequest();
  await worker.disconnect();
  await worker.ready('echo');
  await worker.final((await worker.nextRequest()).address, 'at last');
  expect(String(await reply)).toBe('at last');
});
