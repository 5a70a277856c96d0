import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, leakCheck } from '@majordomo/testkit';
import { Worker, type ThreadedWorkerOptions, type WorkerEvents } from '@majordomo/worker';
import type { Client } from '../../src/index';
import { closeAll, later, newBroker, newClient, track } from './support';

/*
 * What runs in the threads is what was built: `npm run --silent build:js` before these tests.
 */

jest.setTimeout(60_000);
leakCheck();
afterEach(closeAll);

const directory = mkdtempSync(join(tmpdir(), 'majordomo-threads-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
/** A file for a handler to write its notes into. */
const newFile = (): string => join(directory, `notes-${++files}`);
const notes = (path: string): string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];

/** A worker with the handler `tricks.mjs` in threads, registered. */
async function newThreaded(options: Partial<ThreadedWorkerOptions>): Promise<Worker> {
  const worker = track(
    new Worker('tricks', {
      handlerFile: join(__dirname, '../../../worker/test/handlers/tricks.mjs'),
      threads: 1,
      heartbeatMs: 200,
      reconnectMinMs: 10,
      reconnectMaxMs: 50,
      probeMs: 100,
      ...options,
    }),
  );
  const registered = new Promise((resolve) => worker.once('registered', resolve));
  await worker.start();
  await registered;
  return worker;
}

async function setUp(options: Partial<ThreadedWorkerOptions> = {}): Promise<{
  endpoint: string;
  worker: Worker;
  client: Client;
}> {
  const { endpoint } = await newBroker();
  const worker = await newThreaded({ brokers: endpoint, ...options });
  // A thread takes its time to start on a machine that is busy with other things.
  return { endpoint, worker, client: newClient({ brokers: endpoint, timeoutMs: 30_000 }) };
}

/** All events of one name. */
function events<Name extends keyof WorkerEvents>(worker: Worker, name: Name): WorkerEvents[Name][] {
  const seen: WorkerEvents[Name][] = [];
  worker.on(name, (event) => seen.push(event));
  return seen;
}

describe.each(['packed', 'mdp/0.2', 'mdp/0.1'] as const)('a worker of %s', (protocol) => {
  test('that blocks its threads for three times the patience of the broker stays registered', async () => {
    const { endpoint } = await newBroker({ heartbeatMs: 100, liveness: 4 });
    const worker = await newThreaded({ brokers: endpoint, protocol, heartbeatMs: 100, threads: 2 });
    const lost = events(worker, 'lost');
    const client = newClient({ brokers: endpoint });
    const replies = ['1200', '1200'].map((ms) => client.request('tricks', ['block', ms]));
    expect((await Promise.all(replies)).map((reply) => reply.text())).toEqual(['unblocked', 'unblocked']);
    expect(lost).toEqual([]);
    expect(worker.stats).toMatchObject({ reconnects: 0, handled: 2, dropped: 0 });
  });

  test('streams', async () => {
    const { client } = await setUp({ protocol });
    const parts: string[] = [];
    for await (const { body } of client.stream('tricks', ['count', '3'])) {
      for (let n = 0; n < body.length; n++) parts.push(body.text(n));
    }
    expect(parts).toEqual(['part 0', 'part 1', 'part 2', 'end']);
  });
});

test('a handler in a thread is told what one in the main thread is, and says what its reply is', async () => {
  const { endpoint, client } = await setUp();
  const stream = client.stream('tricks', 'about', { priority: 7 });
  expect((await stream.next()).value?.metadata.contentType).toBe('application/json');
  const reply = await client.request('tricks', 'about', { priority: 7, timeoutMs: 3_000 });
  const { remainingMs, threadId, ...about } = reply.json<Record<string, number>>();
  expect(about).toEqual({
    service: 'tricks',
    priority: 7,
    attempt: 1,
    broker: endpoint,
    aborted: false,
    isMainThread: false,
  });
  expect(threadId).toBeGreaterThan(0);
  expect(remainingMs).toBeGreaterThan(0);
  expect(remainingMs).toBeLessThanOrEqual(3_000);
});

test('what a handler throws reaches the client as it would from the main thread', async () => {
  const { worker, client } = await setUp();
  const failed = events(worker, 'requestFailed');
  const expected = [
    ['service', 'OUT_OF_STOCK', 'none left', true],
    ['error', 'INTERNAL_ERROR', 'too far', false],
    ['odd', 'INTERNAL_ERROR', 'thrown', false],
    ['object', 'INTERNAL_ERROR', 'A body is text', false],
    ['no such trick', 'INTERNAL_ERROR', 'no trick', false],
  ] as const;
  for (const [trick, workerCode, text, retryable] of expected) {
    await expect(client.request('tricks', trick)).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      workerCode,
      message: expect.stringContaining(text) as string,
      retryable,
    });
  }
  expect(failed.map(({ error }) => (error as Error).name)).toEqual([
    'ServiceError',
    'RangeError',
    undefined,
    'InvalidBodyError',
    'Error',
  ]);
  expect(worker.stats).toMatchObject({ failed: 5, threadsLost: 0, running: 0 });
});

