import { DISCONNECT, packedWorkerAtBroker, type BrokerToWorker } from '@majordomo/protocol';
import {
  eventually,
  leakCheck,
  RawBroker01,
  RawBroker02,
  RawClient01,
  RawClient02,
  type RawBroker,
} from '@majordomo/testkit';
import type { Handler, WorkerOptions } from '../src/index';
import { closeAll, crash, deferred, event, listen, makeWorker, next, ready, texts } from './helpers';
import { bodyOf } from './fake-effects';
import { packedRequest, welcome } from './fake-packed-effects';
import { closePackedBrokers, PackedBroker } from './packed-broker';

leakCheck();

const plain: RawBroker[] = [];
const clients: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await closeAll();
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(plain.splice(0).map(crash));
  await closePackedBrokers();
});

const echo: Handler = ({ body }) => body;

/** Long enough for an answer on a busy machine. */
const PROBE_MS = 300;

const warnings: string[] = [];
const none = (): undefined => undefined;
const logger = {
  debug: none,
  info: none,
  // A machine that stands still is no matter of what a broker speaks.
  warn: (about: object, text: string) => {
    if (!('event' in about && about.event === 'loopBlocked')) warnings.push(text);
  },
  error: none,
};

async function start(brokers: string | string[], handler: Handler, options: WorkerOptions = {}) {
  warnings.length = 0;
  const worker = makeWorker(brokers, handler, {
    protocol: 'auto',
    probeMs: PROBE_MS,
    liveness: 100,
    logger,
    ...options,
  });
  await worker.start();
  return worker;
}

const kinds = { 'mdp/0.1': RawBroker01, 'mdp/0.2': RawBroker02 } as const;

/** A raw broker that answers strangers by itself, and complains of packed questions: it has to read them. */
async function listenPlain(protocol: keyof typeof kinds, endpoint?: string): Promise<RawBroker> {
  const broker = await kinds[protocol].listen(endpoint === undefined ? {} : { endpoint });
  plain.push(broker);
  return broker;
}

/** A raw client's echo through a raw broker that routes by itself. */
async function ask(protocol: keyof typeof kinds, endpoint: string, text: string): Promise<string[]> {
  const client = protocol === 'mdp/0.1' ? new RawClient01(endpoint) : new RawClient02(endpoint);
  clients.push(client);
  return (await client.ask('echo', text)).map(String);
}

describe.each(['mdp/0.1', 'mdp/0.2'] as const)('a broker of %s', (protocol) => {
  test('is found out and served, with as many sessions as there are places', async () => {
    const broker = await listenPlain(protocol);
    broker.autoRoute();
    const worker = await start(broker.endpoint, echo, { concurrency: 3 });
    await eventually(() => worker.stats.registered === 3);
    await eventually(() => broker.workers.length === 3);
    expect(await ask(protocol, broker.endpoint, 'hello')).toEqual(['hello']);
    expect(warnings).toEqual([]);
    expect(worker.stats).toMatchObject({ handled: 1, reconnects: 0, rejected: 0 });
    worker.setConcurrency(5);
    await eventually(() => broker.workers.length === 5);
    worker.setConcurrency(1);
    await eventually(() => broker.workers.length === 1);
    expect(await ask(protocol, broker.endpoint, 'again')).toEqual(['again']);
    await worker.drain();
    await eventually(() => broker.workers.length === 0);
  });

  test('that comes back as a packed one is served packed, and the other way round', async () => {
    const broker = await listenPlain(protocol);
    broker.autoRoute();
    const worker = await start(broker.endpoint, echo, { concurrency: 2 });
    await eventually(() => worker.stats.registered === 2);
    const lost = event(worker, 'lost');
    await crash(broker);
    await lost;
    const upgraded = await PackedBroker.listen({ endpoint: broker.endpoint });
    const id = await upgraded.ready();
    await upgraded.request(id, 1, 'packed');
    expect(await upgraded.reply(1)).toBe('packed');
    expect(worker.stats.registered).toBe(1);
    const lostAgain = event(worker, 'lost');
    await upgraded.crash();
    await lostAgain;
    const downgraded = await listenPlain(protocol, broker.endpoint);
    downgraded.autoRoute();
    await eventually(() => worker.stats.registered === 2);
    expect(await ask(protocol, broker.endpoint, 'plain')).toEqual(['plain']);
  });
});

