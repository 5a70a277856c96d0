import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { generateKeyPair } from '@majordomo/broker';
import { killAllProcesses, runProcess, startProcess } from '@majordomo/testkit';
import { closeAll, counted, newBroker, newClient, newWorker } from './support';

/*
 * Peers built on libzmq by others: pyzmq over CURVE, in both plain dialects.
 */

const SCRIPT = resolve(__dirname, '../support/curve_peers.py');
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import zmq; assert zmq.has("curve")']).status === 0,
);
const withPython = python === undefined ? describe.skip : describe;

afterEach(closeAll);
afterEach(killAllProcesses);

const server = generateKeyPair();
const asker = generateKeyPair();
const servant = generateKeyPair();
const stranger = generateKeyPair();

const policy = {
  roles: { user: { request: ['upper', 'reverse'] }, server: { serve: ['upper'] } },
  keys: {
    [asker.publicKey]: { name: 'asker', roles: ['user'] },
    [servant.publicKey]: { name: 'servant', roles: ['server'] },
  },
};

type Keys = typeof server;
const argumentsOf = (
  role: string,
  version: string,
  endpoint: string,
  service: string,
  keys: Keys,
): string[] => [
  SCRIPT,
  role,
  version,
  endpoint,
  service,
  keys.publicKey,
  keys.secretKey,
  ...(role === 'broker' ? [] : [server.publicKey]),
];

async function secured() {
  const { broker } = await newBroker({
    bind: [
      { endpoint: 'tcp://127.0.0.1:0', role: 'user' },
      { endpoint: 'tcp://127.0.0.1:0', role: 'server' },
      'tcp://127.0.0.1:0',
    ],
    curve: { secretKey: server.secretKey },
    policy,
  });
  const [users, servers, open] = broker.endpoints as [string, string, string];
  return { broker, users, servers, open };
}

withPython('pyzmq over CURVE', () => {
  test.each(['01', '02'])('a worker and a client of MDP/0.1 or 0.2 (%s) at our broker', async (version) => {
    const { broker, users, servers } = await secured();
    const registered = new Promise((done) => broker.once('workerRegistered', done));
    startProcess(python!, argumentsOf('worker', version, servers, 'upper', servant));
    await registered;
    const client = await runProcess(python!, argumentsOf('client', version, users, 'upper', asker), {
      input: 'majordomo',
      timeoutMs: 20_000,
    });
    expect(client.stdout).toBe('MAJORDOMO\n');
  });

  test('their worker serves our client, who has proven its key', async () => {
    const { broker, servers, open } = await secured();
    const registered = new Promise((done) => broker.once('workerRegistered', done));
    startProcess(python!, argumentsOf('worker', '01', servers, 'upper', servant));
    await registered;
    const client = newClient({
      brokers: open,
      curve: { serverKey: server.publicKey, secretKey: asker.secretKey },
    });
    expect((await client.request('upper', 'majordomo')).text()).toBe('MAJORDOMO');
  });

  test('a worker is sent away from what the role of the endpoint may not serve', async () => {
    const { broker, servers } = await secured();
    const worker = startProcess(python!, argumentsOf('worker', '02', servers, 'reverse', servant));
    await worker.waitForLine('disconnected');
    expect(counted(broker, 'unauthorizedWorkers')).toBe(1);
  });

  test('a key that the policy does not have is not let in', async () => {
    const { broker, users } = await secured();
    const refused = new Promise((done) => broker.once('connectionRefused', done));
    startProcess(python!, argumentsOf('client', '01', users, 'upper', stranger), { input: 'x' });
    expect(await refused).toMatchObject({ key: undefined, role: 'user' });
  });

  test.each(['auto', 'mdp/0.1'] as const)(
    'their broker serves our worker and client (%s)',
    async (protocol) => {
      const broker = startProcess(python!, argumentsOf('broker', '01', 'tcp://127.0.0.1:*', 'x', server));
      const [, endpoint = ''] = await broker.waitForLine(/^(tcp:.*)$/);
      const keysOf = ({ secretKey }: Keys) => ({ serverKey: server.publicKey, secretKey });
      await newWorker('reverse', ({ body }) => [...body.text()].reverse().join(''), {
        brokers: endpoint,
        protocol,
        curve: keysOf(servant),
      });
      await broker.waitForLine('registered');
      const client = newClient({ brokers: endpoint, protocol, curve: keysOf(asker) });
      expect((await client.request('reverse', 'majordomo')).text()).toBe('omodrojam');
    },
  );
});
