import {
  Body,
  CancelledError,
  ClosedError,
  ConnectionLostError,
  DISCONNECT,
  ExpiredError,
  HEARTBEAT,
  Metadata,
} from '@majordomo/protocol';
import { eventually, leakCheck } from '@majordomo/testkit';
import { ServiceError, type BodyInput, type Handler, type WorkerOptions } from '../src/index';
import { shown } from './fake-effects';
import { packedRequest } from './fake-packed-effects';
import { closeAll, deferred, event, makeWorker, startWorker } from './helpers';
import { closePackedBrokers, PackedBroker } from './packed-broker';

leakCheck();
afterEach(async () => {
  await closeAll();
  await closePackedBrokers();
});

const echo: Handler = ({ body }) => body;

function fail(thrown: unknown): never {
  throw thrown;
}

/** What throws whatever is done with it. */
function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** A handler that runs until it is told, and tells what its signal fired with. */
function onCue() {
  const { promise, resolve } = deferred<BodyInput>();
  const reasons: unknown[] = [];
  const handler: Handler = (_request, { signal }) => {
    signal.addEventListener('abort', () => reasons.push(signal.reason));
    return promise;
  };
  return { handler, resolve, reasons };
}

async function serve(handler: Handler, options: WorkerOptions = {}) {
  const broker = await PackedBroker.listen();
  const worker = await startWorker(broker.endpoint, handler, {
    protocol: 'packed',
    liveness: 100,
    ...options,
  });
  return { broker, worker, id: await broker.ready() };
}

