import { Worker } from 'bullmq';
import type { PartParams, RunningPart } from '../part';
import { CONCURRENCY, connectionOf, QUEUE } from './settings';

export async function start(params: PartParams): Promise<RunningPart> {
  const worker = new Worker<string, string>(QUEUE, async ({ data }) => data, {
    connection: connectionOf(params),
    concurrency: CONCURRENCY,
  });
  await worker.waitUntilReady();
  return {
    answers: {
      prepare: ({ inFlight }) => {
        worker.concurrency = inFlight;
      },
    },
    close: () => worker.close(true),
  };
}
