import { ClosedError, ConnectionLostError } from '@majordomo/protocol';
import { eventually, leakCheck, TcpRelay } from '@majordomo/testkit';
import type { Handler } from '../src/index';
import {
  closeAll,
  crash,
  deferred,
  event,
  HEARTBEAT_MS,
  listen,
  makeWorker,
  next,
  ready,
  startWorker,
  texts,
} from './helpers';

leakCheck();
afterEach(closeAll);

const echo: Handler = (request) => request.body;

/** A handler that runs until its signal fires, and tells why it did. */
function untilAborted() {
  const { promise: reason, resolve } = deferred<unknown>();
  const handler: Handler = (_request, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        resolve(signal.reason);
        reject(signal.reason);
      });
    });
  return { handler, reason };
}

/** Keeps the event loop to itself, as a handler does that computes. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** The service name of one test's worker is always the same; `result` is what its handler gives when told to. */
function onCue() {
  const { promise, resolve } = deferred<string>();
  return { handler: (() => promise) satisfies Handler, resolve };
}

describe.each(['mdp/0.1', 'mdp/0.2'] as const)('%s', (protocol) => {
  const last = protocol === 'mdp/0.1' ? 'reply' : 'final';

  test('heartbeats leave, idle or busy', async () => {
    const broker = await listen(protocol);
    const { handler, resolve } = onCue();
    await startWorker(broker.endpoint, handler, { protocol, liveness: 100 });
    const identity = await ready(broker);
    await eventually(() => broker.heartbeats >= 3);
    await broker.sendRequest(identity, 'c', 'x');
    const before = broker.heartbeats;
    await eventually(() => broker.heartbeats >= before + 5);
    resolve('done');
    expect(texts(await next(broker, last))).toEqual(['done']);
  });

  test('a silent broker: a new READY from a new socket', async () => {
    const broker = await listen(protocol);
    const worker = await startWorker(broker.endpoint, echo, { protocol });
    const lost = event(worker, 'lost');
    const first = await ready(broker);
    expect(await lost).toEqual({ broker: broker.endpoint, reason: 'the broker is silent' });
    const second = await ready(broker);
    expect(second).not.toEqual(first);
    await broker.sendRequest(second, 'c', 'still here');
    expect(texts(await next(broker, last))).toEqual(['still here']);
  });

  test('a broker that heartbeats stays', async () => {
    const broker = await listen(protocol);
    const worker = await startWorker(broker.endpoint, echo, { protocol });
    await ready(broker);
    broker.heartbeatAllEvery(HEARTBEAT_MS);
    const before = broker.heartbeats;
    await eventually(() => broker.heartbeats >= before + 10);
    expect(worker.stats).toMatchObject({ registered: 1, reconnects: 0 });
  });

  test('a broker that heartbeats idle workers only, as in the zguide: a long job survives', async () => {
    const broker = await listen(protocol);
    const { handler, resolve } = onCue();
    const worker = await startWorker(broker.endpoint, handler, { protocol });
    const identity = await ready(broker);
    broker.heartbeatAllEvery(HEARTBEAT_MS, { idleOnly: true });
    await broker.sendRequest(identity, 'c', 'x');
    const before = broker.heartbeats;
    await eventually(() => broker.heartbeats >= before + 10);
    resolve('done');
    expect(await next(broker, last)).toMatchObject({ worker: identity });
    expect(worker.stats).toMatchObject({ handled: 1, dropped: 0, reconnects: 0 });
  });

  test('a broker that heartbeats busy workers and then falls silent is lost in mid-job', async () => {
    const broker = await listen(protocol);
    const { handler, reason } = untilAborted();
    const worker = await startWorker(broker.endpoint, handler, { protocol });
    const identity = await ready(broker);
    const stop = broker.heartbeatAllEvery(HEARTBEAT_MS);
    await broker.sendRequest(identity, 'c', 'x');
    const before = broker.heartbeats;
    await eventually(() => broker.heartbeats >= before + 4);
    stop();
    expect(await reason).toBeInstanceOf(ConnectionLostError);
    await ready(broker);
    expect(worker.stats).toMatchObject({ handled: 0, failed: 0, dropped: 1, registered: 1 });
  });

  test('DISCONNECT: nothing more on that socket, READY from a new one', async () => {
    const broker = await listen(protocol);
    const { handler, reason } = untilAborted();
    const worker = await startWorker(broker.endpoint, handler, { protocol });
    const lost = event(worker, 'lost');
    const first = await ready(broker);
    await broker.sendRequest(first, 'c', 'x');
    await broker.disconnect(first);
    expect(await reason).toBeInstanceOf(ConnectionLostError);
    expect((await lost).reason).toContain('DISCONNECT');
    expect(await ready(broker)).not.toEqual(first);
  });

  test('a broker killed and started again on its endpoint gets a new READY', async () => {
    const broker = await listen(protocol);
    const worker = await startWorker(broker.endpoint, echo, { protocol });
    await ready(broker);
    const lost = event(worker, 'lost');
    await crash(broker);
    expect((await lost).broker).toBe(broker.endpoint);
    const again = await listen(protocol, broker.endpoint);
    const identity = await ready(again);
    await again.sendRequest(identity, 'c', 'back');
    expect(texts(await next(again, last))).toEqual(['back']);
  });

  test('drain finishes the request in hand, says DISCONNECT and takes no more', async () => {
    const broker = await listen(protocol);
    const { handler, resolve } = onCue();
    const worker = await startWorker(broker.endpoint, handler, { protocol });
    const identity = await ready(broker);
    await broker.sendRequest(identity, 'c', 'x');
    await eventually(() => worker.stats.running === 1);
    const drained = worker.drain();
    expect(worker.state).toBe('draining');
    const before = broker.heartbeats;
    await eventually(() => broker.heartbeats > before);
    resolve('done');
    expect(texts(await next(broker, last))).toEqual(['done']);
    await next(broker, 'disconnect');
    await drained;
    expect(worker.state).toBe('closed');
    expect(worker.stats).toMatchObject({ handled: 1, registered: 0, running: 0 });
  });

  test('close aborts the handler and says DISCONNECT at once', async () => {
    const broker = await listen(protocol);
    const { handler, reason } = untilAborted();
    const worker = await startWorker(broker.endpoint, handler, { protocol });
    await broker.sendRequest(await ready(broker), 'c', 'x');
    await eventually(() => worker.stats.running === 1);
    await worker.close();
    expect(worker.state).toBe('closed');
    expect(await reason).toBeInstanceOf(ClosedError);
    await next(broker, 'disconnect');
  });
});

