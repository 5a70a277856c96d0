import type { PartParams, RunningPart } from '../part';
import { startDoing } from './doing';
import { QUEUES } from './settings';

/** Completes each job with its reply, which is kept. */
export function start(params: PartParams): Promise<RunningPart> {
  return startDoing(params, (boss, jobs) =>
    Promise.all(jobs.map(({ id, data }) => boss.complete(QUEUES.done, id, { text: data.text }))),
  );
}
