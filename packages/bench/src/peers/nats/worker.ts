import type { PartParams, RunningPart } from '../part';
import { connectTo, SUBJECT } from './connection';

export async function start(params: PartParams): Promise<RunningPart> {
  const connection = await connectTo(params);
  connection.subscribe(SUBJECT, {
    callback: (error, message) => {
      if (error) throw error;
      message.respond(message.data);
    },
  });
  await connection.flush();
  return { close: () => connection.close() };
}