describe('an abort', () => {
  test.each([
    ['waits for its signal', 'patient'],
    ['asks its signal without letting the event loop turn', 'polling'],
  ])('by the client reaches a handler that %s', async (_how, trick) => {
    const { worker, client } = await setUp();
    const path = newFile();
    const controller = new AbortController();
    const call = later(client.request('tricks', [trick, path], { signal: controller.signal }));
    await eventually(() => notes(path).includes('started'));
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
    await eventually(() => notes(path).length === 2);
    expect(notes(path)).toEqual(['started', 'CancelledError']);
    expect((await client.request('tricks', 'text')).text()).toBe('text');
    expect(worker.stats).toMatchObject({ dropped: 1, handled: 1, threadsLost: 0 });
  });

  test.each(['patient', 'polling'])('by the deadline does so too: %s', async (trick) => {
    const { worker, client } = await setUp();
    const path = newFile();
    const call = later(client.request('tricks', [trick, path], { timeoutMs: 300 }));
    await expect(call).rejects.toMatchObject({ code: 'TIMEOUT' });
    await eventually(() => notes(path).length === 2);
    expect(notes(path)).toEqual(['started', 'ExpiredError']);
    expect((await client.request('tricks', 'text')).text()).toBe('text');
    expect(worker.stats).toMatchObject({ dropped: 1, threadsLost: 0 });
  });

  test('that is ignored ends the thread after abortGraceMs; the next request has a new one', async () => {
    const { worker, client } = await setUp({ abortGraceMs: 100 });
    const lost = events(worker, 'threadLost');
    const path = newFile();
    const call = later(client.request('tricks', ['stubborn', path], { timeoutMs: 300 }));
    await eventually(() => notes(path).includes('started'));
    await expect(call).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect((await client.request('tricks', 'text')).text()).toBe('text');
    expect(lost).toEqual([{ why: 'terminated' }]);
    expect(worker.stats).toMatchObject({ dropped: 1, handled: 1, failed: 0 });
    await eventually(() => worker.stats.threadsLost === 1);
  });

  test('of a request that waits for a thread keeps it from being started', async () => {
    const { worker, client } = await setUp({ concurrency: 2 });
    const [first, second] = [newFile(), newFile()];
    const running = later(client.request('tricks', ['until', first]));
    await eventually(() => notes(first).includes('started'));
    const controller = new AbortController();
    const waiting = later(client.request('tricks', ['patient', second], { signal: controller.signal }));
    await eventually(() => worker.stats.running === 2);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    await eventually(() => worker.stats.dropped === 1);
    appendFileSync(first, 'go\n');
    expect((await running).text()).toBe('done');
    expect(existsSync(second)).toBe(false);
  });
});

