import { randomBytes } from 'node:crypto';
import {
  closeAllSockets,
  leakCheck,
  RawClient01,
  RawClient02,
  RawPackedClient,
  RawPackedWorker,
  RawWorker01,
  RawWorker02,
  type Frame,
} from '@majordomo/testkit';
import { closeBrokers, serve } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

/** One client of any dialect. */
interface AnyClient {
  ask(service: string, ...body: Frame[]): Promise<Buffer[]>;
}

/** One worker of any dialect. */
interface AnyWorker {
  /** The next request: its body, and ways to answer it. */
  next(): Promise<{
    body: Buffer[];
    partial?: (...body: Frame[]) => Promise<void>;
    final(...body: Frame[]): Promise<void>;
  }>;
}

const CLIENTS: readonly [string, (endpoint: string) => Promise<AnyClient>][] = [
  [
    'packed',
    async (endpoint) => {
      const client = new RawPackedClient(endpoint);
      await client.connect();
      return client;
    },
  ],
  ['mdp/0.2', async (endpoint) => new RawClient02(endpoint)],
  ['mdp/0.1', async (endpoint) => new RawClient01(endpoint)],
];

const WORKERS: readonly [string, (endpoint: string, service: string) => Promise<AnyWorker>][] = [
  [
    'packed',
    async (endpoint, service) => {
      const worker = new RawPackedWorker(endpoint);
      await worker.connect(service);
      return {
        async next() {
          const { id, body } = await worker.nextRequest();
          const partial = (...parts: Frame[]) => worker.partial(id, ...parts);
          return { body, partial, final: (...parts) => worker.final(id, ...parts) };
        },
      };
    },
  ],
  [
    'mdp/0.2',
    async (endpoint, service) => {
      const worker = new RawWorker02(endpoint);
      await worker.ready(service);
      return {
        async next() {
          const { address, body } = await worker.nextRequest();
          const partial = (...parts: Frame[]) => worker.partial(address, ...parts);
          return { body, partial, final: (...parts) => worker.final(address, ...parts) };
        },
      };
    },
  ],
  [
    'mdp/0.1',
    async (endpoint, service) => {
      const worker = new RawWorker01(endpoint);
      await worker.ready(service);
      return {
        async next() {
          const { address, body } = await worker.nextRequest();
          return { body, final: (...parts) => worker.final(address, ...parts) };
        },
      };
    },
  ],
];

const PAIRINGS = CLIENTS.flatMap(([client, newClient]) =>
  WORKERS.map(([worker, newWorker]) => [client, worker, newClient, newWorker] as const),
);

const MIB = 1024 * 1024;

test('all nine pairings at once on one socket, bodies of many frames and of none that show', async () => {
  const { endpoint, broker } = await serve();
  const workers = await Promise.all(WORKERS.map(([name, newWorker]) => newWorker(endpoint, name)));
  const serving = workers.map(async (worker) => {
    for (let n = 0; n < 3 * CLIENTS.length; n++) {
      const { body, final } = await worker.next();
      await final('echo', ...body);
    }
  });
  const bodies: Frame[][] = [['plain text'], [''], ['one', '', randomBytes(300), 'four']];
  const asking = CLIENTS.flatMap(([, newClient]) =>
    WORKERS.map(async ([service]) => {
      const client = await newClient(endpoint);
      for (const body of bodies) {
        const reply = await client.ask(service, ...body);
        expect(reply).toEqual(['echo', ...body].map((frame) => Buffer.from(frame)));
      }
    }),
  );
  await Promise.all([...asking, ...serving]);
  expect(broker.describe().counters).toMatchObject({
    requests: 27,
    answered: 27,
    redispatched: 0,
    protocolErrors: 0,
    repliesDropped: 0,
  });
});

test.each(PAIRINGS)(
  'a %s client and a %s worker: bodies of several MiB, there and back',
  async (_c, _w, newClient, newWorker) => {
    const { endpoint } = await serve();
    const worker = await newWorker(endpoint, 'big');
    const client = await newClient(endpoint);
    const sent = [
      randomBytes(MIB),
      Buffer.from('small'),
      randomBytes(8_192),
      randomBytes(8_191),
      randomBytes(3 * MIB),
    ];
    const returned = [Buffer.from('also small'), randomBytes(4 * MIB), Buffer.alloc(0)];
    const reply = client.ask('big', ...sent);
    reply.catch(() => undefined);
    const { body, final } = await worker.next();
    expect(Buffer.concat(body).equals(Buffer.concat(sent))).toBe(true);
    expect(body.map(({ length }) => length)).toEqual(sent.map(({ length }) => length));
    await final(...returned);
    const answer = await reply;
    expect(Buffer.concat(answer).equals(Buffer.concat(returned))).toBe(true);
    expect(answer.map(({ length }) => length)).toEqual(returned.map(({ length }) => length));
  },
);

