import {
  closeAllSockets,
  eventually,
  leakCheck,
  RawClient02,
  RawWorker02,
  TcpRelay,
} from '@majordomo/testkit';
import { closeBrokers, serve, WORKERS } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

describe.each(WORKERS)('%s', (_name, newWorker) => {
  test('is heartbeated while idle and while busy', async () => {
    const { endpoint } = await serve({ heartbeatMs: 30, liveness: 100 });
    const worker = newWorker(endpoint);
    await worker.ready('slow');
    await worker.expectHeartbeat();
    await worker.expectHeartbeat();
    await new RawClient02(endpoint).request('slow', 'x');
    await worker.nextRequest();
    await worker.expectHeartbeat();
    await worker.expectHeartbeat();
  });

  test('that is silent and idle is given up, and sent away when it speaks again', async () => {
    const { endpoint, next } = await serve({ heartbeatMs: 30, liveness: 3 });
    const worker = newWorker(endpoint);
    await worker.ready('echo');
    expect(await next('workerLost')).toMatchObject({ reason: 'silent', held: 0 });
    await worker.heartbeat();
    await worker.expectDisconnect();
  });

  test('that heartbeats stays', async () => {
    const { endpoint, broker, events, next } = await serve({ heartbeatMs: 200, liveness: 4 });
    const [alive, silent] = [newWorker(endpoint), newWorker(endpoint)];
    await alive.ready('echo');
    alive.heartbeatEvery(50);
    await silent.ready('echo');
    expect(await next('workerLost')).toMatchObject({ reason: 'silent' });
    expect(broker.describe().workers).toBe(1);
    expect(events.filter(({ type }) => type === 'workerLost')).toHaveLength(1);
  });

  test('that works in silence keeps its job far beyond the heartbeat expiry', async () => {
    const { endpoint, next } = await serve({ heartbeatMs: 20, liveness: 3 });
    const [busy, idle] = [newWorker(endpoint), newWorker(endpoint)];
    await busy.ready('slow');
    const reply = new RawClient02(endpoint).ask('slow', 'x');
    const { address } = await busy.nextRequest();
    await idle.ready('other');
    expect(await next('workerLost')).toMatchObject({ service: 'other', reason: 'silent' });
    await busy.expectNoRequest(100);
    await busy.final(address, 'done at last');
    expect(String(await reply)).toBe('done at last');
  });

  test('that works in silence beyond the job deadline loses its job to another', async () => {
    const { endpoint, next, workers } = await serve({ heartbeatMs: 30_000, jobDeadlineMs: 150 });
    const [frozen, other] = [newWorker(endpoint), newWorker(endpoint)];
    await frozen.ready('slow');
    const reply = new RawClient02(endpoint).ask('slow', 'x');
    const lost = await frozen.nextRequest();
    await other.ready('slow');
    await workers(2);
    expect(await next('workerLost')).toMatchObject({ reason: 'job_deadline', held: 1 });
    const { address } = await other.nextRequest();
    await other.final(address, 'rescued');
    expect(String(await reply)).toBe('rescued');
    await frozen.final(lost.address, 'too late');
    await frozen.expectDisconnect();
  });

  test('that heartbeats at work and falls silent loses its job at the heartbeat expiry', async () => {
    const { endpoint, next } = await serve({ heartbeatMs: 100, liveness: 3, jobDeadlineMs: 60_000 });
    const threaded = newWorker(endpoint);
    await threaded.ready('slow');
    await new RawClient02(endpoint).request('slow', 'x');
    await threaded.nextRequest();
    // The heartbeats of the broker pace those of the worker: the second comes a whole interval after the request.
    for (let n = 0; n < 3; n++) {
      await threaded.expectHeartbeat();
      await threaded.heartbeat();
    }
    expect(await next('workerLost')).toMatchObject({ reason: 'silent', held: 1 });
  });
});

test('expired workers behind a live one are purged too', async () => {
  const { endpoint, broker } = await serve({ heartbeatMs: 150, liveness: 4 });
  const pool = [1, 2, 3, 4].map(() => new RawWorker02(endpoint));
  for (const worker of pool) await worker.ready('echo');
  pool[0]!.heartbeatEvery(40);
  pool[2]!.heartbeatEvery(40);
  await eventually(() => broker.describe().counters['workersLost'] === 2);
  const client = new RawClient02(endpoint);
  for (const worker of [pool[0]!, pool[2]!, pool[0]!]) {
    const reply = client.ask('echo', 'x');
    await worker.final((await worker.nextRequest()).address, 'alive');
    expect(String(await reply)).toBe('alive');
  }
});

test('PARTIALs count as signs of life', async () => {
  const { endpoint, broker } = await serve({ heartbeatMs: 20, liveness: 3, jobDeadlineMs: 400 });
  const worker = new RawWorker02(endpoint);
  await worker.ready('tail');
  const client = new RawClient02(endpoint);
  await client.request('tail', 'file');
  const { address } = await worker.nextRequest();
  const stop = worker.socket.every(50, () => worker.partial(address, 'more'));
  for (let n = 0; n < 14; n++) await client.reply();
  stop();
  expect(broker.describe().counters).toMatchObject({ workersLost: 0 });
  await worker.final(address, 'end');
});

test('a worker behind a frozen network is given up by its silence, and its job goes to another', async () => {
  const { endpoint, next, workers } = await serve({ heartbeatMs: 50, liveness: 4 });
  const relay = await TcpRelay.to(endpoint);
  const [frozen, other] = [new RawWorker02(relay.endpoint), new RawWorker02(endpoint)];
  await frozen.ready('echo');
  await workers(1);
  const reply = new RawClient02(endpoint).ask('echo', 'x');
  await frozen.nextRequest();
  frozen.heartbeatEvery(10);
  for (let n = 0; n < 3; n++) await frozen.expectHeartbeat();
  relay.stall();
  await other.ready('echo');
  other.heartbeatEvery(10);
  expect(await next('workerLost')).toMatchObject({ reason: 'silent', held: 1 });
  await other.final((await other.nextRequest()).address, 'rescued');
  expect(String(await reply)).toBe('rescued');
  await relay.close();
});

test('a broker that did not run for a while takes nobody for silent', async () => {
  const { endpoint, events } = await serve({ heartbeatMs: 400, liveness: 3 });
  const worker = new RawWorker02(endpoint);
  await worker.ready('echo');
  worker.heartbeatEvery(100);
  await worker.expectHeartbeat();
  for (const stoppedAt = performance.now(); performance.now() - stoppedAt < 1_300;);
  // At the end of the pause a heartbeat is due at once.
  await worker.expectHeartbeat();
  const reply = new RawClient02(endpoint).ask('echo', 'x');
  await worker.final((await worker.nextRequest()).address, 'still here');
  expect(String(await reply)).toBe('still here');
  expect(events.filter(({ type }) => type === 'workerLost')).toEqual([]);
});
