import { Worker } from 'bullmq';
import { Arrivals } from '../../load/arrivals';
import type { PartParams, RunningPart } from '../part';
import { connectionOf, QUEUE } from './settings';

/** Jobs that the worker does at one time: as many as titanic delivers. */
const CONCURRENCY = 256;

/** A job counts once Redis has confirmed that it is done. */
export async function start(params: PartParams): Promise<RunningPart> {
  const arrivals = new Arrivals();
  const worker = new Worker<string, string>(QUEUE, async ({ data }) => data, {
    connection: connectionOf(params),
    concurrency: CONCURRENCY,
  });
  worker.on('completed', () => arrivals.add());
  await worker.waitUntilReady();
  return {
    answers: { received: ({ count }) => arrivals.expect(count) },
    close: () => worker.close(true),
  };
}
