import PgBoss from 'pg-boss';
import { addressOf, type PartParams } from '../part';

/** The queue that is worked on, and the one that is not. */
export const QUEUES = { done: 'echo', kept: 'idle' } as const;

/** What a job carries: its data is an object. */
export interface Job {
  readonly text: string;
}

/** pg-boss in this process, with its tables; schedules, which nobody has here, are off. */
export async function startBoss(params: PartParams): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString: addressOf(params), schedule: false });
  // What fails for good fails a call as well, or nothing is done any more, and the run ends for that.
  boss.on('error', (error) => process.stderr.write(`pg-boss: ${String(error)}\n`));
  await boss.start();
  for (const queue of Object.values(QUEUES)) {
    if (!(await boss.getQueue(queue))) await boss.createQueue(queue);
  }
  return boss;
}
