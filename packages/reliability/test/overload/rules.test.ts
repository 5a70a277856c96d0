import { Broker, type BrokerEvents, type BrokerOptions } from '@majordomo/broker';
import { Client } from '@majordomo/client';
import { eventually, leakCheck } from '@majordomo/testkit';
import { Worker, type Handler } from '@majordomo/worker';
import {
  crowdOfWorkers,
  deafClient,
  deafPlainClient,
  deafWorker,
  end,
  management,
  newServices,
  oneByteMessages,
  silence,
  type Offence,
} from '../../src/overload/offences';

/* Each rule that cuts an offender off, and the tables afterwards. How fast all that is, `npm run overload` measures. */

const MIB = 1_024 * 1_024;
const TIMEOUT_MS = 15_000;

const open: (() => unknown)[] = [];
leakCheck();
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function newBroker(options: BrokerOptions = {}) {
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0', ...options });
  open.push(() => broker.close());
  await broker.start();
  const seen: (keyof BrokerEvents)[] = [];
  const lost: string[] = [];
  broker.on('clientGone', () => seen.push('clientGone'));
  broker.on('workerLost', ({ reason }) => lost.push(reason));
  return { broker, endpoint: broker.endpoints[0]!, seen, lost };
}

async function newWorker(endpoint: string, service: string, handler: Handler, concurrency = 4) {
  const worker = new Worker(service, handler, { brokers: endpoint, protocol: 'packed', concurrency });
  open.push(() => worker.close());
  const registered = new Promise<void>((resolve) => worker.once('registered', () => resolve()));
  await worker.start();
  await registered;
}

function newClient(endpoint: string): Client {
  const client = new Client({ brokers: endpoint, protocol: 'packed', timeoutMs: TIMEOUT_MS });
  open.push(() => client.close());
  return client;
}

async function offend(offence: Promise<Offence>): Promise<Offence> {
  const begun = await offence;
  open.push(() => end(begun));
  return begun;
}

const until = (holds: () => unknown, what: string) => eventually(holds, { timeoutMs: TIMEOUT_MS, what });

/** Somebody who has nothing to do with it is served. */
async function expectServed(endpoint: string): Promise<void> {
  await newWorker(endpoint, 'meek', ({ body }) => body, 1);
  const reply = await newClient(endpoint).request('meek', 'served');
  expect(reply.text()).toBe('served');
}

const allClosed = ({ connections }: Offence) => connections.every(({ isOpen }) => !isOpen);

describe('a client that stops reading', () => {
  const options = { backlogBytesMax: 4 * MIB, stallMs: 500, heartbeatMs: 500, queueMax: 32 };

  test('loses its packed session for its backlog, and its connection for taking nothing', async () => {
    const { broker, endpoint, seen } = await newBroker(options);
    await newWorker(endpoint, 'large', () => new Uint8Array(MIB));
    const offence = await offend(deafClient(endpoint, 'large', 16, 500));
    await until(() => seen.includes('clientGone'), 'a client that is cut off');
    await until(() => allClosed(offence), 'a connection that is closed');
    await until(() => broker.describe().clients === 0, 'no client');
    expect(broker.describe()).toMatchObject({ queued: 0, inFlight: 0, workers: 1, services: 1 });
    await expectServed(endpoint);
  });

  test('of a plain dialect is forgotten, and loses its connection', async () => {
    const { broker, endpoint } = await newBroker(options);
    await newWorker(endpoint, 'large', () => new Uint8Array(MIB));
    const offence = await offend(deafPlainClient(endpoint, 'large', 16, 500));
    await until(() => allClosed(offence), 'a connection that is closed');
    await until(() => broker.describe().clients === 0, 'no client');
    expect(broker.describe()).toMatchObject({ queued: 0, inFlight: 0, workers: 1, services: 1 });
    await expectServed(endpoint);
  });
});

test('a worker that stops reading is lost for its backlog, and what it was given goes to others', async () => {
  const { broker, endpoint, lost } = await newBroker({
    backlogBytesMax: 2 * MIB,
    stallMs: 500,
    heartbeatMs: 500,
  });
  const offence = await offend(deafWorker(endpoint, 'large', 1_000));
  const client = newClient(endpoint);
  const asked = Promise.all(
    Array.from({ length: 150 }, () => client.request('large', new Uint8Array(MIB / 4))),
  );
  await until(() => lost.includes('stalled'), 'a worker that is cut off');
  await newWorker(endpoint, 'large', () => 'done');
  expect((await asked).map((reply) => reply.text())).toEqual(Array.from({ length: 150 }, () => 'done'));
  await until(() => allClosed(offence), 'a connection that is closed');
  expect(broker.describe()).toMatchObject({ workers: 1, services: 1, queued: 0, inFlight: 0 });
  expect(broker.describe().counters).toMatchObject({ answered: 150, exhausted: 0 });
});

