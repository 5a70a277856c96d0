import { createInterface } from 'node:readline';
import { readStreams, writeOrder } from '../../load/streams';
import type { PartParams, RunningPart } from '../part';
import { poolTo } from './connection';

export async function start(params: PartParams): Promise<RunningPart> {
  const pool = poolTo(params);
  return {
    answers: {
      stream: (load) =>
        readStreams(async (order, heard) => {
          const path = `/stream?order=${encodeURIComponent(writeOrder(order))}`;
          const { body } = await pool.request({ path, method: 'GET' });
          for await (const line of createInterface({ input: body })) {
            JSON.parse(line);
            heard();
          }
        }, load),
    },
    close: () => pool.destroy(),
  };
}
