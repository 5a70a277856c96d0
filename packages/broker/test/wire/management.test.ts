import { closeAllSockets, leakCheck, RawClient01, RawWorker02, type RawClient } from '@majordomo/testkit';
import { mmiBrokerSchema, mmiServiceSchema, mmiWorkerSchema } from '@majordomo/protocol';
import { z } from 'zod';
import { version } from '../../package.json';
import { CLIENTS, closeBrokers, serve, WORKERS } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

async function json(client: RawClient, service: string, argument = ''): Promise<unknown> {
  const [status, text] = await client.ask(service, argument);
  expect(String(status)).toBe('200');
  return JSON.parse(String(text));
}

test.each(CLIENTS)(
  'mmi.service answers an %s with 200 or 404, mmi.other with 501',
  async (_name, newClient) => {
    const { endpoint, workers } = await serve();
    const client = newClient(endpoint);
    const worker = new RawWorker02(endpoint);
    expect((await client.ask('mmi.service', 'echo')).map(String)).toEqual(['404']);
    await worker.ready('echo');
    await workers(1);
    expect((await client.ask('mmi.service', 'echo')).map(String)).toEqual(['200']);
    await new RawClient01(endpoint).request('echo', 'x');
    await worker.nextRequest();
    expect((await client.ask('mmi.service', 'echo')).map(String)).toEqual(['200']);
    expect((await client.ask('mmi.other', 'echo')).map(String)).toEqual(['501']);
  },
);

test.each(WORKERS)(
  'a %s that registers in the namespace of the broker draws DISCONNECT',
  async (_n, newWorker) => {
    const { endpoint } = await serve();
    const worker = newWorker(endpoint);
    await worker.ready('mmi.mine');
    await worker.expectDisconnect();
    expect((await new RawClient01(endpoint).ask('mmi.service', 'mmi.mine')).map(String)).toEqual(['404']);
  },
);

test('mmix is an ordinary service', async () => {
  const { endpoint } = await serve();
  const worker = new RawWorker02(endpoint);
  await worker.ready('mmix');
  const reply = new RawClient01(endpoint).ask('mmix', 'x');
  await worker.final((await worker.nextRequest()).address, 'ordinary');
  expect(String(await reply)).toBe('ordinary');
});

test('mmi.services, mmi.workers and mmi.broker describe what is there', async () => {
  const { endpoint, broker } = await serve();
  const worker = new RawWorker02(endpoint, { routingId: 'w' });
  await worker.ready('echo');
  const client = new RawClient01(endpoint);
  for (let n = 0; n < 3; n++) await client.request('echo', 'x');
  await worker.nextRequest();
  const manager = new RawClient01(endpoint);
  const [service] = z.array(mmiServiceSchema).parse(await json(manager, 'mmi.services', 'echo'));
  expect(service).toMatchObject({ service: 'echo', workers: 1, idle: 0, busy: 1, queued: 2 });
  const [described] = z.array(mmiWorkerSchema).parse(await json(manager, 'mmi.workers'));
  expect(described).toMatchObject({ service: 'echo', peer: '77', dialect: 'mdp/0.2', inFlight: 1 });
  const state = mmiBrokerSchema.parse(await json(manager, 'mmi.broker'));
  expect(state).toMatchObject({ version, services: 1, workers: 1, clients: 1, queued: 2, inFlight: 1 });
  expect(state.limits).toMatchObject({ heartbeatMs: 30_000, queueMax: 100_000, framesMax: 1_024 });
  expect(broker.describe().counters).toMatchObject({ requests: 3, managementRequests: 3 });
});

test('pipelined management requests are answered in order, thousands of them', async () => {
  const { endpoint } = await serve();
  const client = new RawClient01(endpoint);
  for (let n = 0; n < 3_000; n++) await client.request(n % 2 ? 'mmi.service' : 'mmi.other', 'echo');
  for (let n = 0; n < 3_000; n++) expect(String((await client.reply()).body)).toBe(n % 2 ? '404' : '501');
});