describe('the session', () => {
  test('READY states service, credit and heartbeats; WELCOME registers', async () => {
    const broker = await PackedBroker.listen();
    const worker = makeWorker(broker.endpoint, echo, { protocol: 'packed', concurrency: 7, liveness: 100 });
    const registered = event(worker, 'registered');
    await worker.start();
    expect(await broker.next('ready')).toMatchObject({
      service: 'echo',
      credit: 7,
      revision: 1,
      heartbeatMs: 50,
    });
    expect(await registered).toEqual({ broker: broker.endpoint });
    expect(worker.stats).toMatchObject({ registered: 1, reconnects: 0 });
  });

  test('bodies of every shape come back byte for byte', async () => {
    const { broker, worker, id } = await serve(echo, { concurrency: 10 });
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const bodies = [['hello'], [''], [everyByte, '', 'MDPWP1'], [Buffer.alloc(1 << 19, 1), 'small']];
    for (const [index, parts] of bodies.entries()) {
      await broker.say(id, packedRequest(index + 1, { body: Body.of(parts) }));
      const reply = await broker.next('final');
      expect(reply.ref).toBe(index + 1);
      expect(reply.body.frames.map((frame) => Buffer.from(frame))).toEqual(
        parts.map((part) => Buffer.from(part)),
      );
    }
    expect(worker.stats).toMatchObject({ requests: 4, handled: 4, failed: 0, dropped: 0 });
  });

  test.each<[string, Handler, string]>([
    ['text', () => 'done', 'done'],
    ['bytes', () => Buffer.from('bytes'), 'bytes'],
    ['several frames', () => ['a', '', 'c'], 'a||c'],
    ['nothing', () => undefined, ''],
    ['a promise', () => Promise.resolve('later'), 'later'],
    ['a thenable', () => ({ then: (resolve: (v: string) => void) => resolve('own') }) as never, 'own'],
  ])('a handler may return %s', async (_what, handler, expected) => {
    const { broker, id } = await serve(handler);
    await broker.request(id, 1, 'x');
    expect(await broker.reply(1)).toBe(expected);
  });

  test('what is issued in one turn leaves as one message', async () => {
    const { broker, id } = await serve(async ({ body }) => body, { concurrency: 100, heartbeatMs: 60_000 });
    const before = broker.messages;
    await broker.say(id, ...Array.from({ length: 100 }, (_, n) => packedRequest(n + 1)));
    for (let ref = 1; ref <= 100; ref++) expect(await broker.reply(ref)).toBe(`work ${ref}`);
    expect(broker.messages - broker.heartbeats - before).toBeLessThanOrEqual(1);
  });

  test('what fills a message leaves before the turn ends', async () => {
    const part = 'x'.repeat(5_000);
    const { broker, id } = await serve(() => part, { concurrency: 100 });
    const before = broker.messages - broker.heartbeats;
    await broker.say(id, ...Array.from({ length: 100 }, (_, n) => packedRequest(n + 1)));
    for (let ref = 1; ref <= 100; ref++) expect(await broker.reply(ref)).toBe(part);
    expect(broker.messages - broker.heartbeats - before).toBeGreaterThan(5);
  });

  test('the broker’s interval of heartbeats holds', async () => {
    const broker = await PackedBroker.listen({ heartbeatMs: 20 });
    await startWorker(broker.endpoint, echo, { protocol: 'packed', heartbeatMs: 60_000, liveness: 100 });
    await broker.ready();
    await eventually(() => broker.heartbeats >= 5);
  });

  test('a silent broker is lost, its jobs are aborted, and the worker comes back', async () => {
    const broker = await PackedBroker.listen({ beats: false });
    const { handler, reasons } = onCue();
    const worker = await startWorker(broker.endpoint, handler, { protocol: 'packed', concurrency: 2 });
    const lost = event(worker, 'lost');
    const first = await broker.ready();
    await broker.request(first, 1, 'x');
    expect(await lost).toEqual({ broker: broker.endpoint, reason: 'the broker is silent' });
    expect(reasons).toEqual([expect.any(ConnectionLostError)]);
    expect(await broker.ready()).not.toBe(first);
  });

  test('DISCONNECT: nothing more on that connection, READY from a new one', async () => {
    const { handler, resolve, reasons } = onCue();
    const { broker, worker, id } = await serve(handler, { concurrency: 2 });
    await broker.request(id, 1, 'x');
    await broker.say(id, DISCONNECT);
    const again = await broker.ready();
    expect(again).not.toBe(id);
    expect(reasons).toEqual([expect.any(ConnectionLostError)]);
    await broker.request(again, 1, 'the same reference');
    await eventually(() => worker.stats.running === 2);
    resolve('late for the first, in time for the second');
    expect(await broker.reply(1)).toContain('in time');
    expect(worker.stats).toMatchObject({ handled: 1, dropped: 1, reconnects: 1 });
    expect(broker.left).toEqual([]);
  });

  test('a broker that never says WELCOME is a connection that failed', async () => {
    const broker = await PackedBroker.listen({ welcomes: false });
    const lines: object[] = [];
    const none = (): undefined => undefined;
    const warn = (fields: object): void => void lines.push(fields);
    const logger = { debug: none, info: none, warn, error: none };
    await startWorker(broker.endpoint, echo, { protocol: 'packed', connectTimeoutMs: 50, logger });
    await broker.ready();
    await broker.ready();
    expect(lines).toEqual([
      {
        event: 'lost',
        service: 'echo',
        broker: broker.endpoint,
        reason: expect.stringContaining('no WELCOME within 50 ms'),
      },
    ]);
  });

  test.each<[string, WorkerOptions, number[]]>([
    ['beyond the credit', { concurrency: 1 }, [1, 2]],
    ['with a reference in hand', { concurrency: 5 }, [1, 1]],
  ])('a REQUEST %s ends the session', async (_what, options, refs) => {
    const { handler } = onCue();
    const { broker, worker, id } = await serve(handler, options);
    const rejected = event(worker, 'rejected');
    await broker.say(id, ...refs.map((ref) => packedRequest(ref)));
    expect(await rejected).toMatchObject({ rejection: { reason: 'unexpected_request' } });
    await broker.next('disconnect');
    expect(await broker.ready()).not.toBe(id);
  });

  test('a message that is not understood ends the session', async () => {
    const { broker, worker, id } = await serve(echo);
    const rejected = event(worker, 'rejected');
    await broker.sendRaw(id, 'MDPWP1\x05');
    expect(await rejected).toMatchObject({ rejection: { reason: 'truncated' } });
    await broker.next('disconnect');
    await broker.ready();
    expect(worker.stats.rejected).toBe(1);
  });
});

