import { eventually, RawBroker01, RawBroker02, RawWorker01, RawWorker02 } from '@majordomo/testkit';
import { closeAll, later, newBroker, newClient, newWorker } from './support';

afterEach(closeAll);

const dialectsOf = async (endpoint: string): Promise<string[]> => {
  const [, json] = (await newClient({ brokers: endpoint }).request('mmi.workers', '')).frames;
  return (JSON.parse(Buffer.from(json!).toString()) as { dialect: string }[]).map(({ dialect }) => dialect);
};

test('auto peers speak packed with a broker of ours, on one connection each', async () => {
  const { broker, endpoint } = await newBroker();
  await newWorker('echo', (request) => request.body, { brokers: endpoint, concurrency: 8 });
  const client = newClient({ brokers: endpoint });
  await Promise.all(Array.from({ length: 50 }, () => client.request('echo', 'x')));
  expect(client.sockets).toBe(1);
  expect(await dialectsOf(endpoint)).toEqual(['packed']);
  expect(broker.describe().counters).toMatchObject({ protocolErrors: 0, clientsWelcomed: 2 });
});

describe.each([
  { of: 'RFC 7', listen: RawBroker01.listen, RawWorker: RawWorker01 },
  { of: 'RFC 18', listen: RawBroker02.listen, RawWorker: RawWorker02 },
])('with a broker of $of', ({ listen, RawWorker }) => {
  test('auto client and worker find out what it speaks, and what it serves is undisturbed', async () => {
    const broker = await listen();
    broker.autoRoute();
    broker.heartbeatAllEvery(20);
    const other = new RawWorker(broker.endpoint);
    await other.ready('other');
    await newWorker('echo', (request) => request.body, { brokers: broker.endpoint, concurrency: 3 });
    const client = newClient({ brokers: broker.endpoint });
    const replies = await Promise.all(['a', 'b', 'c', 'd'].map((text) => client.request('echo', text)));
    expect(replies.map((reply) => reply.text())).toEqual(['a', 'b', 'c', 'd']);
    const answer = later(client.request('other', 'still there?'));
    const { address, body } = await other.nextRequest();
    await other.final(address, ...body, 'yes');
    expect((await answer).text(1)).toBe('yes');
    await other.socket.close();
    await broker.close();
  });

  test('a broker that is replaced by one of ours is spoken to in the packed dialect', async () => {
    const before = await listen();
    before.autoRoute();
    before.heartbeatAllEvery(20);
    const { endpoint } = before;
    await newWorker('echo', (request) => request.body, { brokers: endpoint, heartbeatMs: 50 });
    const client = newClient({ brokers: endpoint });
    expect((await client.request('echo', 'before')).text()).toBe('before');
    await before.close();
    const after = await eventually(() => newBroker({ bind: endpoint }));
    expect((await client.request('echo', 'after', { timeoutMs: 10_000 })).text()).toBe('after');
    expect(await dialectsOf(endpoint)).toEqual(['packed']);
    await after.broker.close();
  });
});
