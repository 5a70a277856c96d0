import { Queue } from 'bullmq';
import { Window } from '../../load/window';
import type { PartParams, RunningPart } from '../part';
import { senderPart } from '../sender-part';
import { connectionOf, QUEUE } from './settings';

/** Jobs under way to Redis at one time. */
const WINDOW = 1_000;

/** Adds jobs one by one and waits for none but where the window is full. */
export async function start(params: PartParams): Promise<RunningPart> {
  const queue = new Queue<string>(QUEUE, {
    connection: connectionOf(params),
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  await queue.waitUntilReady();
  const window = new Window(WINDOW);
  return senderPart({
    send: (body) => window.add(queue.add('message', Buffer.from(body).toString('latin1'))),
    flush: () => window.empty(),
    close: () => queue.close(),
  });
}
