import { credentials, type ClientReadableStream } from '@grpc/grpc-js';
import { readStreams, writeOrder } from '../../load/streams';
import { addressOf, type PartParams, type RunningPart } from '../part';
import { Bench, type BodyMessage, type OrderMessage } from './service';

type Stream = (request: OrderMessage) => ClientReadableStream<BodyMessage>;

/** Server streams on one channel. */
export async function start(params: PartParams): Promise<RunningPart> {
  const client = new Bench(addressOf(params), credentials.createInsecure());
  const stream = (client['Stream'] as Stream).bind(client);
  return {
    answers: {
      stream: (load) =>
        readStreams(
          (order, heard) =>
            new Promise((resolve, reject) => {
              stream({ text: writeOrder(order) })
                .on('data', heard)
                .on('error', reject)
                .on('end', resolve);
            }),
          load,
        ),
    },
    close: () => client.close(),
  };
}
