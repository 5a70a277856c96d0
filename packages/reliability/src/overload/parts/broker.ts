import { Broker, type BrokerOptions } from '@majordomo/broker';
import { Tally, type BrokerStats, type Playing } from './part';

/** How often memory is looked at for its peak, in ms. */
const LOOK_MS = 50;

/** A broker that tells what it holds. */
export async function playBroker(options: BrokerOptions): Promise<Playing<BrokerStats>> {
  const failures = new Tally();
  let stalled = 0;
  let firstStalledAt: number | undefined;
  const ignore = () => undefined;
  const broker = new Broker({
    bind: 'tcp://127.0.0.1:0',
    ...options,
    logger: {
      debug: ignore,
      info: ignore,
      error: ignore,
      warn: (_fields, text) => {
        if (!text?.startsWith('peer cut off')) return;
        stalled++;
        firstStalledAt ??= Date.now();
      },
    },
  });
  broker.on('requestFailed', ({ code }) => failures.add(code));
  await broker.start();
  let peakRssBytes = 0;
  const memory = () => broker.describe().memoryBytes;
  setInterval(() => (peakRssBytes = Math.max(peakRssBytes, memory())), LOOK_MS).unref();
  return {
    endpoint: broker.endpoints[0]!,
    stats: () => {
      const { services, workers, clients, queued, inFlight, counters, rejections } = broker.describe();
      const rssBytes = memory();
      const peak = Math.max(peakRssBytes, rssBytes);
      peakRssBytes = 0;
      return {
        rssBytes,
        peakRssBytes: peak,
        services,
        workers,
        clients,
        queued,
        inFlight,
        counters,
        rejections,
        stalled,
        firstStalledAt,
        failures: failures.counts,
      };
    },
  };
}