describe('streams', () => {
  const streaming = WORKERS.filter(([name]) => name !== 'mdp/0.1');

  test.each(streaming)(
    'PARTIALs of a %s worker reach a packed client one by one',
    async (_name, newWorker) => {
      const { endpoint } = await serve();
      const worker = await newWorker(endpoint, 'tail');
      const client = new RawPackedClient(endpoint);
      await client.connect();
      const id = await client.request('tail', ['file'], { window: 2 });
      const { partial, final } = await worker.next();
      await partial!('one');
      await partial!('two', '');
      await final('end');
      for (const body of [['one'], ['two', '']]) {
        expect(await client.nextReply(id)).toMatchObject({
          kind: 'partial',
          body: body.map((each) => Buffer.from(each)),
        });
      }
      expect(await client.nextReply(id)).toMatchObject({ kind: 'final', body: [Buffer.from('end')] });
      expect(client.violations).toEqual([]);
    },
  );

  test('PARTIALs of a packed worker reach a client of mdp/0.2 one by one', async () => {
    const { endpoint } = await serve();
    const worker = new RawPackedWorker(endpoint);
    await worker.connect('tail');
    const client = new RawClient02(endpoint);
    await client.request('tail', 'file');
    const { id } = await worker.nextRequest();
    for (let n = 0; n < 40; n++) await worker.partial(id, String(n));
    expect(await worker.nextWindow()).toMatchObject({ id });
    await worker.final(id, 'end');
    for (let n = 0; n < 40; n++) {
      expect(await client.reply()).toMatchObject({ kind: 'partial', body: [Buffer.from(String(n))] });
    }
    expect(await client.reply()).toMatchObject({ kind: 'final', body: [Buffer.from('end')] });
  });

  test('PARTIALs of a packed worker are gathered into the one reply of a client of mdp/0.1', async () => {
    const { endpoint } = await serve();
    const worker = new RawPackedWorker(endpoint);
    await worker.connect('tail');
    const reply = new RawClient01(endpoint).ask('tail', 'file');
    const { id } = await worker.nextRequest();
    await worker.partial(id, 'one', 'two');
    await worker.final(id, 'end');
    expect((await reply).map(String)).toEqual(['one', 'two', 'end']);
  });

  test('a packed client that has not opened its window gets the PARTIALs of a plain worker when it does', async () => {
    const { endpoint, next } = await serve();
    const worker = new RawWorker02(endpoint);
    await worker.ready('tail');
    const client = new RawPackedClient(endpoint);
    await client.connect();
    const id = await client.request('tail', ['file']);
    const { address } = await worker.nextRequest();
    for (const part of ['one', 'two']) await worker.partial(address, part);
    await worker.final(address, 'end');
    await worker.disconnect();
    await next('workerLost');
    await client.window(id, 1);
    expect(await client.nextReply(id)).toMatchObject({ kind: 'partial', body: [Buffer.from('one')] });
    await client.expectSilence(30);
    await client.window(id, 1);
    expect(await client.nextReply(id)).toMatchObject({ kind: 'partial', body: [Buffer.from('two')] });
    expect(await client.nextReply(id)).toMatchObject({ kind: 'final', body: [Buffer.from('end')] });
  });

  test('a packed client that never opens it is told STREAM_OVERFLOW, and the plain worker goes on', async () => {
    const { endpoint, broker } = await serve();
    const worker = new RawWorker02(endpoint);
    await worker.ready('tail');
    const client = new RawPackedClient(endpoint);
    await client.connect();
    const id = await client.request('tail', ['file']);
    const { address } = await worker.nextRequest();
    for (let n = 0; n < 1_025; n++) await worker.partial(address, 'more');
    expect(await client.nextReply(id)).toMatchObject({
      kind: 'failure',
      code: 'STREAM_OVERFLOW',
      ofWorker: false,
    });
    await worker.final(address, 'end');
    const again = client.ask('tail', 'again');
    await worker.final((await worker.nextRequest()).address, 'done');
    expect(String(await again)).toBe('done');
    expect(broker.describe().counters).toMatchObject({ overflowed: 1, answered: 1, repliesDropped: 1 });
  });

  test('a packed worker that sends beyond the window is sent away, and its request goes to another', async () => {
    const { endpoint, next } = await serve();
    const [greedy, other] = [new RawPackedWorker(endpoint), new RawWorker02(endpoint)];
    await greedy.connect('tail');
    const client = new RawPackedClient(endpoint);
    await client.connect();
    const id = await client.request('tail', ['file'], { window: 0 });
    const { id: ref } = await greedy.nextRequest();
    await other.ready('tail');
    await greedy.partial(ref, 'one');
    await greedy.expectDisconnect();
    expect(await next('workerLost')).toMatchObject({ reason: 'protocol_error', held: 1 });
    await other.final((await other.nextRequest()).address, 'end');
    expect(await client.nextReply(id)).toMatchObject({ kind: 'final', body: [Buffer.from('end')] });
  });

  test('a packed worker lost in the middle of a reply: the client is told, and no other begins anew', async () => {
    const { endpoint, next } = await serve();
    const [lost, other] = [new RawPackedWorker(endpoint), new RawPackedWorker(endpoint)];
    await lost.connect('tail');
    const client = new RawPackedClient(endpoint);
    await client.connect();
    const id = await client.request('tail', ['file'], { window: 5 });
    const { id: ref } = await lost.nextRequest();
    await other.connect('tail');
    await lost.partial(ref, 'one');
    expect(await client.nextReply(id)).toMatchObject({ kind: 'partial', body: [Buffer.from('one')] });
    await lost.disconnect();
    expect(await next('workerLost')).toMatchObject({ reason: 'disconnected', held: 1 });
    expect(await client.nextReply(id)).toMatchObject({
      kind: 'failure',
      code: 'ATTEMPTS_EXHAUSTED',
      retryable: true,
    });
    await other.expectSilence(30);
  });
});
