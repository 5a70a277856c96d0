import { eventually, leakCheck } from '@majordomo/testkit';
import { Worker, type Logger, type WorkerOptions } from '../src/index';
import { anew, closeAll, crash, event, listen, makeWorker, next, ready, startWorker } from './helpers';

leakCheck();
afterEach(closeAll);

const echo = (): string => 'echo';

describe('options', () => {
  test.each<[string, unknown]>([
    ...[
      'concurrency',
      'heartbeatMs',
      'liveness',
      'reconnectMinMs',
      'reconnectMaxMs',
      'connectTimeoutMs',
    ].flatMap((name): [string, unknown][] =>
      [Number.NaN, -1, 0, 1.5, Infinity, '5', null].map((value) => [name, value]),
    ),
    ...[Number.NaN, -1, 1.5].map((value): [string, unknown] => ['drainTimeoutMs', value]),
    ['concurrency', 1_025],
    ['heartbeatMs', 2 ** 31],
    ['protocol', 'mdp/0.3'],
    ['brokers', 'localhost:5555'],
    ['brokers', ''],
    ['brokers', []],
    ['brokers', ['tcp://127.0.0.1:5555', 'tcp://127.0.0.1:5555']],
    ['brokers', 'tcp://*:5555'],
    ['brokers', 'tcp://127.0.0.1:0'],
    ['brokers', 'tcp://127.0.0.1:*'],
    ['brokers', 'tcp://127.0.0.1:65536'],
    ['brokers', 5555],
    ['limits', { framesMax: 0 }],
    ['limits', { framesMost: 5 }],
    ['encodeError', 'text'],
    ['logger', {}],
    ['logger', { debug: echo, info: echo, warn: echo }],
    ['heartbeat', 5],
  ])('%s: %p is refused by name', (name, value) => {
    const make = (): Worker => new Worker('echo', echo, { [name]: value } as WorkerOptions);
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    expect(make).toThrow(name);
  });

  test('a longest wait below the shortest is refused', () => {
    expect(() => new Worker('echo', echo, { reconnectMinMs: 10, reconnectMaxMs: 9 })).toThrow(
      'reconnectMaxMs: should not be less than reconnectMinMs',
    );
  });

  test('options left undefined have their defaults, and what was passed in stays as it is', () => {
    const options = Object.freeze({
      brokers: Object.freeze(['tcp://127.0.0.1:5555']),
      concurrency: undefined,
      limits: Object.freeze({ framesMax: 10, frameBytesMax: undefined }),
      logger: undefined,
    });
    expect(new Worker('echo', echo, options).state).toBe('new');
  });

  test.each(['', 'a\nb', 'x'.repeat(256), 'mmi.echo'])('the service name %p is refused', (service) => {
    expect(() => new Worker(service, echo)).toThrow(expect.objectContaining({ code: 'INVALID_SERVICE' }));
  });

  test('a name that only looks like the broker’s own is taken', () => {
    expect(new Worker('mmix', echo).service).toBe('mmix');
  });

  test('a handler that is no function is refused', () => {
    expect(() => new Worker('echo', 'echo' as never)).toThrow('The handler should be a function');
  });
});

describe('life', () => {
  test('starts once', async () => {
    const broker = await listen();
    const worker = makeWorker(broker.endpoint, echo);
    expect(worker.state).toBe('new');
    const registered = event(worker, 'registered');
    await worker.start();
    expect(worker.state).toBe('running');
    await expect(worker.start()).rejects.toMatchObject({ code: 'STATE' });
    expect(await registered).toEqual({ broker: broker.endpoint });
    await worker.close();
    await expect(worker.start()).rejects.toMatchObject({ code: 'STATE' });
  });

  test.each(['drain', 'close'] as const)('%s before start ends it', async (end) => {
    const worker = makeWorker('tcp://127.0.0.1:5555', echo);
    await worker[end]();
    expect(worker.state).toBe('closed');
    await expect(worker.start()).rejects.toMatchObject({ code: 'STATE' });
  });

  test('drain and close may be called again and again', async () => {
    const broker = await listen();
    const worker = await startWorker(broker.endpoint, echo);
    await ready(broker);
    await Promise.all([worker.drain(), worker.drain(), worker.close(), worker.close()]);
    await worker.drain();
    await next(broker, 'disconnect');
  });

  test('await using drains', async () => {
    const broker = await listen();
    {
      await using worker = await startWorker(broker.endpoint, echo);
      expect(await ready(broker)).toBeDefined();
      expect(worker.state).toBe('running');
    }
    await next(broker, 'disconnect');
  });

  test('listeners can be taken off, and one that throws is an uncaught exception, not the end of a session', async () => {
    const broker = await listen();
    const worker = makeWorker(broker.endpoint, echo);
    const seen: string[] = [];
    const listener = (): void => void seen.push('off');
    worker.on('registered', listener).off('registered', listener);
    worker.once('registered', () => {
      throw new Error('of a listener');
    });
    const uncaught = jest.spyOn(process, 'nextTick').mockImplementationOnce((rethrow) => {
      expect(rethrow).toThrow('of a listener');
      seen.push('rethrown');
    });
    await worker.start();
    const identity = await ready(broker);
    await eventually(() => seen.includes('rethrown'));
    uncaught.mockRestore();
    await broker.sendRequest(identity, 'c', 'x');
    await next(broker, 'final');
    expect(seen).toEqual(['rethrown']);
  });

  test('what happens is logged with service and broker', async () => {
    const lines: { level: string; fields: object; message: string }[] = [];
    const note = (level: string) => (fields: object, message: string) => {
      lines.push({ level, fields, message });
    };
    const logger: Logger = {
      debug: note('debug'),
      info: note('info'),
      warn: note('warn'),
      error: note('error'),
    };
    const broker = await listen();
    const error = new Error('no');
    const worker = await startWorker(broker.endpoint, () => Promise.reject(error), { logger });
    await broker.sendRequest(await ready(broker), 'c', 'x');
    const identity = await anew(broker);
    await broker.socket.send(identity, 'nonsense');
    await eventually(() => worker.stats.rejected === 1);
    await crash(broker);
    await eventually(() => worker.stats.registered === 0);
    await worker.close();
    const about = { service: 'echo', broker: broker.endpoint };
    expect(lines.filter(({ level }) => level !== 'debug')).toEqual([
      { level: 'info', fields: { event: 'registered', ...about }, message: 'registered with a broker' },
      {
        level: 'error',
        fields: { event: 'requestFailed', ...about, ref: 1, attempt: 0, err: error },
        message: 'a request failed: given back to the broker without a reply',
      },
      {
        level: 'warn',
        fields: { event: 'rejected', ...about, reason: 'unknown_header', detail: expect.any(String) },
        message: 'a message of a broker was not taken',
      },
      {
        level: 'warn',
        fields: { event: 'lost', ...about, reason: 'connection closed' },
        message: 'not connected to a broker: trying until it is back',
      },
    ]);
  });
});
