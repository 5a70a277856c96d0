import { Queue, QueueEvents } from 'bullmq';
import { clientPart } from '../caller';
import type { PartParams, RunningPart } from '../part';
import { connectionOf, JOB_OPTIONS, QUEUE, TIMEOUT_MS } from './settings';

/** Adds a job and waits for its result, as BullMQ's own guide does it. Bodies are text: BullMQ's data is JSON. */
export async function start(params: PartParams): Promise<RunningPart> {
  const connection = connectionOf(params);
  const queue = new Queue<string, string>(QUEUE, { connection, defaultJobOptions: JOB_OPTIONS });
  const events = new QueueEvents(QUEUE, { connection });
  // Every waiting job listens.
  queue.setMaxListeners(0);
  events.setMaxListeners(0);
  await queue.waitUntilReady();
  await events.waitUntilReady();
  return clientPart<string>({
    call: async (body) => {
      const job = await queue.add('echo', textOf(body));
      return await job.waitUntilFinished(events, TIMEOUT_MS);
    },
    bytesOf: (text) => Buffer.byteLength(text),
    close: async () => {
      await events.close();
      await queue.close();
    },
  });
}

/** The same body comes again and again: its text is made once, as a caller with text would have it. */
let last: { readonly body: Uint8Array; readonly text: string } | undefined;

function textOf(body: Uint8Array): string {
  if (last?.body !== body) last = { body, text: Buffer.from(body).toString('latin1') };
  return last.text;
}
