import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { eventually, leakCheck } from '@majordomo/testkit';
import { Worker, type ThreadedWorkerOptions } from '../src/index';
import { anew, closeAll, event, HEARTBEAT_MS, listen, next, texts } from './helpers';

/*
 * What runs in the threads is what was built: `npm run --silent build:js` before these tests.
 */

jest.setTimeout(60_000);
leakCheck();

const workers: Worker[] = [];
const directory = mkdtempSync(join(tmpdir(), 'majordomo-threads-'));

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
  await closeAll();
});
afterAll(() => rmSync(directory, { recursive: true }));

const file = (name: string): string => join(__dirname, 'handlers', name);

function makeThreaded(options: Partial<ThreadedWorkerOptions> = {}): Worker {
  const worker = new Worker('echo', {
    handlerFile: file('tricks.mjs'),
    threads: 1,
    protocol: 'mdp/0.2',
    heartbeatMs: HEARTBEAT_MS,
    liveness: 100,
    reconnectMinMs: 10,
    reconnectMaxMs: 40,
    ...options,
  });
  workers.push(worker);
  return worker;
}

describe('start', () => {
  test.each([
    ['is not there', 'nowhere.mjs', /There is no handler file .*nowhere\.mjs/],
    [
      'exports no default',
      'no-default.mjs',
      /default export .*no-default\.mjs should be a function, got undef/,
    ],
    ['throws', 'throws.mjs', /throws\.mjs cannot be loaded: no database/],
    ['ends its thread', 'exits.mjs', /A thread ended while it loaded .*exits\.mjs: .*code: 3/],
  ])('a handler file that %s is an error, and closes the worker', async (_what, name, message) => {
    const worker = makeThreaded({ handlerFile: file(name), threads: 2 });
    await expect(worker.start()).rejects.toMatchObject({
      name: 'InvalidHandlerError',
      code: 'INVALID_HANDLER',
      retryable: false,
      message: expect.stringMatching(message) as string,
    });
    expect(worker.state).toBe('closed');
  });

  test('a worker that is closed meanwhile does not start', async () => {
    const worker = makeThreaded();
    const starting = worker.start();
    const refused = expect(starting).rejects.toMatchObject({ code: 'CLOSED' });
    await worker.close();
    await refused;
    expect(worker.state).toBe('closed');
  });

  test.each<[string, object]>([
    ['handlerFile', { handlerFile: '' }],
    ['handlerFile', { handlerFile: new URL('https://example.org/handler.mjs') }],
    ['handlerFile', { handlerFile: 'file://%zz' }],
    ['handlerFile', { handlerFile: 'file://elsewhere/handler.mjs' }],
    ['handlerFile', { handlerFile: 'file:///a%2fb.mjs' }],
    ['threads', { threads: 0 }],
    ['threads', { threads: 1.5 }],
    ['threads', { threads: 257 }],
    ['abortGraceMs', { abortGraceMs: -1 }],
    ['abortGraceMs', { abortGraceMs: NaN }],
    ['resourceLimits.maxOldGenerationSizeMb', { resourceLimits: { maxOldGenerationSizeMb: 0 } }],
    ['resourceLimits', { resourceLimits: { nonsense: 1 } }],
    ['concurrency', { concurrency: 0 }],
    ['nonsense', { nonsense: 1 }],
  ])('%s is checked: %j', (name, options) => {
    expect(() => makeThreaded(options)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining(name) as string,
      }) as Error,
    );
  });

  test('neither a handler nor a handlerFile is an error that names both', () => {
    expect(() => new Worker('echo', {} as never)).toThrow(/handler should be a function.*handlerFile/);
  });

  test('concurrency is as many as threads unless told otherwise', () => {
    expect(makeThreaded({ threads: 3 }).concurrency).toBe(3);
    expect(makeThreaded({ threads: 3, concurrency: 8 }).concurrency).toBe(8);
    expect(makeThreaded({ handlerFile: pathToFileURL(file('tricks.mjs')) }).concurrency).toBe(1);
  });
});

