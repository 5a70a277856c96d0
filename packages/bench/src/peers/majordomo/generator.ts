import { Worker } from '@majordomo/worker';
import { bodyOf } from '../../load/check';
import { readOrder } from '../../load/streams';
import type { PartParams, RunningPart } from '../part';
import { startRegistered } from './registered';
import { concurrencyOf, STREAM, workerOptions } from './settings';

export async function start(params: PartParams): Promise<RunningPart> {
  const concurrency = concurrencyOf(params.protocol);
  const worker = new Worker(
    STREAM,
    async function* ({ body }) {
      const { partials, bytes } = readOrder(body.text());
      const part = bodyOf(bytes);
      for (let sent = 0; sent < partials; sent++) yield part;
    },
    workerOptions(params, concurrency),
  );
  await startRegistered(worker, params.protocol, concurrency);
  return { close: () => worker.close() };
}
