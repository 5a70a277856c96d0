import { randomBytes } from 'node:crypto';
import { eventually, leakCheck, TcpRelay } from '@majordomo/testkit';
import { ConnectionLostError, MessageTooLargeError, type BodyInput } from '@majordomo/protocol';
import type { Handler, WorkerOptions } from '../src/index';
import { anew, closeAll, crash, deferred, event, listen, next, ready, startWorker, texts } from './helpers';

leakCheck();
afterEach(closeAll);

const echo: Handler = (request) => request.body;

describe.each(['mdp/0.1', 'mdp/0.2'] as const)('%s', (protocol) => {
  const last = protocol === 'mdp/0.1' ? 'reply' : 'final';
  const serve = async (handler: Handler, options: WorkerOptions = {}) => {
    const broker = await listen(protocol);
    const worker = await startWorker(broker.endpoint, handler, { protocol, ...options });
    const { worker: identity, service } = await next(broker, 'ready');
    return { broker, worker, identity, service };
  };

  test('registers its service and echoes bodies of every shape, byte for byte', async () => {
    const { broker, worker, identity, service } = await serve(echo);
    expect(service).toBe('echo');
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const bodies = [
      [Buffer.from('hello')],
      [Buffer.alloc(0)],
      [everyByte, Buffer.alloc(0), Buffer.from('MDPW02'), Buffer.alloc(0)],
      [randomBytes(1 << 20)],
    ];
    for (const body of bodies) {
      const address = randomBytes(5);
      await broker.sendRequest(identity, address, ...body);
      const reply = await next(broker, last);
      expect(reply).toMatchObject({ worker: identity, address });
      expect(Buffer.concat(reply.body ?? []).equals(Buffer.concat(body))).toBe(true);
      expect(reply.body?.map(({ length }) => length)).toEqual(body.map(({ length }) => length));
    }
    expect(worker.stats).toMatchObject({ requests: 4, handled: 4, failed: 0, dropped: 0, registered: 1 });
  });

  test.each<[string, BodyInput, string[]]>([
    ['text', 'done', ['done']],
    ['bytes', Buffer.from('bytes'), ['bytes']],
    ['several frames', ['a', Buffer.from(''), 'c'], ['a', '', 'c']],
    ['nothing', undefined, ['']],
    ['no frames', [], ['']],
  ])('a handler may return %s', async (_what, result, expected) => {
    const { broker, identity } = await serve(() => result);
    await broker.sendRequest(identity, 'c', 'x');
    expect(texts(await next(broker, last))).toEqual(expected);
  });

  test('the handler is told service, body and broker', async () => {
    const { broker, identity } = await serve(async ({ service, body }, context) => [
      service,
      body.text(1),
      context.broker,
      String(context.signal.aborted),
    ]);
    await broker.sendRequest(identity, 'c', 'x', 'y');
    expect(texts(await next(broker, last))).toEqual(['echo', 'y', broker.endpoint, 'false']);
  });

  test('a handler that throws gets its request given back: DISCONNECT, no reply, a new registration', async () => {
    const { broker, worker, identity } = await serve(({ body }) => {
      if (body.text() === 'bad') throw new Error('no');
      return 'good';
    });
    const failed = event(worker, 'requestFailed');
    await broker.sendRequest(identity, 'c', 'bad');
    const again = await anew(broker);
    expect(again).not.toEqual(identity);
    expect(await failed).toEqual({ broker: broker.endpoint, error: new Error('no') });
    await broker.sendRequest(again, 'c', 'fine');
    expect(texts(await next(broker, last))).toEqual(['good']);
    expect(worker.stats).toMatchObject({ requests: 2, handled: 1, failed: 1, reconnects: 1 });
  });

  test('a handler that closes its worker when its broker is lost is the end: nothing is tried again', async () => {
    const lines: string[] = [];
    const log = (fields: { event?: string }): void => void lines.push(String(fields.event));
    let close: () => Promise<void> = () => Promise.resolve();
    const { broker, worker, identity } = await serve(
      (_request, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            void close();
            resolve('too late');
          });
        }),
      { logger: { debug: log, info: log, warn: log, error: log } },
    );
    close = () => worker.close();
    await broker.sendRequest(identity, 'c', 'x');
    await eventually(() => worker.stats.running === 1);
    await broker.disconnect(identity);
    await eventually(() => worker.state === 'closed');
    await worker.close();
    expect(lines).toEqual(['registered', 'requestDropped']);
  });

  test('encodeError puts the error into a reply, and the worker stays registered', async () => {
    const { broker, worker, identity } = await serve(
      () => {
        throw new Error('no such order');
      },
      { encodeError: (error, { body }) => ['ERROR', (error as Error).message, body.text()] },
    );
    await broker.sendRequest(identity, 'c', '42');
    expect(texts(await next(broker, last))).toEqual(['ERROR', 'no such order', '42']);
    await broker.sendRequest(identity, 'c', '43');
    expect(texts(await next(broker, last))).toEqual(['ERROR', 'no such order', '43']);
    expect(worker.stats).toMatchObject({ handled: 0, failed: 2, reconnects: 0 });
  });

  test.each<[string, NonNullable<WorkerOptions['encodeError']>]>([
    ['returns nothing', () => undefined],
    [
      'throws',
      () => {
        throw new Error('hook');
      },
    ],
    ['returns what is no body', () => 42 as never],
    ['returns too much', () => Buffer.alloc(2_000)],
  ])('an encodeError that %s is as good as none', async (_what, encodeError) => {
    const { broker, identity } = await serve(() => Promise.reject(new Error('no')), {
      encodeError,
      limits: { messageBytesMax: 1_000 },
    });
    await broker.sendRequest(identity, 'c', 'x');
    await anew(broker);
  });

  test.each<[string, BodyInput]>([
    ['bytes', Buffer.alloc(1_000)],
    ['frames', Array<string>(20).fill('')],
    ['bytes in one frame', Buffer.alloc(600)],
  ])('a result with too many %s fails the handler', async (_what, result) => {
    const limits = { messageBytesMax: 1_000, framesMax: 20, frameBytesMax: 500 };
    const { broker, worker, identity } = await serve(() => result, { limits });
    const failed = event(worker, 'requestFailed');
    await broker.sendRequest(identity, 'c', 'x');
    await anew(broker);
    expect((await failed).error).toBeInstanceOf(MessageTooLargeError);
  });

  test('a result that is no body fails the handler', async () => {
    const { broker, worker, identity } = await serve(() => ({ answer: 42 }) as never);
    const failed = event(worker, 'requestFailed');
    await broker.sendRequest(identity, 'c', 'x');
    expect((await failed).error).toMatchObject({ code: 'INVALID_BODY' });
    await anew(broker);
  });

  test('messages that are not understood are counted and told, and hurt nothing', async () => {
    const { broker, worker, identity } = await serve(echo);
    const reasons: string[] = [];
    worker.on('rejected', ({ rejection }) => reasons.push(rejection.reason));
    await broker.socket.send(identity, 'nonsense');
    await broker.socket.send(identity, '');
    const header = protocol === 'mdp/0.1' ? ['', 'MDPW01'] : ['MDPW02'];
    await broker.socket.send(identity, ...header, '\x63');
    await broker.socket.send(identity, ...header, '\x02', 'c', '');
    await broker.sendRequest(identity, 'c', 'fine');
    expect(texts(await next(broker, last))).toEqual(['fine']);
    expect(reasons).toHaveLength(4);
    expect(reasons.slice(2)).toEqual(['unknown_command', 'no_body']);
    expect(worker.stats).toMatchObject({ rejected: 4, requests: 1, handled: 1, reconnects: 0 });
  });

  test('a second REQUEST before the reply to the first: the worker leaves, so that both are redispatched', async () => {
    const { broker, worker, identity } = await serve(
      (_request, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    const rejected = event(worker, 'rejected');
    await broker.sendRequest(identity, 'c1', 'x');
    await broker.sendRequest(identity, 'c2', 'x');
    expect(await rejected).toMatchObject({ rejection: { reason: 'unexpected_request' } });
    await anew(broker);
    await eventually(() => worker.stats.dropped === 1);
    expect(worker.stats).toMatchObject({ requests: 1, handled: 0, failed: 0, rejected: 1 });
  });
});

