import { Broker, type BrokerOptions } from '@majordomo/broker';
import { Worker, type Handler, type WorkerOptions } from '@majordomo/worker';
import { Client, isMajordomoError, type ClientOptions } from '../../src/index';

const open: { close(): unknown }[] = [];

/** Has {@link closeAll} close it. */
export function track<Each extends { close(): unknown }>(each: Each): Each {
  open.push(each);
  return each;
}

/** A broker of ours on a port of its own, or on `bind`; closed by {@link closeAll}. */
export async function newBroker(options: BrokerOptions = {}): Promise<{ broker: Broker; endpoint: string }> {
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0', heartbeatMs: 200, ...options });
  open.push(broker);
  await broker.start();
  return { broker, endpoint: broker.endpoints[0]! };
}

/** A worker of ours that is registered; closed by {@link closeAll}. */
export async function newWorker(service: string, handler: Handler, options: WorkerOptions): Promise<Worker> {
  const worker = new Worker(service, handler, {
    heartbeatMs: 200,
    reconnectMinMs: 10,
    reconnectMaxMs: 50,
    probeMs: 100,
    ...options,
  });
  open.push(worker);
  const registered = new Promise<void>((resolve) => worker.once('registered', () => resolve()));
  await worker.start();
  await registered;
  return worker;
}

/** A client of ours; closed by {@link closeAll}. */
export function newClient(options: ClientOptions): Client {
  const client = new Client({
    reconnectMinMs: 10,
    reconnectMaxMs: 50,
    probeMs: 100,
    timeoutMs: 5_000,
    ...options,
  });
  open.push(client);
  return client;
}

/** Closes all that a test opened, the last first; for `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const each of open.splice(0).reverse()) await each.close();
}

/** A counter of a broker. */
export const counted = (broker: Broker, name: string): number => broker.describe().counters[name] ?? NaN;

/** A promise with its means. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

/**
 * What a broker says of a request whose time is up in its queue. It has 50 ms to say so, which a busy machine may miss:
 * then the client knows no more than that there was no reply, and is asked to try again.
 */
export async function untilTold(ask: () => Promise<unknown>): Promise<unknown> {
  for (let tries = 0; tries < 20; tries++) {
    const error = await ask().catch((thrown: unknown) => thrown);
    if (!isMajordomoError(error, 'TIMEOUT')) return error;
  }
  throw new Error('the broker was too slow every time');
}

/** A promise that is awaited later in a test: should the test fail before that, its rejection is nobody's surprise. */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
