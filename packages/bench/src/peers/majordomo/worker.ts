import { Worker } from '@majordomo/worker';
import type { PartParams, RunningPart } from '../part';
import { startRegistered } from './registered';
import { concurrencyOf, ECHO, workerOptions } from './settings';
import { watching } from './watched';

export async function start(params: PartParams): Promise<RunningPart> {
  const concurrency = concurrencyOf(params.protocol);
  const options = { ...workerOptions(params, concurrency), ...(await watching(params)) };
  const worker = new Worker(ECHO, ({ body }) => body, options);
  await startRegistered(worker, params.protocol, concurrency);
  return { close: () => worker.close() };
}
