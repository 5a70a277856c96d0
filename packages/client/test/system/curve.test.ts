import { inspect } from 'node:util';
import { generateKeyPair } from '@majordomo/broker';
import { eventually, leakCheck } from '@majordomo/testkit';
import { Worker } from '@majordomo/worker';
import { closeAll, counted, newBroker, newClient, newWorker } from './support';

leakCheck();
afterEach(closeAll);

const server = generateKeyPair();
const alice = generateKeyPair();
const bob = generateKeyPair();

const policy = {
  roles: {
    user: { request: ['echo*'], mmi: ['mmi.service'] },
    server: { serve: ['echo*'] },
  },
  keys: {
    [alice.publicKey]: { name: 'alice', roles: ['user'] },
    [bob.publicKey]: { name: 'bob', roles: ['server'] },
  },
};

const curveOf = (pair: { secretKey: string }) => ({ serverKey: server.publicKey, secretKey: pair.secretKey });

test('keys are proven, and what the policy allows is served', async () => {
  const { broker, endpoint } = await newBroker({ curve: { secretKey: server.secretKey }, policy });
  const proven: string[] = [];
  broker.on('keyProven', ({ key }) => proven.push(key));
  await newWorker('echo', async ({ body }) => body, { brokers: endpoint, curve: curveOf(bob) });
  const client = newClient({ brokers: endpoint, curve: curveOf(alice) });
  expect((await client.request('echo', 'hello')).text()).toBe('hello');
  expect(proven).toEqual(['bob', 'alice']);
  await expect(client.request('other', 'x')).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
    retryable: false,
    message: expect.stringContaining('alice may not request other'),
  });
  expect(counted(broker, 'unauthorized')).toBe(1);
});

test('the options that are shown hold no secret key', async () => {
  const { broker, endpoint } = await newBroker({ curve: { secretKey: server.secretKey }, policy });
  const client = newClient({ brokers: endpoint, curve: curveOf(alice) });
  const shown = inspect([broker, client, broker.options, client.options], { depth: 10, showHidden: true });
  for (const { secretKey } of [server, alice]) expect(shown).not.toContain(secretKey);
});

test('a request that no broker lets in fails at once, and says why', async () => {
  const { endpoint } = await newBroker({ curve: { secretKey: server.secretKey }, policy });
  const unknown = newClient({ brokers: endpoint, curve: { serverKey: server.publicKey } });
  await expect(unknown.request('echo', 'x')).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
    message: expect.stringContaining('the other side does not let this key in'),
  });
  await expect(unknown.request('echo', 'again')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test('a client whose key is removed is told, and serves again once it is back', async () => {
  const { broker, endpoint } = await newBroker({ curve: { secretKey: server.secretKey }, policy });
  await newWorker('echo', async ({ body }) => body, { brokers: endpoint, curve: curveOf(bob) });
  const client = newClient({ brokers: endpoint, curve: curveOf(alice) });
  expect((await client.request('echo', '1')).text()).toBe('1');
  const down = new Promise<string>((resolve) => client.once('brokerDown', ({ reason }) => resolve(reason)));
  const { [bob.publicKey]: kept } = policy.keys;
  broker.setPolicy({ ...policy, keys: { [bob.publicKey]: kept! } });
  expect(await down).toBe(
    'the broker ended the session (UNAUTHORIZED: the key alice may do nothing any more)',
  );
  await expect(client.request('echo', '2')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  broker.setPolicy(policy);
  expect((await client.request('echo', '3')).text()).toBe('3');
});

test('a worker that may not serve is told why', async () => {
  const { endpoint } = await newBroker({ curve: { secretKey: server.secretKey }, policy });
  const lost: string[] = [];
  const worker = new Worker('echo', async () => 'x', {
    brokers: endpoint,
    curve: curveOf(alice),
    reconnectMinMs: 10,
    reconnectMaxMs: 20,
  });
  worker.on('lost', ({ reason }) => lost.push(reason));
  await worker.start();
  await eventually(() => lost.length > 1, { what: 'two refusals' });
  await worker.close();
  expect(lost[0]).toBe('the broker said DISCONNECT (UNAUTHORIZED: the key alice may not serve echo)');
});

test.each(['mdp/0.1', 'mdp/0.2'] as const)(
  'plain %s peers of ours speak CURVE, and have the role of the endpoint',
  async (protocol) => {
    const { broker } = await newBroker({
      bind: [
        { endpoint: 'tcp://127.0.0.1:0', role: 'server' },
        { endpoint: 'tcp://127.0.0.1:0', role: 'user' },
      ],
      curve: { secretKey: server.secretKey },
      policy,
    });
    const [servers, users] = broker.endpoints as [string, string];
    await newWorker('echo', async ({ body }) => body, { brokers: servers, protocol, curve: curveOf(bob) });
    const client = newClient({ brokers: users, protocol, curve: curveOf(alice) });
    expect((await client.request('echo', 'hello')).text()).toBe('hello');
    await expect(client.request('other', 'x', { timeoutMs: 200, retries: 0 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    expect(counted(broker, 'unauthorized')).toBe(1);
  },
);

test('packed sessions over CURVE carry large bodies and streams', async () => {
  const { endpoint } = await newBroker({ curve: { secretKey: server.secretKey }, policy });
  await newWorker(
    'echo',
    async function* ({ body }) {
      for (let n = 0; n < 200; n++) yield String(n);
      return body;
    },
    { brokers: endpoint, curve: curveOf(bob) },
  );
  const client = newClient({ brokers: endpoint, curve: curveOf(alice) });
  const large = Buffer.alloc(2_000_000, 'x');
  const got: string[] = [];
  for await (const message of client.stream('echo', large)) got.push(message.body.text());
  expect(got.slice(0, 200)).toEqual(Array.from({ length: 200 }, (_, n) => String(n)));
  expect(got[200]).toHaveLength(large.length);
});
