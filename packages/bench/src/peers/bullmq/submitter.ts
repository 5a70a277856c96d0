import { Queue } from 'bullmq';
import { BodyText, type Destination } from '../../load/submissions';
import type { PartParams, RunningPart } from '../part';
import { submitterPart } from '../submitter-part';
import { connectionOf, QUEUE } from './settings';

/** The queue that nobody works on. */
const IDLE = 'idle';

/** Adds jobs by `add` or `addBulk`. */
export async function start(params: PartParams): Promise<RunningPart> {
  const connection = connectionOf(params);
  const defaultJobOptions = { removeOnComplete: true, removeOnFail: true };
  const open = (name: string): Queue<string> => new Queue<string>(name, { connection, defaultJobOptions });
  const queues: Readonly<Record<Destination, Queue<string>>> = { done: open(QUEUE), kept: open(IDLE) };
  await Promise.all(Object.values(queues).map((queue) => queue.waitUntilReady()));
  const texts = new BodyText();
  return submitterPart({
    submit: (destination, body, count) => {
      const job = { name: 'job', data: texts.of(body) };
      const queue = queues[destination];
      if (count === 1) return queue.add(job.name, job.data);
      return queue.addBulk(Array.from({ length: count }, () => job));
    },
    close: async () => {
      await Promise.all(Object.values(queues).map((queue) => queue.close()));
    },
  });
}
