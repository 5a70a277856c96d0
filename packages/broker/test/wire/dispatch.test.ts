import { closeAllSockets, leakCheck, RawClient01, RawClient02, RawWorker01 } from '@majordomo/testkit';
import { closeBrokers, serve, WORKERS } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

test.each(WORKERS)('the least recently used %s is next', async (_name, newWorker) => {
  const { endpoint, workers } = await serve();
  const pool = [newWorker(endpoint), newWorker(endpoint), newWorker(endpoint)];
  for (const [n, worker] of pool.entries()) {
    await worker.ready('echo');
    await workers(n + 1);
  }
  const client = new RawClient02(endpoint);
  for (let n = 0; n < 7; n++) {
    const reply = client.ask('echo', String(n));
    const { address, body } = await pool[n % 3]!.nextRequest();
    await pool[n % 3]!.final(address, ...body);
    expect(String(await reply)).toBe(String(n));
  }
});

test.each(WORKERS)('a busy %s is given nothing more until it has answered', async (_name, newWorker) => {
  const { endpoint, broker } = await serve();
  const worker = newWorker(endpoint);
  await worker.ready('echo');
  const client = new RawClient02(endpoint);
  for (const text of ['1', '2']) await client.request('echo', text);
  const first = await worker.nextRequest();
  await client.request('mmi.broker', '');
  await client.reply();
  expect(broker.describe()).toMatchObject({ inFlight: 1, queued: 1 });
  await worker.final(first.address, 'done');
  expect(String((await worker.nextRequest()).body)).toBe('2');
});

test('a client that queues hundreds of requests does not keep another one waiting', async () => {
  const { endpoint } = await serve();
  const [greedy, modest] = [new RawClient02(endpoint), new RawClient01(endpoint)];
  for (let n = 0; n < 300; n++) await greedy.request('echo', 'greedy');
  await greedy.request('mmi.service', 'echo');
  await greedy.reply();
  await modest.request('echo', 'modest');
  await modest.request('mmi.service', 'echo');
  await modest.reply();
  const worker = new RawWorker01(endpoint);
  await worker.ready('echo');
  const order: string[] = [];
  for (let n = 0; n < 4; n++) {
    const { address, body } = await worker.nextRequest();
    order.push(String(body));
    await worker.final(address, 'done');
  }
  expect(order).toEqual(['greedy', 'modest', 'greedy', 'greedy']);
});

test('a service that is stuck does not hold up another', async () => {
  const { endpoint } = await serve();
  const [stuck, free] = [new RawWorker01(endpoint), new RawWorker01(endpoint)];
  await stuck.ready('stuck');
  await free.ready('free');
  const client = new RawClient02(endpoint);
  for (let n = 0; n < 100; n++) await client.request('stuck', 'x'.repeat(1_000));
  await client.request('free', 'quick');
  const { address } = await free.nextRequest();
  await free.final(address, 'served');
  expect(await client.reply()).toMatchObject({ service: 'free', body: [Buffer.from('served')] });
});

test('many clients at once each get their own replies', async () => {
  const { endpoint, broker } = await serve();
  const pool = WORKERS.flatMap(([, newWorker]) => [newWorker(endpoint), newWorker(endpoint)]);
  let served = 0;
  const working = pool.map(async (worker) => {
    await worker.ready('echo');
    while (served < 400) {
      const { address, body } = await worker.nextRequest();
      served++;
      await worker.final(address, ...body);
    }
  });
  const clients = Array.from({ length: 40 }, (_, n) => new (n % 2 ? RawClient01 : RawClient02)(endpoint));
  const asking = clients.map(async (client, n) => {
    for (let m = 0; m < 10; m++) expect(String(await client.ask('echo', `${n}/${m}`))).toBe(`${n}/${m}`);
  });
  await Promise.all(asking);
  expect(broker.describe().counters).toMatchObject({ requests: 400, answered: 400, redispatched: 0 });
  await closeAllSockets();
  await Promise.allSettled(working);
});
