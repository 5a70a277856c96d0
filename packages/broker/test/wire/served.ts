import { eventually, RawClient01, RawClient02, RawWorker01, RawWorker02 } from '@majordomo/testkit';
import { Broker, type BrokerEvent, type BrokerOptions } from '../../src/index';

type EventType = BrokerEvent['type'];
type EventOf<Type extends EventType> = Extract<BrokerEvent, { type: Type }>;

const EVENT_TYPES: readonly EventType[] = [
  'workerRegistered',
  'workerLost',
  'requestRedispatched',
  'requestExpired',
  'requestFailed',
  'replyDropped',
  'workerFailed',
  'clientWelcomed',
  'clientGone',
  'protocolError',
  'messageRejected',
  'denied',
  'keyProven',
  'connectionRefused',
];

/** How long to wait for what should happen at once, on a machine under load. */
const TIMEOUT_MS = 5_000;

/** A broker that serves, and what happened in it. */
export interface Served {
  readonly broker: Broker;
  /** The first of its endpoints. */
  readonly endpoint: string;
  /** Every event so far. */
  readonly events: readonly BrokerEvent[];
  /** The first event of a type that was not yet asked for, past or future. */
  next<Type extends EventType>(type: Type): Promise<EventOf<Type>>;
  /** Resolves once so many workers are registered. */
  workers(count: number): Promise<void>;
}

const running = new Set<Broker>();

/** Starts a broker on a port that the system chooses; heartbeats are far apart unless a test says otherwise. */
export async function serve(options: BrokerOptions = {}): Promise<Served> {
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0', heartbeatMs: 30_000, ...options });
  running.add(broker);
  const events: BrokerEvent[] = [];
  const taken = new Set<BrokerEvent>();
  for (const type of EVENT_TYPES) broker.on(type, (event: BrokerEvent) => events.push(event));
  await broker.start();

  async function next<Type extends EventType>(type: Type): Promise<EventOf<Type>> {
    const isNext = (event: BrokerEvent): event is EventOf<Type> => event.type === type && !taken.has(event);
    const found = await eventually(() => events.find(isNext), { timeoutMs: TIMEOUT_MS, what: type });
    taken.add(found);
    return found;
  }

  async function workers(count: number): Promise<void> {
    const what = `${count} registered workers`;
    await eventually(() => broker.describe().workers === count, { timeoutMs: TIMEOUT_MS, what });
  }

  return { broker, endpoint: broker.endpoints[0]!, events, next, workers };
}

/** Closes every broker of this test file that still runs. */
export async function closeBrokers(): Promise<void> {
  await Promise.all([...running].map((broker) => broker.close()));
  running.clear();
}

/** Every way to be a client. */
export const CLIENTS = [
  ['mdp/0.1 DEALER client', (endpoint: string) => new RawClient01(endpoint)],
  ['mdp/0.1 REQ client', (endpoint: string) => new RawClient01(endpoint, { req: true })],
  ['mdp/0.2 DEALER client', (endpoint: string) => new RawClient02(endpoint)],
  ['mdp/0.2 REQ client', (endpoint: string) => new RawClient02(endpoint, { req: true })],
] as const;

/** Every way to be a worker. */
export const WORKERS = [
  ['mdp/0.1 worker', (endpoint: string) => new RawWorker01(endpoint)],
  ['mdp/0.2 worker', (endpoint: string) => new RawWorker02(endpoint)],
] as const;

/** Every client with every worker. */
export const PAIRINGS = CLIENTS.flatMap(([client, newClient]) =>
  WORKERS.map(([worker, newWorker]) => [client, worker, newClient, newWorker] as const),
);