test('is remembered as long as a session with it stands', async () => {
  const broker = await listenPlain('mdp/0.2');
  broker.autoRoute();
  const worker = await start(broker.endpoint, echo, { concurrency: 2 });
  await eventually(() => worker.stats.registered === 2);
  const questions = broker.violations.length;
  const [first] = broker.workers;
  await broker.disconnect(first ?? '');
  await eventually(() => worker.stats.reconnects === 1);
  await eventually(() => worker.stats.registered === 2);
  expect(broker.violations.length).toBe(questions);
});

test('a packed broker goes on with the connection that asked it', async () => {
  const broker = await PackedBroker.listen();
  const worker = await start(broker.endpoint, echo, { concurrency: 4 });
  const { worker: id, credit } = await broker.next('ready');
  expect(credit).toBe(4);
  await broker.request(id, 1, 'hello');
  expect(await broker.reply(1)).toBe('hello');
  expect(worker.stats).toMatchObject({ registered: 1, reconnects: 0 });
  expect([broker.left, broker.refused]).toEqual([[], []]);
  const lost = event(worker, 'lost');
  await broker.say(id, DISCONNECT);
  await lost;
  expect(await broker.ready()).not.toBe(id);
});

test('a question that a busy packed broker has not answered in time does no harm', async () => {
  const broker = await PackedBroker.listen({ welcomes: false, beats: false });
  const worker = await start(broker.endpoint, echo, { probeMs: 50 });
  const id = await broker.ready();
  await eventually(() => broker.refused.length > 0, { what: 'a plain question' });
  const session = packedWorkerAtBroker();
  const say = async (command: BrokerToWorker): Promise<void> => {
    session.add(command);
    await broker.sendRaw(id, ...session.take());
  };
  await say(welcome());
  await broker.sendRaw(id, '', 'MDPW01', '\x05');
  await say(packedRequest(1, { body: bodyOf('x') }));
  expect(await broker.reply(1)).toBe('x');
  expect(worker.stats).toMatchObject({ registered: 1, reconnects: 0, rejected: 0 });
});

test('a broker that answers nothing is served in MDP/0.2 for now, and asked again when a session is lost', async () => {
  const broker = await listenPlain('mdp/0.2');
  const { promise, resolve } = deferred<string>();
  const worker = await start(broker.endpoint, () => promise, {
    concurrency: 2,
    probeMs: 20,
    liveness: 1_000,
  });
  const first = await ready(broker);
  const second = await ready(broker);
  expect(warnings).toEqual(['a broker does not say what it speaks: MDP/0.2 for now']);
  await broker.sendRequest(second, 'c', 'x');
  await eventually(() => worker.stats.running === 1);
  const questions = broker.violations.length;
  await broker.disconnect(first);
  const third = await ready(broker);
  expect([first, second]).not.toContainEqual(third);
  expect(broker.violations.length).toBeGreaterThan(questions);
  expect(worker.stats).toMatchObject({ registered: 2, running: 1 });
  resolve('still there');
  expect(texts(await next(broker, 'final'))).toEqual(['still there']);
});