test('a broker that is not there yet is tried until it is', async () => {
  const probe = await listen();
  await crash(probe);
  const worker = await startWorker(probe.endpoint, echo);
  await eventually(() => worker.stats.reconnects >= 3);
  const lost: unknown[] = [];
  worker.on('lost', (loss) => lost.push(loss));
  const broker = await listen('mdp/0.2', probe.endpoint);
  await ready(broker);
  expect(lost).toEqual([]);
});

test('an endpoint that cannot be connected to is tried like a broker that is down', async () => {
  const worker = await startWorker(`ipc://${'/too-long'.repeat(50)}`, echo);
  await eventually(() => worker.stats.reconnects >= 2);
  expect(worker.stats.registered).toBe(0);
});

test('a network that swallows everything is noticed by heartbeats, in a job as well', async () => {
  const broker = await listen();
  const relay = await TcpRelay.to(broker.endpoint);
  try {
    const { handler, reason } = untilAborted();
    await startWorker(relay.endpoint, handler, { connectTimeoutMs: 100 });
    const identity = await ready(broker);
    broker.heartbeatAllEvery(HEARTBEAT_MS);
    await broker.sendRequest(identity, 'c', 'x');
    const before = broker.heartbeats;
    await eventually(() => broker.heartbeats >= before + 4);
    relay.stall();
    expect(await reason).toBeInstanceOf(ConnectionLostError);
    relay.cut();
    relay.resume();
    expect(await ready(broker)).not.toEqual(identity);
  } finally {
    await relay.close();
  }
});

test('a blocked event loop is not taken for a silent broker', async () => {
  const broker = await listen();
  const worker = await startWorker(broker.endpoint, echo, { liveness: 2 });
  const identity = await ready(broker);
  const stop = broker.heartbeatAllEvery(HEARTBEAT_MS / 2);
  const before = broker.heartbeats;
  await eventually(() => broker.heartbeats > before);
  await broker.heartbeatTo(identity);
  block(HEARTBEAT_MS * 4);
  await eventually(() => broker.heartbeats > before + 3);
  expect(worker.stats).toMatchObject({ registered: 1, reconnects: 0 });
  stop();
});

