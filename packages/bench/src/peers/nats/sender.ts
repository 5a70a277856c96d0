import type { PartParams, RunningPart } from '../part';
import { senderPart } from '../sender-part';
import { connectTo, SUBJECT } from './connection';

/** Messages published between two round trips to the server: nats.js itself never says to wait. */
const FLUSH_EVERY = 10_000;

export async function start(params: PartParams): Promise<RunningPart> {
  const connection = await connectTo(params);
  let published = 0;
  return senderPart({
    send: (body) => {
      connection.publish(SUBJECT, body);
      return ++published % FLUSH_EVERY === 0 ? connection.flush() : undefined;
    },
    flush: () => connection.flush(),
    close: () => connection.close(),
  });
}
