import { eventually, leakCheck } from '@majordomo/testkit';
import { closeAll, deferred, later, newBroker, newClient, newWorker, untilTold } from './support';

/*
 * A client can tell why it got no reply.
 */

leakCheck();
afterEach(closeAll);

test('while no broker is reachable requests are kept up to pendingMax; one more is refused at once', async () => {
  const { broker, endpoint } = await newBroker();
  await broker.close();
  const client = newClient({ brokers: endpoint, pendingMax: 3 });
  const events: string[] = [];
  client.on('brokerDown', ({ reason }) => events.push(`down: ${reason}`));
  client.on('brokerUp', () => events.push('up'));
  const kept = ['1', '2', '3'].map((body) => later(client.request('echo', body)));
  await eventually(() => events.length > 0);
  await expect(client.request('echo', '4')).rejects.toMatchObject({
    name: 'QueueFullError',
    code: 'QUEUE_FULL',
    retryable: true,
    message: expect.stringMatching(
      /^3 requests are pending already \(pendingMax\): no broker reachable for \d+(\.\d)? m?s \(tcp:.*: connection refused/,
    ) as string,
  });
  expect(client.pending).toBe(3);
  await eventually(() => newBroker({ bind: endpoint }));
  await newWorker('echo', ({ body }) => body, { brokers: endpoint });
  expect((await Promise.all(kept)).map((reply) => reply.text())).toEqual(['1', '2', '3']);
  expect(events).toEqual([expect.stringContaining('down: connection refused'), 'up']);
});

test('a request whose time is up while no broker is reachable says so, and for how long', async () => {
  const { broker, endpoint } = await newBroker();
  await broker.close();
  const client = newClient({ brokers: endpoint });
  await expect(client.request('echo', 'x', { timeoutMs: 300 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringMatching(
      /^No reply from echo within 300 ms: no broker reachable for \d+ ms \(tcp:.*: connection refused/,
    ) as string,
  });
});

test('queued behind workers that are busy: the error says that none was free', async () => {
  const { endpoint } = await newBroker();
  const release = deferred<string>();
  await newWorker('busy', () => release.promise, { brokers: endpoint, concurrency: 1 });
  const client = newClient({ brokers: endpoint });
  const first = later(client.request('busy', 'first', { timeoutMs: 30_000 }));
  const second = await untilTold(() => client.request('busy', 'second', { timeoutMs: 200 }));
  expect(second).toMatchObject({
    code: 'EXPIRED',
    message:
      'The request to busy failed: it was queued until its time was up: no worker was free (1 registered).',
  });
  release.resolve('done');
  await first;
});

test('workers that are lost with it: the error says that its attempts are used up', async () => {
  const { endpoint } = await newBroker({ attemptsMax: 2 });
  const client = newClient({ brokers: endpoint });
  const call = later(client.request('fatal', 'x'));
  for (let attempt = 1; attempt <= 2; attempt++) {
    const has = deferred<number>();
    const worker = await newWorker(
      'fatal',
      ({ attempt: nth }) => {
        has.resolve(nth);
        return new Promise(() => undefined);
      },
      { brokers: endpoint },
    );
    expect(await has.promise).toBe(attempt);
    await worker.close();
  }
  await expect(call).rejects.toMatchObject({
    code: 'ATTEMPTS_EXHAUSTED',
    retryable: false,
    message: 'The request to fatal failed: its attempts are used up: 2 workers were lost with it.',
  });
});

test('a worker that is not done in time: the error says that one has it', async () => {
  const { endpoint } = await newBroker();
  await newWorker('slow', () => new Promise(() => undefined), { brokers: endpoint });
  const client = newClient({ brokers: endpoint });
  await expect(client.request('slow', 'x', { timeoutMs: 200 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringContaining('a worker has it and was not done in time') as string,
  });
});
