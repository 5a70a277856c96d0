import { Worker } from '@majordomo/worker';
import { startRegistered } from '../majordomo/registered';
import { concurrencyOf, ECHO, workerOptions } from '../majordomo/settings';
import type { PartParams, RunningPart } from '../part';
import { SERVER, WORKER } from './keys';

export async function start(params: PartParams): Promise<RunningPart> {
  const concurrency = concurrencyOf(params.protocol);
  const curve = { serverKey: SERVER.publicKey, secretKey: WORKER.secretKey };
  const worker = new Worker(ECHO, ({ body }) => body, { ...workerOptions(params, concurrency), curve });
  await startRegistered(worker, params.protocol, concurrency);
  return { close: () => worker.close() };
}