test('several brokers are served at once, with one concurrency for all', async () => {
  const all = await Promise.all([listen(), listen('mdp/0.2'), listen('mdp/0.2')]);
  let running = 0;
  let most = 0;
  const cues: (() => void)[] = [];
  const worker = await startWorker(
    all.map(({ endpoint }) => endpoint),
    async (_request, { broker }) => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => cues.push(resolve));
      running--;
      return broker;
    },
    { concurrency: 2, liveness: 100 },
  );
  for (const broker of all) {
    await broker.sendRequest(await ready(broker), 'c1', 'x');
    await broker.sendRequest(await ready(broker), 'c2', 'x');
  }
  await eventually(() => worker.stats.waiting === 4);
  expect(worker.stats).toMatchObject({ registered: 6, requests: 6, running: 2 });
  const before = all.map(({ heartbeats }) => heartbeats);
  await eventually(() => all.every(({ heartbeats }, n) => heartbeats >= (before[n] ?? 0) + 4));
  for (let n = 0; n < 6; n++) {
    await eventually(() => cues.length > 0);
    cues.shift()?.();
  }
  for (const broker of all) {
    expect(texts(await next(broker, 'final'))).toEqual([broker.endpoint]);
    expect(texts(await next(broker, 'final'))).toEqual([broker.endpoint]);
  }
  expect(most).toBe(2);
});

test('registered and lost are told once per broker, not per session', async () => {
  const broker = await listen();
  const told: string[] = [];
  const worker = makeWorker(broker.endpoint, echo, { concurrency: 3, liveness: 100 });
  worker.on('registered', () => told.push('registered')).on('lost', () => told.push('lost'));
  await worker.start();
  const sessions = [await ready(broker), await ready(broker), await ready(broker)];
  await broker.disconnect(sessions[0] ?? '');
  await ready(broker);
  expect(told).toEqual(['registered']);
  await crash(broker);
  await eventually(() => worker.stats.registered === 0);
  expect(told).toEqual(['registered', 'lost']);
});

test('a request that waits for a place when its broker is lost is never handed to the handler', async () => {
  const [one, two] = await Promise.all([listen(), listen()]);
  const { handler, resolve } = onCue();
  const worker = await startWorker([one.endpoint, two.endpoint], handler, { liveness: 100 });
  await one.sendRequest(await ready(one), 'c', 'x');
  await eventually(() => worker.stats.running === 1);
  await two.sendRequest(await ready(two), 'c', 'x');
  await eventually(() => worker.stats.waiting === 1);
  await crash(two);
  await eventually(() => worker.stats.dropped === 1);
  expect(worker.stats).toMatchObject({ requests: 2, running: 1, waiting: 0 });
  resolve('done');
  expect(texts(await next(one, 'final'))).toEqual(['done']);
});

test('what a handler that ignored its signal returns in the end is dropped and counted', async () => {
  const broker = await listen();
  const { handler, resolve } = onCue();
  const worker = await startWorker(broker.endpoint, handler, { liveness: 100 });
  const identity = await ready(broker);
  await broker.sendRequest(identity, 'c', 'x');
  await eventually(() => worker.stats.running === 1);
  await broker.disconnect(identity);
  const again = await ready(broker);
  await broker.sendRequest(again, 'c', 'same client, same reference');
  await eventually(() => worker.stats.waiting === 1);
  resolve('late for the first, in time for the second');
  expect(await next(broker, 'final')).toMatchObject({ worker: again });
  expect(worker.stats).toMatchObject({ requests: 2, handled: 1, dropped: 1 });
});

test('drain and close end in spite of a handler that ignores its signal', async () => {
  const broker = await listen();
  const { handler, resolve } = onCue();
  const worker = await startWorker(broker.endpoint, handler, { drainTimeoutMs: 20, concurrency: 2 });
  await broker.sendRequest(await ready(broker), 'c', 'x');
  await eventually(() => worker.stats.running === 1);
  await worker.drain();
  await worker.close();
  expect(worker.stats).toMatchObject({ running: 1, registered: 0 });
  resolve('far too late');
  await eventually(() => worker.stats.dropped === 1);
});

test('close cuts a drain short', async () => {
  const broker = await listen();
  const { handler, reason } = untilAborted();
  const worker = await startWorker(broker.endpoint, handler);
  await broker.sendRequest(await ready(broker), 'c', 'x');
  await eventually(() => worker.stats.running === 1);
  const drained = worker.drain();
  await worker.close();
  expect(await reason).toBeInstanceOf(ClosedError);
  await drained;
});

test('inproc endpoints work within one process', async () => {
  const broker = await listen();
  const worker = await startWorker([broker.endpoint, 'inproc://nobody-there'], echo);
  await ready(broker);
  await worker.drain();
  await next(broker, 'disconnect');
});
