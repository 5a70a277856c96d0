import { Client } from '@majordomo/client';
import { clientPart } from '../caller';
import { clientOptions, ECHO } from '../majordomo/settings';
import type { PartParams, RunningPart } from '../part';
import { CLIENT, SERVER } from './keys';

export async function start(params: PartParams): Promise<RunningPart> {
  const curve = { serverKey: SERVER.publicKey, secretKey: CLIENT.secretKey };
  const client = new Client({ ...clientOptions(params), curve });
  return clientPart({
    call: (body) => client.request(ECHO, body),
    bytesOf: ({ byteLength }) => byteLength,
    close: () => client.close(),
  });
}
