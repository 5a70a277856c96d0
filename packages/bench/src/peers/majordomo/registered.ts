import type { Worker } from '@majordomo/worker';
import { setTimeout as sleep } from 'node:timers/promises';
import { PACKED } from './settings';

/** Starts a worker and resolves once all of its sessions are registered: a packed worker has one. */
export async function startRegistered(
  worker: Worker,
  protocol: string | undefined,
  concurrency: number,
): Promise<void> {
  const sessions = protocol === PACKED ? 1 : concurrency;
  await worker.start();
  while (worker.stats.registered < sessions) await sleep(5);
}
