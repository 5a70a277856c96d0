import { Broker } from '@majordomo/broker';
import { ServiceError } from '@majordomo/protocol';
import { eventually } from '@majordomo/testkit';
import type { Handler } from '@majordomo/worker';
import { closeAll, counted, deferred, later, newBroker, newClient, newWorker, untilTold } from './support';

afterEach(closeAll);

test('a ServiceError reaches the client with its code, message and whether to retry', async () => {
  const { endpoint } = await newBroker();
  const handler: Handler = () => {
    throw new ServiceError('OUT_OF_STOCK', 'none left', { retryable: true });
  };
  await newWorker('shop', handler, { brokers: endpoint });
  await expect(newClient({ brokers: endpoint }).request('shop', 'one')).rejects.toMatchObject({
    name: 'WorkerFailedError',
    code: 'WORKER_FAILED',
    workerCode: 'OUT_OF_STOCK',
    message: expect.stringContaining('none left') as string,
    retryable: true,
  });
});

test('what a handler throws or says of its reply may be anything: the request fails, its place is free again', async () => {
  const { endpoint } = await newBroker();
  const oddities: Record<string, () => unknown> = {
    list: () => Object.assign(new Error(), { message: ['name must be text'] }),
    number: () => Object.assign(new Error(), { message: 7 }),
    nothing: () => undefined,
    untellable: () => ({
      toString: () => {
        throw new Error('no');
      },
    }),
  };
  const handler: Handler = ({ body }, context) => {
    const text = body.text();
    if (text === 'type') (context as { replyContentType: unknown }).replyContentType = 404;
    if (text in oddities) throw oddities[text]!();
    return body;
  };
  const worker = await newWorker('odd', handler, { brokers: endpoint, concurrency: 1 });
  const client = newClient({ brokers: endpoint });
  for (const text of [...Object.keys(oddities), 'type']) {
    const failure = { code: 'WORKER_FAILED', workerCode: 'INTERNAL_ERROR' };
    await expect(client.request('odd', text)).rejects.toMatchObject(failure);
  }
  expect((await newClient({ brokers: endpoint }).request('odd', 'still there')).text()).toBe('still there');
  expect(worker.stats.running).toBe(0);
});

test('a body whose memory was given away is empty, and what is sent beside it arrives', async () => {
  const { endpoint } = await newBroker();
  await newWorker('echo', ({ body }) => body, { brokers: endpoint });
  const client = newClient({ brokers: endpoint, retries: 0 });
  const gone = new Uint8Array(100);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const asked = ['a', 'b', gone, 'c'].map((body) => client.request('echo', body));
  expect((await Promise.all(asked)).map((reply) => reply.text())).toEqual(['a', 'b', '', 'c']);
});

test('where nobody serves, failFast fails at once; else the request waits and expires', async () => {
  const { endpoint } = await newBroker();
  const client = newClient({ brokers: endpoint });
  const failFast = client.request('nobody', 'x', { failFast: true });
  await expect(failFast).rejects.toMatchObject({ name: 'NoWorkerError', code: 'NO_WORKER', retryable: true });
  const patient = await untilTold(() => client.request('nobody', 'x', { timeoutMs: 150 }));
  expect(patient).toMatchObject({
    name: 'ExpiredError',
    code: 'EXPIRED',
    retryable: true,
    message: 'The request to nobody failed: it was queued until its time was up: no worker is registered.',
  });
});

test('a full queue refuses at once', async () => {
  const { endpoint } = await newBroker({ queueMax: 2 });
  const client = newClient({ brokers: endpoint });
  const waiting = [later(client.request('later', '1')), later(client.request('later', '2'))];
  await expect(client.request('later', '3')).rejects.toMatchObject({ name: 'QueueFullError' });
  await newWorker('later', (request) => request.body, { brokers: endpoint });
  expect((await Promise.all(waiting)).map((reply) => reply.text())).toEqual(['1', '2']);
});

