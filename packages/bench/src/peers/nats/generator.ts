import { bodyOf } from '../../load/check';
import { readOrder } from '../../load/streams';
import type { PartParams, RunningPart } from '../part';
import { connectTo, SUBJECT } from './connection';

/** Publishes replies to the inbox of the request, an empty one last. NATS has no flow control for a reply inbox. */
export async function start(params: PartParams): Promise<RunningPart> {
  const connection = await connectTo(params);
  connection.subscribe(SUBJECT, {
    callback: (error, message) => {
      if (error) throw error;
      const { partials, bytes } = readOrder(message.string());
      const part = bodyOf(bytes);
      for (let sent = 0; sent < partials; sent++) message.respond(part);
      message.respond();
    },
  });
  await connection.flush();
  return { close: () => connection.close() };
}
