import { Client } from '@majordomo/client';
import { isMajordomoError } from '@majordomo/protocol';
import { Worker } from '@majordomo/worker';
import { Latencies } from '../latencies';
import { Tally, type MeekStats, type PartParams, type Playing } from './part';

/** Between two calls, in ms: it is meek. */
const PAUSE_MS = 3;
/** A call that takes longer counts as failed. */
const TIMEOUT_MS = 10_000;

/** A client that makes one call at a time, and says how long they took. */
export async function playMeek(params: PartParams & { part: 'meek' }): Promise<Playing<MeekStats>> {
  const { endpoint, service, protocol, serves } = params;
  if (serves) {
    const worker = new Worker(service, ({ body }) => body, { brokers: endpoint, protocol, concurrency: 1 });
    const registered = new Promise<void>((resolve) => worker.once('registered', () => resolve()));
    await worker.start();
    await registered;
  }
  const client = new Client({ brokers: endpoint, protocol, timeoutMs: TIMEOUT_MS });
  const latencies = new Latencies();
  const failures = new Tally();
  const body = new Uint8Array(64);
  const call = async (): Promise<void> => {
    const startedAt = performance.now();
    try {
      await client.request(service, body);
      latencies.add(performance.now() - startedAt);
    } catch (error) {
      failures.add(isMajordomoError(error) ? error.code : String(error));
    }
    setTimeout(() => void call(), PAUSE_MS);
  };
  await client.request(service, body);
  void call();
  return { stats: () => ({ latency: latencies.take(), failures: failures.take() }) };
}