test('a deadline aborts the handler, frees its place, and stops what waits behind it', async () => {
  const { broker, endpoint } = await newBroker();
  const aborted = deferred<string>();
  const handled: string[] = [];
  const handler: Handler = async (request, { signal }) => {
    handled.push(request.body.text());
    if (request.body.text() !== 'slow') return 'done';
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        aborted.resolve((signal.reason as Error).name);
        resolve();
      });
    });
    return 'late';
  };
  await newWorker('work', handler, { brokers: endpoint, concurrency: 1 });
  const client = newClient({ brokers: endpoint });
  const slow = later(client.request('work', 'slow', { timeoutMs: 250 }));
  const stopped = later(client.request('work', 'stopped', { timeoutMs: 100 }));
  await expect(stopped).rejects.toMatchObject({ code: 'EXPIRED' });
  await expect(slow).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(await aborted.promise).toBe('ExpiredError');
  expect((await client.request('work', 'next')).text()).toBe('done');
  expect(handled).toEqual(['slow', 'next']);
  await eventually(() => broker.describe().inFlight === 0);
});

test('a slow reader pauses the generator, and no more is made than fits the windows', async () => {
  const { broker, endpoint } = await newBroker();
  let made = 0;
  const endless: Handler = async function* () {
    for (;;) yield String(made++);
  };
  await newWorker('endless', endless, { brokers: endpoint });
  const client = newClient({ brokers: endpoint, streamBufferMax: 16 });
  const stream = client.stream('endless');
  expect((await stream.next()).value?.body.text()).toBe('0');
  await eventually(() => made >= 16);
  const first = made;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(made).toBe(first);
  expect(first).toBeLessThanOrEqual(17);
  for (let n = 1; n <= 100; n++) expect((await stream.next()).value?.body.text()).toBe(String(n));
  expect(made).toBeLessThanOrEqual(120);
  await stream.return?.();
  await eventually(() => counted(broker, 'cancelled') === 1 && broker.describe().inFlight === 0);
});

test('a plain worker that streams faster than a packed client reads is held, then given up', async () => {
  const { broker, endpoint } = await newBroker();
  const flood: Handler = async function* () {
    for (let n = 0; n < 5_000; n++) yield String(n);
  };
  await newWorker('flood', flood, { brokers: endpoint, protocol: 'mdp/0.2' });
  const client = newClient({ brokers: endpoint, streamBufferMax: 4 });
  const stream = client.stream('flood');
  await stream.next();
  await eventually(() => counted(broker, 'overflowed') === 1);
  const rest = (async () => {
    for await (const { body } of stream) body.text();
  })();
  await expect(rest).rejects.toMatchObject({ code: 'STREAM_OVERFLOW' });
});

test('the concurrency of a worker can be changed while it serves', async () => {
  const { broker, endpoint } = await newBroker();
  let running = 0;
  let most = 0;
  const gates: (() => void)[] = [];
  const handler: Handler = async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => gates.push(resolve));
    running--;
    return '';
  };
  const worker = await newWorker('wide', handler, { brokers: endpoint, concurrency: 2 });
  const client = newClient({ brokers: endpoint });
  const replies = Array.from({ length: 12 }, () => later(client.request('wide')));
  await eventually(() => running === 2 && broker.describe().queued === 10);
  worker.setConcurrency(5);
  await eventually(() => running === 5 && broker.describe().queued === 7);
  worker.setConcurrency(1);
  let open = 0;
  const opener = setInterval(() => {
    if (gates.length === 0) return;
    open++;
    gates.shift()?.();
  }, 5);
  await Promise.all(replies);
  clearInterval(opener);
  expect([open, most]).toEqual([12, 5]);
});

