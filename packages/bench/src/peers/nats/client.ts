import { clientPart } from '../caller';
import type { PartParams, RunningPart } from '../part';
import { connectTo, SUBJECT, TIMEOUT_MS } from './connection';

export async function start(params: PartParams): Promise<RunningPart> {
  const connection = await connectTo(params);
  const options = { timeout: TIMEOUT_MS };
  return clientPart({
    call: (body) => connection.request(SUBJECT, body, options),
    bytesOf: ({ data }) => data.length,
    close: () => connection.close(),
  });
}
