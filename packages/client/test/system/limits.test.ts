import { eventually } from '@majordomo/testkit';
import type { Handler } from '@majordomo/worker';
import { closeAll, newBroker, newClient, newWorker } from './support';

afterEach(closeAll);

const echo: Handler = (request) => request.body;
const small = { framesMax: 10, frameBytesMax: 200_000, messageBytesMax: 200_000 };

test('a request beyond the limits of a worker fails, and the worker serves on', async () => {
  const { broker, endpoint } = await newBroker();
  await newWorker('echo', echo, { brokers: endpoint, protocol: 'packed', limits: small });
  const client = newClient({ brokers: endpoint, protocol: 'packed' });
  for (const body of [
    new Uint8Array(200_001),
    Array.from({ length: 11 }, () => 'x'),
    [new Uint8Array(150_000), new Uint8Array(150_000)],
  ]) {
    await expect(client.request('echo', body)).rejects.toMatchObject({
      name: 'MessageTooLargeError',
      code: 'MESSAGE_TOO_LARGE',
      retryable: false,
      message: expect.stringContaining('10 frames, 200000 bytes in one, 200000 in all'),
    });
  }
  expect((await client.request('echo', new Uint8Array(200_000))).byteLength).toBe(200_000);
  expect(broker.describe()).toMatchObject({
    workers: 1,
    counters: { workersLost: 0, redispatched: 0, refused: 3, answered: 1 },
  });
});

test('plain workers that are lost with one request are no more than its attempts, and it ends', async () => {
  const { broker, endpoint } = await newBroker({ attemptsMax: 2 });
  for (let n = 0; n < 3; n++) {
    await newWorker('echo', echo, { brokers: endpoint, protocol: 'mdp/0.2', limits: small, concurrency: 1 });
  }
  await eventually(() => broker.describe().workers === 3);
  const client = newClient({ brokers: endpoint, protocol: 'packed' });
  await expect(client.request('echo', new Uint8Array(300_000))).rejects.toMatchObject({
    code: 'ATTEMPTS_EXHAUSTED',
    retryable: false,
  });
  expect(broker.describe().counters).toMatchObject({ workersLost: 2, redispatched: 1, exhausted: 1 });
  expect((await client.request('echo', 'small')).text()).toBe('small');
});
