import { generateKeyPair } from '@majordomo/broker';
import { leakCheck } from '@majordomo/testkit';
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
