import { Client } from '@majordomo/client';
import { clientPart } from '../caller';
import type { PartParams, RunningPart } from '../part';
import { clientOptions, ECHO } from './settings';
import { watching } from './watched';

export async function start(params: PartParams): Promise<RunningPart> {
  const client = new Client({ ...clientOptions(params), ...(await watching(params)) });
  return clientPart({
    call: (body) => client.request(ECHO, body),
    bytesOf: ({ byteLength }) => byteLength,
    close: () => client.close(),
  });
}
