import type { PartParams, RunningPart } from '../part';
import { startDoing } from './doing';
import { QUEUES } from './settings';

/** Completes jobs as they were fetched: in one statement, without a reply. */
export function start(params: PartParams): Promise<RunningPart> {
  return startDoing(params, (boss, jobs) =>
    boss.complete(
      QUEUES.done,
      jobs.map(({ id }) => id),
    ),
  );
}