test('messages of one byte are dropped and counted, and leave nothing behind', async () => {
  const { broker, endpoint } = await newBroker();
  const offence = await offend(oneByteMessages(endpoint, 2));
  await until(() => (broker.describe().rejections['unknown_header'] ?? 0) > 5_000, 'messages dropped');
  await expectServed(endpoint);
  offence.over = true;
  expect(broker.describe()).toMatchObject({ clients: 1, workers: 1, services: 1 });
  expect(offence.heard).toBe(0);
});

test.each([
  ['after their handshake', true],
  ['not even what they are', false],
])('connections that say nothing %s have no place in any table', async (_what, shakesHands) => {
  const { broker, endpoint } = await newBroker();
  const offence = await offend(silence(endpoint, 300, shakesHands));
  expect(offence.connections).toHaveLength(300);
  expect(broker.describe()).toMatchObject({ clients: 0, workers: 0, services: 0 });
  await expectServed(endpoint);
});

test('workers beyond workersMax are sent away, and those who leave at once leave nothing', async () => {
  const { broker, endpoint } = await newBroker({ workersMax: 200, heartbeatMs: 30_000 });
  const offence = await offend(crowdOfWorkers(endpoint, 300));
  await until(() => offence.refused === 100, 'workers that were sent away');
  expect(broker.describe()).toMatchObject({ workers: 200 });
  end(offence);
  await until(() => broker.describe().workers === 0, 'no worker');
  expect(broker.describe()).toMatchObject({ services: 0, inFlight: 0 });
  await expectServed(endpoint);
});

test('workers that do not heartbeat are given up', async () => {
  const { broker, endpoint, lost } = await newBroker({ heartbeatMs: 50, liveness: 3 });
  await offend(crowdOfWorkers(endpoint, 50));
  await until(() => lost.length === 50, 'workers lost');
  expect(new Set(lost)).toEqual(new Set(['silent']));
  expect(broker.describe()).toMatchObject({ workers: 0, services: 0 });
});

test('services come and go: as many as there may be at one time, and none at last', async () => {
  const { broker, endpoint } = await newBroker({ servicesMax: 200, serviceExpiryMs: 100 });
  const offence = await offend(newServices(endpoint, 3_000));
  let most = 0;
  await until(() => {
    const { services, counters } = broker.describe();
    most = Math.max(most, services);
    return offence.sent === 3_000 && counters['requests'] === 3_000 && services === 0;
  }, 'no service');
  const { expired = 0, refused = 0 } = broker.describe().counters;
  expect(expired + refused).toBe(3_000);
  expect(expired).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(200);
  expect(broker.describe()).toMatchObject({ workers: 0, queued: 0 });
});

test('who asks for long lists and does not read them is cut off; who reads them is answered', async () => {
  const { broker, endpoint, seen } = await newBroker({ backlogBytesMax: 2 * MIB, heartbeatMs: 30_000 });
  const workers = await offend(crowdOfWorkers(endpoint, 400));
  await until(() => broker.describe().workers === 400, 'workers');
  const offence = await offend(management(endpoint, 2));
  await until(() => seen.includes('clientGone'), 'a client that is cut off');
  const before = offence.heard;
  await until(() => offence.heard > before + 50, 'answers to the other');
  await expectServed(endpoint);
  for (const each of [workers, offence]) end(each);
  await until(() => broker.describe().workers === 1 && broker.describe().clients === 1, 'the meek alone');
});

test('a meek client is served while another offers far more than can be served', async () => {
  const { broker, endpoint } = await newBroker({ queueMax: 50 });
  await newWorker(
    endpoint,
    'work',
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return 'done';
    },
    1,
  );
  const greedy = newClient(endpoint);
  const meek = newClient(endpoint);
  let over = false;
  const outcomes = { done: 0, QUEUE_FULL: 0, other: 0 };
  const flood = async () => {
    while (!over) {
      const asked = Array.from({ length: 100 }, () => greedy.request('work', 'x'));
      for (const result of await Promise.allSettled(asked)) {
        if (result.status === 'fulfilled') outcomes.done++;
        else if ((result.reason as { code?: string }).code === 'QUEUE_FULL') outcomes.QUEUE_FULL++;
        else outcomes.other++;
      }
    }
  };
  const flooding = Promise.all([flood(), flood(), flood()]);
  await until(() => (broker.describe().counters['refused'] ?? 0) > 50, 'requests refused');
  for (let call = 0; call < 20; call++) expect((await meek.request('work', 'x')).text()).toBe('done');
  over = true;
  await flooding;
  expect(outcomes).toMatchObject({ other: 0 });
  expect(outcomes.QUEUE_FULL).toBeGreaterThan(50);
  const { counters } = broker.describe();
  expect(counters['requests']).toBe((counters['answered'] ?? 0) + (counters['refused'] ?? 0));
  expect(broker.describe()).toMatchObject({ queued: 0, inFlight: 0 });
});