describe('requests', () => {
  test('the handler is told what the broker knows of the request', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { broker, id } = await serve((request, context) => {
      const { contentType, traceparent: trace, priority, attempt, service } = request;
      const { remainingMs, broker: from } = context;
      const left = remainingMs > 0 && remainingMs <= 60_000;
      return JSON.stringify([contentType, trace, priority, attempt, service, left, from === broker.endpoint]);
    });
    const metadata = Metadata.of({ contentType: 'text/plain', traceparent });
    await broker.request(id, 1, 'x', { metadata, priority: 9, attempt: 3, remainingMs: 60_000 });
    expect(JSON.parse(await broker.reply(1))).toEqual(['text/plain', traceparent, 9, 3, 'echo', true, true]);
  });

  test('a request that states nothing: no deadline, no metadata', async () => {
    const { broker, id } = await serve(({ contentType, traceparent }, { remainingMs }) =>
      String([contentType, traceparent, remainingMs]),
    );
    await broker.request(id, 1, 'x');
    expect(await broker.reply(1)).toBe(',,Infinity');
  });

  test('replies say what they are', async () => {
    const { broker, id } = await serve(({ body }, context) => {
      context.replyContentType = body.text();
      return 'x';
    });
    for (const [index, type] of ['application/json', 'application/json', 'text/plain'].entries()) {
      await broker.request(id, index + 1, type);
      expect((await broker.next('final')).metadata.contentType).toBe(type);
    }
  });

  test('a signal that nobody asks for is not made', async () => {
    const made = jest.spyOn(globalThis, 'AbortController');
    const { broker, id } = await serve(echo);
    const before = made.mock.calls.length;
    await broker.request(id, 1, 'x');
    await broker.reply(1);
    expect(made.mock.calls.length).toBe(before);
    made.mockRestore();
  });

  test('a handler is a plain function to us', async () => {
    const { broker, id } = await serve(function (this: unknown) {
      return String(this);
    });
    await broker.request(id, 1, 'x');
    expect(await broker.reply(1)).toBe('undefined');
  });

  test('CANCEL fires the signal; the credit is free once the handler ends, whatever it gives', async () => {
    const { handler, resolve, reasons } = onCue();
    const { broker, worker, id } = await serve(handler);
    await broker.request(id, 1, 'x');
    await broker.say(id, { kind: 'cancel', ref: 1 });
    await eventually(() => reasons.length === 1);
    expect(reasons).toEqual([expect.any(CancelledError)]);
    expect([worker.stats.running, broker.left]).toEqual([1, []]);
    resolve('a result');
    expect(await broker.next('failure')).toMatchObject({ ref: 1, code: 'CANCELLED', retryable: false });
    expect(worker.stats).toMatchObject({ handled: 0, dropped: 1, running: 0 });
  });

  test('a signal read after the abort has fired already', async () => {
    const started = deferred();
    const goOn = deferred();
    const seen: unknown[] = [];
    const { broker, id } = await serve(async (_request, context) => {
      started.resolve();
      await goOn.promise;
      seen.push(context.signal.aborted, context.signal.reason);
      return 'x';
    });
    await broker.request(id, 1, 'x');
    await started.promise;
    await broker.say(id, { kind: 'cancel', ref: 1 }, HEARTBEAT);
    await broker.say(id, { kind: 'cancel', ref: 1 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    goOn.resolve();
    await broker.next('failure');
    expect(seen).toEqual([true, expect.any(CancelledError)]);
  });

  test('a cancelled request that waits for a place is never started, and told at once', async () => {
    const one = await PackedBroker.listen();
    const two = await PackedBroker.listen();
    const { handler, resolve } = onCue();
    const worker = await startWorker([one.endpoint, two.endpoint], handler, {
      protocol: 'packed',
      liveness: 100,
    });
    await one.request(await one.ready(), 1, 'x');
    await eventually(() => worker.stats.running === 1);
    const id = await two.ready();
    await two.request(id, 1, 'x');
    await eventually(() => worker.stats.waiting === 1);
    await two.say(id, { kind: 'cancel', ref: 1 });
    expect(await two.next('failure')).toMatchObject({ ref: 1, code: 'CANCELLED' });
    expect(worker.stats).toMatchObject({ requests: 2, running: 1, waiting: 0, dropped: 1 });
    await two.request(id, 2, 'x');
    await eventually(() => worker.stats.waiting === 1);
    resolve('done');
    expect([await one.reply(1), await two.reply(2)]).toEqual(['done', 'done']);
  });

  test('the deadline fires the signal', async () => {
    const { handler, resolve, reasons } = onCue();
    const { broker, id } = await serve(handler, { concurrency: 3 });
    await broker.say(
      id,
      packedRequest(1, { remainingMs: 60_000 }),
      packedRequest(2, { remainingMs: 20 }),
      packedRequest(3),
    );
    await eventually(() => reasons.length > 0);
    expect(reasons).toEqual([expect.any(ExpiredError)]);
    expect(reasons).toEqual([
      expect.objectContaining({ message: 'The time that the client allowed for this request is up.' }),
    ]);
    resolve('done');
    expect(await broker.reply(1)).toBe('done');
    expect(await broker.next('failure')).toMatchObject({ ref: 2, code: 'EXPIRED', retryable: true });
    expect(await broker.reply(3)).toBe('done');
  });

  test('a request whose time is up before its turn comes is not started', async () => {
    const one = await PackedBroker.listen();
    const two = await PackedBroker.listen();
    const started: string[] = [];
    const { promise, resolve } = deferred<string>();
    const worker = await startWorker(
      [one.endpoint, two.endpoint],
      ({ body }) => {
        started.push(body.text());
        return promise;
      },
      { protocol: 'packed', liveness: 100 },
    );
    await one.request(await one.ready(), 1, 'long');
    await eventually(() => worker.stats.running === 1);
    await two.request(await two.ready(), 1, 'short', { remainingMs: 10 });
    expect(await two.next('failure')).toMatchObject({ ref: 1, code: 'EXPIRED', retryable: true });
    resolve('done');
    await one.reply(1);
    expect(started).toEqual(['long']);
    expect(worker.stats).toMatchObject({ handled: 1, dropped: 1, running: 0, waiting: 0 });
  });
});

describe('failures', () => {
  test('a ServiceError reaches the broker as it is', async () => {
    const error = new ServiceError('OUT_OF_STOCK', 'no more of these', { retryable: true });
    const { broker, worker, id } = await serve(
      () => {
        throw error;
      },
      { encodeError: () => 'not asked' },
    );
    const failed = event(worker, 'requestFailed');
    await broker.request(id, 1, 'x');
    expect(await broker.next('failure')).toMatchObject({
      ref: 1,
      code: 'OUT_OF_STOCK',
      message: 'no more of these',
      retryable: true,
    });
    expect((await failed).error).toBe(error);
    expect(worker.stats).toMatchObject({ failed: 1, handled: 0, reconnects: 0 });
  });

  test.each<[string, unknown, object]>([
    [
      'a copy of ServiceError',
      { name: 'ServiceError', code: 'A_1', message: 'm' },
      { code: 'A_1', message: 'm' },
    ],
    ['one without a code of ours', { name: 'ServiceError', code: 'a' }, { code: 'INTERNAL_ERROR' }],
    ['an error', new Error('no'), { code: 'INTERNAL_ERROR', message: 'no' }],
    ['text', 'no', { code: 'INTERNAL_ERROR', message: 'no' }],
    ['nothing', undefined, { code: 'INTERNAL_ERROR', message: 'undefined' }],
    ['what has no text', Object.create(null), { message: 'something that has no text was thrown' }],
    ['a revoked proxy', revokedProxy(), { message: 'something that has no text was thrown' }],
    [
      'what throws where it is read',
      Object.defineProperty(new Error(), 'message', { get: () => fail('unreadable') }),
      { message: 'something that has no text was thrown' },
    ],
    ['a novel', new Error('é'.repeat(10_000)), { message: 'é'.repeat(2_048) }],
  ])('%s that is thrown', async (_what, error, told) => {
    const { broker, id } = await serve(() => Promise.reject(error));
    await broker.request(id, 1, 'x');
    expect(await broker.next('failure')).toMatchObject({ retryable: false, ...told });
    await broker.request(id, 2, 'x');
    expect((await broker.next('failure')).ref).toBe(2);
  });

  test.each<[string, Handler]>([
    ['thrown', () => fail(revokedProxy())],
    ['promised', () => Promise.resolve(new Proxy({}, { has: () => fail('unreadable') })) as never],
    ['given', () => revokedProxy() as never],
  ])('what cannot be looked at when it is %s takes no place', async (_what, handler) => {
    const { broker, worker, id } = await serve(handler);
    await broker.request(id, 1, 'x');
    expect(await broker.next('failure')).toMatchObject({ ref: 1, code: 'INTERNAL_ERROR' });
    expect(worker.stats).toMatchObject({ failed: 1, running: 0, reconnects: 0 });
  });

  test('encodeError puts any other error into a reply', async () => {
    const { broker, worker, id } = await serve(() => Promise.reject(new Error('no such order')), {
      encodeError: (error, { body }) => ['ERROR', (error as Error).message, body.text()],
    });
    await broker.request(id, 1, '42');
    expect(await broker.reply(1)).toBe('ERROR|no such order|42');
    expect(worker.stats).toMatchObject({ failed: 1, handled: 0 });
  });

  test.each<[string, Handler, string]>([
    ['no body', () => ({ answer: 42 }) as never, 'A body is text'],
    ['too large', () => Buffer.alloc(1_001), '1001 bytes'],
    ['too large as text', () => 'é'.repeat(501), '1002 bytes'],
    ['too many frames', () => Array<string>(21).fill(''), '21 frames'],
    ['of a type too long to say', (_r, c) => ((c.replyContentType = 'x'.repeat(5_000)), 'x'), 'Metadata'],
  ])('a result that is %s', async (_what, handler, reason) => {
    const limits = { messageBytesMax: 1_000, framesMax: 20 };
    const { broker, id } = await serve(handler, { limits });
    await broker.request(id, 1, 'x');
    const failure = await broker.next('failure');
    expect(failure).toMatchObject({ code: 'INTERNAL_ERROR', retryable: false });
    expect(failure.message).toContain(reason);
  });

  test('the broker’s limits hold as well', async () => {
    const { broker, id } = await serve(() => Buffer.alloc(1_000_001));
    await broker.request(id, 1, 'x');
    expect((await broker.next('failure')).message).toContain('at most 1000000');
  });

  test('a result of just the size is sent', async () => {
    const limits = { messageBytesMax: 1_000, framesMax: 20 };
    const { broker, id } = await serve(
      ({ body }) => (body.text() === 'x' ? 'é'.repeat(500) : Array(20).fill('')),
      {
        limits,
      },
    );
    await broker.request(id, 1, 'x');
    expect(await broker.reply(1)).toHaveLength(500);
    await broker.request(id, 2, 'y');
    expect(await broker.reply(2)).toBe('|'.repeat(19));
  });
});

describe('several replies to one request', () => {
  const count = (asked: number[]): Handler =>
    async function* ({ body }) {
      for (let n = 0; n < Number(body.text()); n++) {
        asked.push(n);
        yield `part ${n}`;
      }
      return 'end';
    };

  test('each yield is a PARTIAL, as far as the window goes', async () => {
    const asked: number[] = [];
    const { broker, id } = await serve(count(asked));
    await broker.request(id, 1, '5', { window: 2 });
    expect(shown((await broker.next('partial')).body)).toBe('part 0');
    expect(shown((await broker.next('partial')).body)).toBe('part 1');
    const { heartbeats } = broker;
    await eventually(() => broker.heartbeats > heartbeats);
    expect([asked, broker.left]).toEqual([[0, 1], []]);
    await broker.say(id, { kind: 'window', ref: 1, more: 1 }, { kind: 'window', ref: 1, more: 9 });
    for (const n of [2, 3, 4]) expect(shown((await broker.next('partial')).body)).toBe(`part ${n}`);
    expect(await broker.reply(1)).toBe('end');
  });

  test('a promise of a generator, and any async iterable, will do', async () => {
    const { broker, id } = await serve(async (request, context) => count([])(request, context) as never);
    await broker.request(id, 1, '1');
    await broker.next('partial');
    expect(await broker.reply(1)).toBe('end');
  });

  test('CANCEL ends a generator through its return(), in its sleep as well', async () => {
    const ended: string[] = [];
    const { broker, worker, id } = await serve(
      async function* () {
        try {
          for (;;) yield 'tick';
        } finally {
          ended.push('returned');
        }
      },
      { concurrency: 2 },
    );
    await broker.request(id, 1, 'x', { window: 3 });
    for (let n = 0; n < 3; n++) await broker.next('partial');
    await broker.say(id, { kind: 'cancel', ref: 1 });
    expect(await broker.next('failure')).toMatchObject({ ref: 1, code: 'CANCELLED' });
    expect(ended).toEqual(['returned']);
    expect(worker.stats).toMatchObject({ dropped: 1, running: 0 });
  });

  test('a generator that throws after a PARTIAL fails its request; one with a bad part does, and is told', async () => {
    const ended = deferred();
    const { broker, id } = await serve(async function* ({ body }) {
      try {
        yield 'one';
        if (body.text() === 'bad part') yield { two: 2 } as never;
        throw new ServiceError('TWO', 'second');
      } finally {
        if (body.text() === 'bad part') ended.resolve();
      }
    });
    await broker.request(id, 1, 'x');
    await broker.next('partial');
    expect(await broker.next('failure')).toMatchObject({ ref: 1, code: 'TWO' });
    await broker.request(id, 2, 'bad part');
    await broker.next('partial');
    expect(await broker.next('failure')).toMatchObject({ ref: 2, code: 'INTERNAL_ERROR' });
    await ended.promise;
  });

  test('the loss of the broker ends a generator that waits for its window', async () => {
    const ended = deferred<unknown>();
    const { broker, worker, id } = await serve(async function* (_request, { signal }) {
      try {
        for (;;) yield 'tick';
      } finally {
        ended.resolve(signal.reason);
      }
    });
    await broker.request(id, 1, 'x', { window: 1 });
    await broker.next('partial');
    await broker.crash();
    expect(await ended.promise).toBeInstanceOf(ConnectionLostError);
    await eventually(() => worker.stats.running === 0);
  });
});

describe('concurrency', () => {
  test('changes while it runs, up and down: the broker is told, and no more handlers run', async () => {
    const cues: (() => void)[] = [];
    const { broker, worker, id } = await serve(
      () => new Promise<void>((resolve) => cues.push(resolve)).then(() => 'done'),
      { concurrency: 1 },
    );
    worker.setConcurrency(3);
    expect(await broker.next('credit')).toMatchObject({ credit: 3 });
    await broker.say(id, packedRequest(1), packedRequest(2), packedRequest(3));
    await eventually(() => worker.stats.running === 3);
    worker.setConcurrency(1);
    expect(worker.concurrency).toBe(1);
    expect(await broker.next('credit')).toMatchObject({ credit: 1 });
    cues.shift()?.();
    expect(await broker.reply(1)).toBe('done');
    await broker.request(id, 4, 'x');
    await eventually(() => worker.stats.waiting === 1);
    expect(worker.stats.running).toBe(2);
    cues.shift()?.();
    await broker.reply(2);
    expect(worker.stats).toMatchObject({ running: 1, waiting: 1 });
    cues.shift()?.();
    await broker.reply(3);
    expect(worker.stats).toMatchObject({ running: 1, waiting: 0 });
    cues.shift()?.();
    await broker.reply(4);
  });

  test('more places let those in who wait', async () => {
    const one = await PackedBroker.listen();
    const two = await PackedBroker.listen();
    const { handler, resolve } = onCue();
    const worker = await startWorker([one.endpoint, two.endpoint], handler, {
      protocol: 'packed',
      liveness: 100,
    });
    await one.request(await one.ready(), 1, 'x');
    await two.request(await two.ready(), 1, 'x');
    await eventually(() => worker.stats.waiting === 1);
    worker.setConcurrency(2);
    expect(worker.stats).toMatchObject({ waiting: 0, running: 2 });
    resolve('done');
  });

  test.each([0, -1, 1.5, Number.NaN, 1_025, '5'])('%p is refused', (value) => {
    const worker = makeWorker('tcp://127.0.0.1:5555', echo, { concurrency: 2 });
    expect(() => worker.setConcurrency(value as number)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
    expect(worker.concurrency).toBe(2);
  });

  test('a change before the start holds, one after the end is refused', async () => {
    const broker = await PackedBroker.listen();
    const worker = makeWorker(broker.endpoint, echo, { protocol: 'packed' });
    worker.setConcurrency(4);
    await worker.start();
    expect(await broker.next('ready')).toMatchObject({ credit: 4 });
    await worker.close();
    expect(() => worker.setConcurrency(5)).toThrow(expect.objectContaining({ code: 'STATE' }));
  });
});

describe('the end', () => {
  test('drain: DRAINING, what was under way is served, DISCONNECT; all brokers at once', async () => {
    const one = await PackedBroker.listen({ confirmsDraining: false });
    const two = await PackedBroker.listen();
    const { handler, resolve } = onCue();
    const worker = await startWorker([one.endpoint, two.endpoint], handler, {
      protocol: 'packed',
      concurrency: 3,
    });
    const id = await one.ready();
    await two.ready();
    await one.request(id, 1, 'x');
    await eventually(() => worker.stats.running === 1);
    const drained = worker.drain();
    await Promise.all([one.next('draining'), two.next('draining')]);
    await two.next('disconnect');
    await one.say(id, packedRequest(2), { kind: 'draining' });
    await eventually(() => worker.stats.running === 2);
    resolve('done');
    expect([await one.reply(1), await one.reply(2)]).toEqual(['done', 'done']);
    await one.next('disconnect');
    await drained;
    expect(worker.stats).toMatchObject({ handled: 2, dropped: 0, registered: 0 });
  });

  test('a drain that takes too long aborts', async () => {
    const { handler, reasons } = onCue();
    const { broker, worker, id } = await serve(handler, { drainTimeoutMs: 20 });
    await broker.request(id, 1, 'x');
    await eventually(() => worker.stats.running === 1);
    await worker.drain();
    expect(reasons).toEqual([expect.any(ClosedError)]);
    await broker.next('draining');
    await broker.next('disconnect');
  });

  test('close aborts at once, those that wait for a place as well', async () => {
    const { handler, reasons } = onCue();
    const { broker, worker, id } = await serve(handler, { concurrency: 2 });
    worker.setConcurrency(1);
    await broker.next('credit');
    await broker.say(id, packedRequest(1), packedRequest(2));
    await eventually(() => worker.stats.waiting === 1);
    await worker.close();
    expect(reasons).toEqual([expect.any(ClosedError)]);
    await broker.next('disconnect');
    expect(worker.stats).toMatchObject({ waiting: 0, dropped: 1, running: 1 });
  });

  test('a handler may close its worker when its signal fires', async () => {
    let close: () => Promise<void> = () => Promise.resolve();
    const lost: unknown[] = [];
    const { broker, worker, id } = await serve(
      (_request, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            void close();
            resolve('too late');
          });
        }),
    );
    worker.on('lost', (event) => lost.push(event));
    close = () => worker.close();
    await broker.request(id, 1, 'x');
    await broker.say(id, DISCONNECT);
    await eventually(() => worker.state === 'closed');
    await worker.close();
    expect(lost).toEqual([]);
  });

  test('a handler may close its own worker', async () => {
    let close: () => Promise<void> = () => Promise.resolve();
    const { broker, worker, id } = await serve(() => {
      void close();
      return 'too late';
    });
    close = () => worker.close();
    await broker.request(id, 1, 'x');
    await broker.next('disconnect');
    expect(worker.stats).toMatchObject({ handled: 0, dropped: 1, running: 0 });
  });
});