describe('a crash', () => {
  test.each([
    ['exit', 'code: 7'],
    ['uncaught', 'out of the blue'],
    ['rejection', 'unheard of'],
    ['memory', 'memory'],
  ])(
    '%s fails its request with a code; what another thread does goes on, and the pool recovers',
    async (trick, text) => {
      const { worker, client } = await setUp({ threads: 2, resourceLimits: { maxOldGenerationSizeMb: 24 } });
      const lost = events(worker, 'threadLost');
      const path = newFile();
      const other = later(client.request('tricks', ['until', path]));
      await eventually(() => notes(path).includes('started'));
      await expect(client.request('tricks', trick)).rejects.toMatchObject({
        code: 'WORKER_FAILED',
        workerCode: 'THREAD_CRASHED',
        message: expect.stringContaining(text) as string,
        retryable: false,
      });
      const after = ['text', 'text'].map((next) => client.request('tricks', next));
      expect((await Promise.all(after)).map((reply) => reply.text())).toEqual(['text', 'text']);
      appendFileSync(path, 'go\n');
      expect((await other).text()).toBe('done');
      expect(lost).toMatchObject([{ why: 'crashed' }]);
      expect(worker.stats).toMatchObject({ handled: 3, failed: 1, running: 0 });
      await eventually(() => worker.stats.threadsLost === 1);
    },
  );

  test.each([
    ['throws', 'bomb'],
    ['exits', 'sleeper'],
  ])('of a thread that %s while it has nothing to do harms no request', async (_how, trick) => {
    const { worker, client } = await setUp();
    expect((await client.request('tricks', trick)).text()).toBe('for now');
    await eventually(() => worker.stats.threadsLost === 1);
    expect((await client.request('tricks', 'text')).text()).toBe('text');
    expect(worker.stats).toMatchObject({ handled: 2, failed: 0 });
  });

  test('of a thread that posts to the main one on its own harms nobody', async () => {
    const { worker, client } = await setUp();
    expect((await client.request('tricks', 'posts')).text()).toBe('posted');
    const path = newFile();
    const aborting = new AbortController();
    const request = client.request('tricks', ['polling', path], { signal: aborting.signal });
    await eventually(() => notes(path).length === 1);
    aborting.abort();
    await expect(request).rejects.toMatchObject({ code: 'ABORTED' });
    await eventually(() => notes(path)[1] === 'CancelledError');
    expect(worker.stats).toMatchObject({ failed: 0, threadsLost: 0 });
  });

  test('in a stream fails the stream after what came before it', async () => {
    const { client } = await setUp();
    const parts: string[] = [];
    const read = async (trick: string): Promise<void> => {
      for await (const { body } of client.stream('tricks', trick)) parts.push(body.text());
    };
    await expect(read('crashes')).rejects.toMatchObject({ workerCode: 'THREAD_CRASHED' });
    await expect(read('breaks')).rejects.toMatchObject({ workerCode: 'BROKEN' });
    expect(parts).toEqual(['one', 'one']);
  });
});

describe('a stream', () => {
  test('with a reply that is too large fails, and its generator is told to clean up', async () => {
    const { worker, client } = await setUp({ limits: { frameBytesMax: 1_000 } });
    const path = newFile();
    await expect(client.request('tricks', ['swells', path])).rejects.toMatchObject({
      workerCode: 'INTERNAL_ERROR',
      message: expect.stringContaining('1000') as string,
    });
    await eventually(() => notes(path).at(-1) === 'cleaned up');
    expect((await client.request('tricks', 'text')).text()).toBe('text');
    expect(worker.stats).toMatchObject({ failed: 1, threadsLost: 0 });
  });

  test('is paused in its thread by a slow reader, and no more is made than fits the window', async () => {
    const { endpoint } = await setUp();
    const client = newClient({ brokers: endpoint, streamBufferMax: 8 });
    const path = newFile();
    const stream = client.stream('tricks', ['count', '200', path]);
    const first = await stream.next();
    expect(first.value?.metadata.contentType).toBe('text/plain');
    expect(first.value?.body.text()).toBe('part 0');
    await eventually(() => notes(path).length >= 8);
    const made = notes(path).length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(notes(path).length).toBe(made);
    expect(made).toBeLessThan(100);
    const rest: string[] = [];
    for await (const { body } of stream) rest.push(body.text());
    expect(rest).toEqual([...Array.from({ length: 199 }, (_, n) => `part ${n + 1}`), 'end']);
    expect(notes(path).at(-1)).toBe('cleaned up');
  });

  test('that its reader leaves is told to clean up', async () => {
    const { worker, client } = await setUp();
    const path = newFile();
    for await (const { body } of client.stream('tricks', ['count', '100000', path])) {
      expect(body.text()).toBe('part 0');
      break;
    }
    await eventually(() => notes(path).at(-1) === 'cleaned up');
    expect((await client.request('tricks', 'text')).text()).toBe('text');
    expect(worker.stats).toMatchObject({ dropped: 1, threadsLost: 0 });
  });
});

