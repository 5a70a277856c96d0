import { Broker, type BrokerOptions } from '@majordomo/broker';
import { RawWorker02, type RawWorker } from '@majordomo/testkit';
import { Client, type ClientOptions } from '../../src/index';

/** Waits short enough for tests; plain, unless a test is about more. */
const QUICK = {
  protocol: 'mdp/0.2' as const,
  reconnectMinMs: 10,
  reconnectMaxMs: 50,
  connectTimeoutMs: 1_000,
  timeoutMs: 5_000,
};

const open: { close(): unknown }[] = [];

/** A client with short waits, closed by {@link closeAll}. */
export function newClient(options: ClientOptions): Client {
  const client = new Client({ ...QUICK, ...options });
  open.push(client);
  return client;
}

/** A broker of ours on a port of its own, or on `bind`, closed by {@link closeAll}. */
export async function newBroker(options: BrokerOptions = {}): Promise<{ broker: Broker; endpoint: string }> {
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0', heartbeatMs: 500, ...options });
  open.push(broker);
  await broker.start();
  return { broker, endpoint: broker.endpoints[0]! };
}

/** Closes the clients and brokers of a test; for `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const each of open.splice(0).reverse()) await each.close();
}

/** A raw worker that answers every request by `answer` until it is closed; without one it echoes. */
export async function serve(
  endpoint: string,
  service: string,
  answer: (body: Buffer[]) => Buffer[] | Promise<Buffer[]> = (body) => body,
  make: new (endpoint: string) => RawWorker = RawWorker02,
): Promise<RawWorker> {
  const worker = new make(endpoint);
  await worker.ready(service);
  worker.heartbeatEvery(200);
  void (async () => {
    while (!worker.socket.closed) {
      const { address, body } = await worker.nextRequest(60_000);
      await worker.final(address, ...(await answer(body)));
    }
  })().catch(() => undefined);
  return worker;
}

/** A counter of a broker. */
export const counted = (broker: Broker, name: string): number => broker.describe().counters[name] ?? NaN;
