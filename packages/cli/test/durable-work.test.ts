import { generateKeyPair, type Broker } from '@majordomo/broker';
import { ServiceError } from '@majordomo/protocol';
import { eventually, killAllProcesses, leakCheck } from '@majordomo/testkit';
import { TitanicClient } from '@majordomo/titanic';
import { sweep } from '../../titanic/test/support/scratch';
import { closeAll, newBroker, newTitanic, newWorker } from '../../titanic/test/support/service';
import { connectDurableWork, durableWorkOf } from '../src/durable-work';
import { wayTo } from '../src/server/way';
import { fileWith, majordomo, removeFiles, startBroker } from './majordomo';

leakCheck();
afterEach(closeAll);
afterEach(sweep);
afterEach(killAllProcesses);
afterEach(removeFiles);

const TOKEN = 'a-token-of-sixteen-or-more';
const SAYS = { Authorization: `Bearer ${TOKEN}` };

/** A broker and a titanic on it, with one request of each kind. */
async function bus() {
  const brokers = await newBroker();
  await newWorker('never', () => Promise.reject(new ServiceError('BOUNCED', 'no such address')), { brokers });
  const { api } = await newTitanic(brokers);
  const later = await api.submit('mail', 'x', { inMs: 3_600_000 });
  const dead = await api.submit('never', 'x');
  await expect(api.wait(dead.id, { timeoutMs: 15_000 })).rejects.toMatchObject({ code: 'REQUEST_DEAD' });
  return { brokers, api, later: later.id, dead: dead.id };
}

test('what a titanic has is listed, counted and shown', async () => {
  const { api, later, dead } = await bus();
  const work = durableWorkOf(api);
  expect((await work.stats()).services).toContainEqual(
    expect.objectContaining({ service: 'never', state: 'dead' }),
  );
  const ids = async (query: object): Promise<string[]> =>
    (await work.list({ limit: 10, ...query })).requests.map(({ id }) => id);
  expect(await ids({ state: 'scheduled' })).toEqual([later]);
  expect(await ids({ state: 'dead' })).toEqual([dead]);
  expect(await ids({ idPrefix: later.slice(0, 16) })).toEqual([later]);
  expect(await ids({ state: 'due' })).toEqual([]);
  expect(await work.get(dead)).toMatchObject({ state: 'dead', error: { workerCode: 'BOUNCED' } });
  await expect(work.get('f'.repeat(32))).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
});

test('what can be done is done, and what cannot is an error', async () => {
  const { api, later, dead } = await bus();
  const work = durableWorkOf(api);
  const at = Date.now() + 7_200_000;
  expect(await work.act({ action: 'reschedule', id: later, at })).toBe(1);
  expect(await work.get(later)).toMatchObject({ dueAt: at });
  await expect(work.act({ action: 'retry', id: later })).rejects.toMatchObject({ code: 'REQUEST_TAKEN' });
  await expect(work.act({ action: 'purge', id: 'f'.repeat(32) })).rejects.toMatchObject({
    code: 'REQUEST_UNKNOWN',
  });
  expect(await work.act({ action: 'cancel', id: later })).toBe(1);
  await expect(work.act({ action: 'cancel', id: dead })).rejects.toMatchObject({ code: 'REQUEST_TAKEN' });
  expect(await work.act({ action: 'retry', id: dead })).toBe(1);
  await expect(api.wait(dead, { timeoutMs: 15_000 })).rejects.toMatchObject({ code: 'REQUEST_DEAD' });
  expect(await work.act({ action: 'purge', service: 'nobody' })).toBe(0);
  expect(await work.act({ action: 'purge', all: true })).toBe(1);
  expect((await work.list({ state: 'dead', limit: 10 })).requests).toEqual([]);
});

test('it connects when it is asked for the first time, and says where there is no titanic', async () => {
  const brokers = await newBroker();
  let connected = 0;
  const work = connectDurableWork(() => (connected++, { brokers, timeoutMs: 300 }));
  expect(connected).toBe(0);
  await expect(work.stats()).rejects.toMatchObject({
    code: 'NO_WORKER',
    message: expect.stringContaining('is one running'),
  });
  expect(connected).toBe(1);
  work.close();
  connectDurableWork(() => ({})).close();
});

test.each([
  ['tcp://0.0.0.0:5555', 'tcp://127.0.0.1:5555'],
  ['tcp://[::]:5555', 'tcp://[::1]:5555'],
  ['tcp://10.0.0.7:5555', 'tcp://10.0.0.7:5555'],
  ['ipc:///tmp/x', 'ipc:///tmp/x'],
])('a broker that listens at %s is reached at %s', (endpoint, from) => {
  const broker = { endpoints: [endpoint] } as unknown as Broker;
  const bind = [{ endpoint }];
  expect(wayTo({ broker, secretKey: undefined }, bind, undefined).endpoint).toBe(from);
});

describe('majordomo broker --durable', () => {
  /** A broker of the command that shows durable work. */
  async function shown(args: readonly string[] = []) {
    const { broker, endpoint } = await startBroker(['--http', '127.0.0.1:0', '--durable', ...args]);
    const [, address = ''] = await broker.waitForLine(/^majordomo broker shown at (.*)$/);
    return { broker, endpoint, address };
  }

  test('shows the work of a titanic that connects to it, and does what is asked for with the token', async () => {
    const file = await fileWith('token', TOKEN);
    const { broker, endpoint, address } = await shown(['--http-token-file', file]);
    expect((await fetch(`${address}/durable`)).status).toBe(401);
    const { client } = await newTitanic(endpoint);
    const { id } = await new TitanicClient(client).submit('mail', 'x', { inMs: 3_600_000 });
    const page = await (await fetch(`${address}/durable/requests?state=scheduled`, { headers: SAYS })).json();
    expect(page).toMatchObject({ requests: [{ id, service: 'mail' }] });
    const done = await fetch(`${address}/durable/actions`, {
      method: 'POST',
      headers: SAYS,
      body: JSON.stringify({ action: 'cancel', id }),
    });
    expect([done.status, await done.json()]).toEqual([200, { count: 1 }]);
    await eventually(() => broker.stderr.includes('"event":"durableAction"'));
    broker.kill();
    expect(await broker.exit).toEqual({ code: 0, signal: null });
  });

  test('asks through CURVE where its endpoint is encrypted', async () => {
    const { publicKey, secretKey } = generateKeyPair();
    const { endpoint, address } = await shown([
      '--curve-secret-key-file',
      await fileWith('broker.key', secretKey),
    ]);
    const answer = ['200', JSON.stringify({ services: [], backlog: [] })];
    await newWorker('titanic.stats', () => answer, { brokers: endpoint, curve: { serverKey: publicKey } });
    expect(await (await fetch(`${address}/durable/stats`)).json()).toMatchObject({
      services: [],
      backlog: [],
    });
  });

  test('needs --http', async () => {
    const { code, stderr } = await majordomo(['broker', '--bind', 'tcp://127.0.0.1:0', '--durable']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--durable needs --http')]);
  });
});
