import { Client } from '@majordomo/client';
import { readStreams, writeOrder } from '../../load/streams';
import type { PartParams, RunningPart } from '../part';
import { clientOptions, STREAM } from './settings';

export async function start(params: PartParams): Promise<RunningPart> {
  const client = new Client(clientOptions(params));
  return {
    answers: {
      stream: (load) =>
        readStreams(async (order, heard) => {
          for await (const { kind } of client.stream(STREAM, writeOrder(order))) {
            if (kind === 'partial') heard();
          }
        }, load),
    },
    close: () => client.close(),
  };
}