test('setConcurrency changes how many are taken, not how many threads there are', async () => {
  const { worker, client } = await setUp({ threads: 1 });
  worker.setConcurrency(3);
  const paths = [newFile(), newFile(), newFile()];
  const calls = paths.map((path) => later(client.request('tricks', ['until', path])));
  await eventually(() => worker.stats.running === 3);
  await eventually(() => paths.some((path) => existsSync(path)));
  expect(paths.filter((path) => existsSync(path))).toHaveLength(1);
  for (const path of paths) appendFileSync(path, 'go\n');
  expect((await Promise.all(calls)).map((reply) => reply.text())).toEqual(['done', 'done', 'done']);
});

describe('the end', () => {
  test('drain waits for what is in the threads', async () => {
    const { worker, client } = await setUp();
    const path = newFile();
    const call = later(client.request('tricks', ['until', path]));
    await eventually(() => notes(path).includes('started'));
    const drained = worker.drain();
    appendFileSync(path, 'go\n');
    await drained;
    expect((await call).text()).toBe('done');
    expect(worker.stats).toMatchObject({ handled: 1, dropped: 0, threadsLost: 0 });
  });

  test('close lets a handler that hears its signal end, and ends the thread of one that does not', async () => {
    const { worker, client } = await setUp({ threads: 2, abortGraceMs: 500 });
    const lost = events(worker, 'threadLost');
    const [patient, stubborn] = [newFile(), newFile()];
    const calls = [
      later(client.request('tricks', ['patient', patient])),
      later(client.request('tricks', ['stubborn', stubborn])),
    ];
    await eventually(() => notes(patient).length === 1 && notes(stubborn).length === 1);
    await worker.close();
    expect(notes(patient)).toEqual(['started', 'ClosedError']);
    expect(worker.stats).toMatchObject({ dropped: 2, running: 0 });
    expect(lost).toEqual([{ why: 'terminated' }]);
    await client.close();
    await Promise.allSettled(calls);
  });

  test('drain with a handler that does not end takes drainTimeoutMs and the grace', async () => {
    const { worker, client } = await setUp({ drainTimeoutMs: 50, abortGraceMs: 50 });
    const lost = events(worker, 'threadLost');
    const path = newFile();
    later(client.request('tricks', ['stubborn', path]));
    await eventually(() => notes(path).includes('started'));
    await worker.drain();
    expect(worker.stats).toMatchObject({ dropped: 1, running: 0 });
    expect(lost).toEqual([{ why: 'terminated' }]);
  });

  test('a thread that exits later than the others, which were idle, is not replaced after the end', async () => {
    const { worker, client } = await setUp({ threads: 2, drainTimeoutMs: 50, abortGraceMs: 50 });
    const path = newFile();
    later(client.request('tricks', ['native', path]));
    await eventually(() => notes(path).includes('started'));
    await worker.drain();
    expect(worker.stats).toMatchObject({ dropped: 1, running: 0 });
  });

  test('`await using` drains and leaves no thread', async () => {
    const { endpoint } = await newBroker();
    const client = newClient({ brokers: endpoint });
    {
      await using worker = await newThreaded({ brokers: endpoint, threads: 2 });
      expect((await client.request('tricks', 'text')).text()).toBe('text');
      expect(worker.state).toBe('running');
    }
  });
});

test('with more requests than threads, those beyond wait in the worker and all are answered', async () => {
  const { worker, client } = await setUp({ threads: 2, concurrency: 16 });
  const replies = Array.from({ length: 100 }, (_, n) => client.request('tricks', ['echo', String(n)]));
  expect((await Promise.all(replies)).map((reply) => reply.text())).toEqual(replies.map((_, n) => String(n)));
  expect(worker.stats).toMatchObject({ handled: 100, running: 0, threadsLost: 0 });
});