describe('several replies to one request', () => {
  const count: Handler = async function* ({ body }) {
    for (let n = 0; n < Number(body.text()); n++) yield [`part ${n}`, ''];
    return body.length > 1 ? 'end' : undefined;
  };

  test('on MDP/0.2 each yield is a PARTIAL, the return the FINAL', async () => {
    const broker = await listen();
    const worker = await startWorker(broker.endpoint, count);
    const identity = await ready(broker);
    await broker.sendRequest(identity, 'c', '2', 'with an end');
    expect(texts(await next(broker, 'partial'))).toEqual(['part 0', '']);
    expect(texts(await next(broker, 'partial'))).toEqual(['part 1', '']);
    expect(texts(await next(broker, 'final'))).toEqual(['end']);
    await broker.sendRequest(identity, 'c', '0');
    expect(texts(await next(broker, 'final'))).toEqual(['']);
    expect(worker.stats).toMatchObject({ handled: 2 });
  });

  test('any async iterable will do', async () => {
    const broker = await listen();
    await startWorker(broker.endpoint, () => ({
      [Symbol.asyncIterator]: () => {
        const parts = ['a', 'b'][Symbol.iterator]();
        return { next: () => Promise.resolve(parts.next()) };
      },
    }));
    const identity = await ready(broker);
    await broker.sendRequest(identity, 'c', 'x');
    await next(broker, 'partial');
    await next(broker, 'partial');
    expect(texts(await next(broker, 'final'))).toEqual(['']);
  });

  test('on MDP/0.1 all is gathered into the one REPLY', async () => {
    const broker = await listen('mdp/0.1');
    await startWorker(broker.endpoint, count, { protocol: 'mdp/0.1' });
    const identity = await ready(broker);
    await broker.sendRequest(identity, 'c', '2', 'with an end');
    expect(texts(await next(broker, 'reply'))).toEqual(['part 0', '', 'part 1', '', 'end']);
    await broker.sendRequest(identity, 'c', '1');
    expect(texts(await next(broker, 'reply'))).toEqual(['part 0', '']);
    await broker.sendRequest(identity, 'c', '0');
    expect(texts(await next(broker, 'reply'))).toEqual(['']);
  });

  test.each([{ framesMax: 50 }, { messageBytesMax: 1_000 }])(
    'what is gathered on MDP/0.1 is bounded: %j',
    async (limits) => {
      const broker = await listen('mdp/0.1');
      const cleanedUp = deferred();
      const worker = await startWorker(
        broker.endpoint,
        async function* () {
          try {
            for (;;) yield 'endless';
          } finally {
            cleanedUp.resolve();
          }
        },
        { protocol: 'mdp/0.1', limits },
      );
      const failed = event(worker, 'requestFailed');
      await broker.sendRequest(await ready(broker), 'c', 'x');
      expect((await failed).error).toBeInstanceOf(MessageTooLargeError);
      await cleanedUp.promise;
      await anew(broker);
    },
  );

  test('a generator that throws after a PARTIAL gives its request back', async () => {
    const broker = await listen();
    await startWorker(broker.endpoint, async function* () {
      yield 'one';
      throw new Error('two');
    });
    await broker.sendRequest(await ready(broker), 'c', 'x');
    await next(broker, 'partial');
    await anew(broker);
  });

  test('a connection that takes no more pauses the generator', async () => {
    const broker = await listen();
    const relay = await TcpRelay.to(broker.endpoint);
    try {
      const block = Buffer.alloc(16 * 1024);
      const total = 4_000;
      let yields = 0;
      await startWorker(
        relay.endpoint,
        async function* () {
          for (; yields < total; yields++) yield block;
        },
        { heartbeatMs: 1_000 },
      );
      const identity = await ready(broker);
      await broker.sendRequest(identity, 'c', 'x');
      await next(broker, 'partial');
      relay.stall();
      let before = 0;
      await eventually(
        () => {
          const paused = yields > 0 && yields === before;
          before = yields;
          return paused;
        },
        { everyMs: 100 },
      );
      expect(yields).toBeLessThan(total);
      relay.resume();
      for (let n = 1; n < total; n++) await next(broker, 'partial');
      await next(broker, 'final');
    } finally {
      await relay.close();
    }
  });

  test('the loss of the broker ends a generator through its return()', async () => {
    const broker = await listen();
    const ended = deferred<unknown>();
    const worker = await startWorker(broker.endpoint, async function* (_request, { signal }) {
      try {
        for (;;) {
          yield 'tick';
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        ended.resolve(signal.reason);
      }
    });
    await broker.sendRequest(await ready(broker), 'c', 'x');
    await next(broker, 'partial');
    await crash(broker);
    expect(await ended.promise).toBeInstanceOf(ConnectionLostError);
    await eventually(() => worker.stats.running === 0);
    expect(worker.stats).toMatchObject({ dropped: 1, handled: 0, failed: 0 });
  });
});