test('thousands of requests at once go over one connection', async () => {
  const { broker, endpoint } = await newBroker();
  await newWorker('echo', (request) => request.body, { brokers: endpoint, concurrency: 100 });
  const client = newClient({ brokers: endpoint });
  const replies = await Promise.all(Array.from({ length: 5_000 }, (_, n) => client.request('echo', `${n}`)));
  expect(replies.every((reply, n) => reply.text() === `${n}`)).toBe(true);
  expect(client.sockets).toBe(1);
  expect(broker.describe()).toMatchObject({ clients: 1, workers: 1 });
});

/** A broker where another was; its port may be taken for some moments more. */
async function listen(endpoint: string): Promise<Broker> {
  const broker = new Broker({ bind: endpoint, heartbeatMs: 200 });
  await broker.start();
  return broker;
}

describe('brokers and workers that leave', () => {
  test('brokers and workers are replaced one after another under load, and nothing fails', async () => {
    const brokers = [await newBroker(), await newBroker()];
    const endpoints = brokers.map(({ endpoint }) => endpoint);
    const echo: Handler = async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return request.body;
    };
    let workers = [
      await newWorker('echo', echo, { brokers: endpoints, concurrency: 8 }),
      await newWorker('echo', echo, { brokers: endpoints, concurrency: 8 }),
    ];
    const client = newClient({ brokers: endpoints, timeoutMs: 10_000 });
    let stop = false;
    let answered = 0;
    const inLane = async (lane: number): Promise<void> => {
      for (let n = 0; !stop; n++) {
        expect((await client.request('echo', `${lane}-${n}`)).text()).toBe(`${lane}-${n}`);
        answered++;
      }
    };
    const lanes = Array.from({ length: 20 }, (_, lane) => later(inLane(lane)));
    const some = async (): Promise<void> => {
      const from = answered;
      await eventually(() => answered > from + 200);
    };
    for (let round = 0; round < 2; round++) {
      for (const [index, { broker, endpoint }] of brokers.entries()) {
        await some();
        await broker.drain();
        const again = await eventually(() => listen(endpoint));
        brokers[index] = { broker: again, endpoint };
      }
      const fresh: typeof workers = [];
      for (const worker of workers) {
        await some();
        fresh.push(await newWorker('echo', echo, { brokers: endpoints, concurrency: 8 }));
        await worker.drain();
      }
      workers = fresh;
    }
    await some();
    stop = true;
    await Promise.all(lanes);
    for (const { broker } of brokers) await broker.close();
  });
});

describe('a worker that is lost in the middle of its reply', () => {
  /** A worker that stops behind its first PARTIAL, and one that comes in its place. */
  async function halfway() {
    const { broker, endpoint } = await newBroker();
    const stuck = deferred();
    const first = await newWorker(
      'tail',
      async function* () {
        yield 'old';
        await stuck.promise;
        return 'never';
      },
      { brokers: endpoint, protocol: 'packed' },
    );
    const replace = async (): Promise<void> => {
      await eventually(() => counted(broker, 'partials') === 1);
      await first.close();
      stuck.resolve();
      await newWorker(
        'tail',
        async function* () {
          yield 'new';
          return 'end';
        },
        { brokers: endpoint, protocol: 'packed' },
      );
    };
    return { broker, endpoint, replace };
  }

  test('request() is made again, and its reply is of one worker', async () => {
    const { endpoint, replace } = await halfway();
    const reply = later(newClient({ brokers: endpoint, protocol: 'packed' }).request('tail'));
    await replace();
    expect((await reply).frames.map((frame) => Buffer.from(frame).toString())).toEqual(['new', 'end']);
  });

  test('stream() throws behind what was read, and no worker is asked again', async () => {
    const { broker, endpoint, replace } = await halfway();
    const stream = newClient({ brokers: endpoint, protocol: 'packed' }).stream('tail');
    const { value } = await stream.next();
    expect(value?.body.text()).toBe('old');
    await replace();
    await expect(stream.next()).rejects.toMatchObject({ code: 'ATTEMPTS_EXHAUSTED', retryable: true });
    expect(counted(broker, 'redispatched')).toBe(0);
  });
});