describe.each(['mdp/0.1', 'mdp/0.2'] as const)('behind a plain broker, %s', (protocol) => {
  const last = protocol === 'mdp/0.1' ? 'reply' : 'final';
  const serve = async (options: Partial<ThreadedWorkerOptions> = {}) => {
    const broker = await listen(protocol);
    const worker = makeThreaded({ protocol, brokers: broker.endpoint, ...options });
    await worker.start();
    const { worker: identity } = await next(broker, 'ready');
    return { broker, worker, identity };
  };

  test('replies of every shape come back byte for byte, the same one twice', async () => {
    const { broker, worker, identity } = await serve();
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const large = Buffer.alloc(1 << 20, everyByte);
    await broker.sendRequest(identity, 'c', 'echo', everyByte, '', large);
    const { body = [] } = await next(broker, last);
    expect(body.map(({ length }) => length)).toEqual([256, 0, 1 << 20]);
    expect(Buffer.concat(body).equals(Buffer.concat([everyByte, large]))).toBe(true);
    for (const trick of ['bytes', 'bytes', 'text', 'nothing']) {
      await broker.sendRequest(identity, 'c', trick);
      const [reply] = texts(await next(broker, last));
      expect(reply).toBe(trick === 'bytes' ? 'c'.repeat(100_000) : trick === 'text' ? 'text' : '');
    }
    expect(worker.stats).toMatchObject({ requests: 5, handled: 5, threadsLost: 0 });
  });

  test.each([
    ['common.cjs', 'CommonJS got x'],
    ['compiled.cjs', 'compiled got x'],
  ])('a handler may be in CommonJS: %s', async (name, reply) => {
    const { broker, identity } = await serve({ handlerFile: file(name) });
    await broker.sendRequest(identity, 'c', 'x');
    expect(texts(await next(broker, last))).toEqual([reply]);
  });

  test('several replies are a stream, or one reply where there are no PARTIALs', async () => {
    const { broker, identity } = await serve();
    await broker.sendRequest(identity, 'c', 'count', '2');
    if (protocol === 'mdp/0.1') {
      expect(texts(await next(broker, 'reply'))).toEqual(['part 0', 'part 1', 'end']);
      return;
    }
    expect(texts(await next(broker, 'partial'))).toEqual(['part 0']);
    expect(texts(await next(broker, 'partial'))).toEqual(['part 1']);
    expect(texts(await next(broker, 'final'))).toEqual(['end']);
  });

  test('a handler that blocks for fifteen heartbeats keeps sending them', async () => {
    const { broker, worker, identity } = await serve();
    const lost = jest.fn();
    worker.on('lost', lost);
    const before = broker.heartbeats;
    await broker.sendRequest(identity, 'c', 'block', String(15 * HEARTBEAT_MS));
    expect(texts(await next(broker, last))).toEqual(['unblocked']);
    expect(broker.heartbeats - before).toBeGreaterThanOrEqual(3);
    expect(lost).not.toHaveBeenCalled();
  });

  test('a crash gives the request back, as any failure does, and the next one is served', async () => {
    const { broker, worker, identity } = await serve();
    const failed = event(worker, 'requestFailed');
    const lost = event(worker, 'threadLost');
    await broker.sendRequest(identity, 'c', 'exit');
    const again = await anew(broker);
    expect((await failed).error).toMatchObject({ code: 'THREAD_CRASHED', retryable: false });
    expect(await lost).toMatchObject({ why: 'crashed' });
    await broker.sendRequest(again, 'c', 'text');
    expect(texts(await next(broker, last))).toEqual(['text']);
    expect(worker.stats).toMatchObject({ handled: 1, failed: 1 });
    await eventually(() => worker.stats.threadsLost === 1);
  });

  test('encodeError gets what was thrown in the thread', async () => {
    const { broker, identity } = await serve({
      encodeError: (error) => {
        const { name, message, distance, cause } = error as RangeError & { distance: number };
        return [name, message, String(distance), (cause as Error).message];
      },
    });
    await broker.sendRequest(identity, 'c', 'error');
    expect(texts(await next(broker, last))).toEqual(['RangeError', 'too far', '7', 'the map']);
  });
});

test('what a file cannot be loaded for after a crash fails the request, and the thread is replaced', async () => {
  const { copyFileSync, writeFileSync } = await import('node:fs');
  const path = join(directory, 'moody.cjs');
  writeFileSync(path, `module.exports = ({ body }) => (body.text() === 'exit' ? process.exit(1) : 'fine');`);
  const broker = await listen();
  const worker = makeThreaded({ brokers: broker.endpoint, handlerFile: path });
  await worker.start();
  const { worker: identity } = await next(broker, 'ready');
  copyFileSync(path, `${path}.good`);
  writeFileSync(path, `throw new Error('half written');`);
  await broker.sendRequest(identity, 'c', 'exit');
  const second = await anew(broker);
  const failed = event(worker, 'requestFailed');
  await broker.sendRequest(second, 'c', 'x');
  const third = await anew(broker);
  expect((await failed).error).toMatchObject({
    code: 'THREAD_CRASHED',
    message: expect.stringContaining('half written') as string,
  });
  copyFileSync(`${path}.good`, path);
  await broker.sendRequest(third, 'c', 'x');
  expect(texts(await next(broker, 'final'))).toEqual(['fine']);
  await eventually(() => worker.stats.threadsLost === 2);
});
