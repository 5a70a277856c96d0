import { Worker } from '@majordomo/worker';
import { Arrivals } from '../../load/arrivals';
import type { PartParams, RunningPart } from '../part';
import { startRegistered } from './registered';
import { concurrencyOf, SINK, workerOptions } from './settings';

/** Takes messages and answers each with an empty frame: MDP has no request without reply. */
export async function start(params: PartParams): Promise<RunningPart> {
  const arrivals = new Arrivals();
  const concurrency = concurrencyOf(params.protocol);
  const worker = new Worker(
    SINK,
    () => {
      arrivals.add();
      return undefined;
    },
    workerOptions(params, concurrency),
  );
  await startRegistered(worker, params.protocol, concurrency);
  return {
    answers: { received: ({ count }) => arrivals.expect(count) },
    close: () => worker.close(),
  };
}
