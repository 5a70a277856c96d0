import { Worker } from '@majordomo/worker';
import type { PartParams, RunningPart } from '../part';
import { startRegistered } from './registered';
import { concurrencyOf, ECHO, workerOptions } from './settings';

export async function start(params: PartParams): Promise<RunningPart> {
  const concurrency = concurrencyOf(params.protocol);
  const worker = new Worker(ECHO, ({ body }) => body, workerOptions(params, concurrency));
  await startRegistered(worker, params.protocol, concurrency);
  return { close: () => worker.close() };
}