test('one that turns out packed after all takes over; plain sessions finish what they have', async () => {
  const options = { welcomes: false, beats: false };
  const broker = await PackedBroker.listen(options);
  const { promise, resolve } = deferred<string>();
  const worker = await start(broker.endpoint, () => promise, { concurrency: 2, probeMs: 20, liveness: 5 });
  await eventually(() => broker.strangers.length === 2);
  await broker.sendRaw(broker.strangers[0] ?? '', 'MDPW02', '\x02', 'client', '', 'x');
  await eventually(() => worker.stats.running === 1);
  options.welcomes = true;
  await broker.ready();
  const id = await broker.ready();
  await eventually(() => worker.stats.registered === 2);
  await broker.request(id, 1, 'x');
  await eventually(() => worker.stats.running === 2);
  resolve('done');
  expect(await broker.reply(1)).toBe('done');
  await eventually(() => worker.stats.registered === 1);
  expect(worker.stats).toMatchObject({ requests: 2, handled: 2, running: 0 });
});

test('several brokers, each as it is', async () => {
  const [old, newer] = await Promise.all([listenPlain('mdp/0.1'), listenPlain('mdp/0.2')]);
  const packed = await PackedBroker.listen();
  old.autoRoute();
  newer.autoRoute();
  const worker = await start([old.endpoint, newer.endpoint, packed.endpoint], echo, { concurrency: 2 });
  const id = await packed.ready();
  await eventually(() => worker.stats.registered === 5);
  expect(await ask('mdp/0.1', old.endpoint, 'a')).toEqual(['a']);
  expect(await ask('mdp/0.2', newer.endpoint, 'b')).toEqual(['b']);
  await packed.request(id, 1, 'c');
  expect(await packed.reply(1)).toBe('c');
  await worker.drain();
  await eventually(() => old.workers.length + newer.workers.length === 0);
  await packed.next('draining');
  await packed.next('disconnect');
});

test.each(['drain', 'close'] as const)('%s while the broker is asked ends at once', async (end) => {
  const broker = await listenPlain('mdp/0.2');
  const worker = await start(broker.endpoint, echo);
  await eventually(() => broker.violations.length > 0);
  await worker[end]();
  expect(worker.state).toBe('closed');
});

test('pinned, nobody is asked: what is plain stays plain, and places come and go', async () => {
  const broker = await listen('mdp/0.2');
  const worker = makeWorker(broker.endpoint, echo, { protocol: 'mdp/0.2', concurrency: 1, liveness: 100 });
  worker.setConcurrency(2);
  expect(worker.stats.registered).toBe(0);
  await worker.start();
  const first = await ready(broker);
  const second = await ready(broker);
  worker.setConcurrency(1);
  const { worker: left } = await next(broker, 'disconnect');
  expect([first, second]).toContainEqual(left);
  worker.setConcurrency(3);
  await ready(broker);
  await ready(broker);
  expect(worker.stats.registered).toBe(3);
});

test('pinned, a session that is too many leaves once its job is done', async () => {
  const broker = await listen('mdp/0.2');
  const { promise, resolve } = deferred<string>();
  const worker = makeWorker(broker.endpoint, () => promise, { concurrency: 2, liveness: 100 });
  await worker.start();
  for (const id of [await ready(broker), await ready(broker)]) await broker.sendRequest(id, 'c', 'x');
  await eventually(() => worker.stats.running === 2);
  worker.setConcurrency(1);
  expect(worker.stats.registered).toBe(2);
  resolve('done');
  await next(broker, 'final');
  const [one, two] = [
    (await broker.nextFromWorker({ skipHeartbeats: true })).command,
    (await broker.nextFromWorker({ skipHeartbeats: true })).command,
  ];
  expect([one, two].sort()).toEqual(['disconnect', 'final']);
  expect(worker.stats).toMatchObject({ registered: 1, handled: 2 });
  await crash(broker);
});

test('pinned to packed, a plain broker is not asked what it speaks', async () => {
  const broker = await listenPlain('mdp/0.2');
  broker.autoRoute();
  const worker = await start(broker.endpoint, echo, { protocol: 'packed', connectTimeoutMs: 50 });
  await eventually(() => worker.stats.reconnects >= 2);
  expect([worker.stats.registered, broker.heartbeats, broker.workers]).toEqual([0, 0, []]);
  expect(broker.violations.every((violation) => violation.includes("must be 'MDPW02'"))).toBe(true);
});
