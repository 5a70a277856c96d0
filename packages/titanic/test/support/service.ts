import { Broker, type BrokerOptions } from '@majordomo/broker';
import { Client, type ClientOptions } from '@majordomo/client';
import { Worker, type Handler, type WorkerOptions } from '@majordomo/worker';
import { join } from 'node:path';
import { Titanic, TitanicClient, type TitanicOptions } from '../../src/index';
import { openSqlite, scratchFolder } from './scratch';

const open: { close(): unknown }[] = [];
const QUICK = { reconnectMinMs: 10, reconnectMaxMs: 50, probeMs: 100 };

/** A broker of ours on a port of its own; closed by {@link closeAll}. */
export async function newBroker(options: BrokerOptions = {}): Promise<string> {
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0', heartbeatMs: 200, ...options });
  open.push(broker);
  await broker.start();
  return broker.endpoints[0]!;
}

/** A worker of ours that is registered; closed by {@link closeAll}. */
export async function newWorker(service: string, handler: Handler, options: WorkerOptions): Promise<Worker> {
  const worker = new Worker(service, handler, { heartbeatMs: 200, ...QUICK, ...options });
  open.push(worker);
  const registered = new Promise<void>((resolve) => worker.once('registered', () => resolve()));
  await worker.start();
  await registered;
  return worker;
}

/** A client of ours; closed by {@link closeAll}. */
export function newClient(options: ClientOptions): Client {
  const client = new Client({ ...QUICK, timeoutMs: 10_000, ...options });
  open.push(client);
  return client;
}

/** A titanic that is started, on a SQLite store of its own unless told otherwise; closed by {@link closeAll}. */
export async function newTitanic(
  brokers: string,
  options: Partial<TitanicOptions> = {},
): Promise<{ titanic: Titanic; api: TitanicClient; client: Client }> {
  const store = options.store ?? (await openSqlite({ file: join(scratchFolder(), 'requests.db') }));
  const titanic = new Titanic({ brokers, ...QUICK, ...options, store });
  open.push(titanic);
  await titanic.start();
  const client = newClient({ brokers });
  return { titanic, api: new TitanicClient(client), client };
}

/** Closes all that a test opened, the last first; for `afterEach`, before `sweep`. */
export async function closeAll(): Promise<void> {
  for (const each of open.splice(0).reverse()) await each.close();
}

/** A promise with its means. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}
