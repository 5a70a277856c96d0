import { clientPart } from '../caller';
import type { PartParams, RunningPart } from '../part';
import { poolTo } from './connection';

export async function start(params: PartParams): Promise<RunningPart> {
  const pool = poolTo(params);
  const headers = { 'content-type': 'application/octet-stream' };
  return clientPart<ArrayBuffer>({
    call: async (body) => {
      const reply = await pool.request({ path: '/echo', method: 'POST', headers, body });
      return await reply.body.arrayBuffer();
    },
    bytesOf: ({ byteLength }) => byteLength,
    close: () => pool.destroy(),
  });
}
