import type PgBoss from 'pg-boss';
import { setTimeout as sleep } from 'node:timers/promises';
import { Arrivals } from '../../load/arrivals';
import type { PartParams, RunningPart } from '../part';
import { QUEUES, startBoss, type Job } from './settings';

/** Loops at one time, and jobs that each fetches at once: together as many as titanic delivers. */
const LOOPS = 4;
const BATCH = 64;
/** The pause of a loop that has found nothing, in ms. */
const IDLE_MS = 5;

/** Tells pg-boss that jobs are done; resolves once the database has confirmed it. */
export type Complete = (boss: PgBoss, jobs: readonly PgBoss.Job<Job>[]) => Promise<unknown>;

/** Fetches, echoes and completes. A job counts once the database has confirmed that it is done. */
export async function startDoing(params: PartParams, complete: Complete): Promise<RunningPart> {
  const boss = await startBoss(params);
  const arrivals = new Arrivals();
  let stopped = false;

  const loop = async (): Promise<void> => {
    while (!stopped) {
      const jobs = await boss.fetch<Job>(QUEUES.done, { batchSize: BATCH });
      if (jobs.length === 0) {
        await sleep(IDLE_MS);
        continue;
      }
      await complete(boss, jobs);
      arrivals.add(jobs.length);
    }
  };

  const loops = Promise.all(Array.from({ length: LOOPS }, loop));
  loops.catch((error: unknown) => {
    process.stderr.write(`pg-boss: ${String(error)}\n`);
    process.exit(1);
  });
  return {
    answers: { received: ({ count }) => arrivals.expect(count) },
    close: async () => {
      stopped = true;
      await loops;
      await boss.stop({ graceful: false });
    },
  };
}
