import { Worker } from 'bullmq';
import { Arrivals } from '../../load/arrivals';
import type { PartParams, RunningPart } from '../part';
import { CONCURRENCY, connectionOf, QUEUE } from './settings';

export async function start(params: PartParams): Promise<RunningPart> {
  const arrivals = new Arrivals();
  const options = { connection: connectionOf(params), concurrency: CONCURRENCY };
  const worker = new Worker<string>(QUEUE, async () => arrivals.add(), options);
  await worker.waitUntilReady();
  return {
    answers: { received: ({ count }) => arrivals.expect(count) },
    close: () => worker.close(true),
  };
}
