import { credentials, type requestCallback } from '@grpc/grpc-js';
import { clientPart } from '../caller';
import { addressOf, type PartParams, type RunningPart } from '../part';
import { Bench, type BodyMessage } from './service';

type Echo = (request: BodyMessage, done: requestCallback<BodyMessage>) => void;

/** Unary calls on one channel. */
export async function start(params: PartParams): Promise<RunningPart> {
  const client = new Bench(addressOf(params), credentials.createInsecure());
  const echo = (client['Echo'] as Echo).bind(client);
  return clientPart<BodyMessage>({
    call: (data) =>
      new Promise((resolve, reject) => {
        echo({ data }, (error, reply) => {
          if (reply) resolve(reply);
          else reject(error ?? new Error('no reply'));
        });
      }),
    bytesOf: ({ data }) => data.length,
    close: () => client.close(),
  });
}
