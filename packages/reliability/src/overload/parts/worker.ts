import { Worker } from '@majordomo/worker';
import type { PartParams, Playing } from './part';

/** A worker that takes its time over each request. */
export async function playWorker(params: PartParams & { part: 'worker' }): Promise<Playing<object>> {
  const { endpoint, service, concurrency, workMs, replyBytes } = params;
  const handler = async () => {
    if (workMs > 0) await new Promise((resolve) => setTimeout(resolve, workMs));
    return new Uint8Array(replyBytes);
  };
  const worker = new Worker(service, handler, { brokers: endpoint, protocol: 'packed', concurrency });
  const registered = new Promise<void>((resolve) => worker.once('registered', () => resolve()));
  await worker.start();
  await registered;
  return { stats: () => ({}) };
}
