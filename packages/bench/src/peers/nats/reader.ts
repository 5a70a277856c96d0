import { createInbox } from '@nats-io/nats-core';
import { readStreams, writeOrder } from '../../load/streams';
import type { PartParams, RunningPart } from '../part';
import { connectTo, SUBJECT } from './connection';

/** An inbox per stream, read until the empty message. */
export async function start(params: PartParams): Promise<RunningPart> {
  const connection = await connectTo(params);
  return {
    answers: {
      stream: (load) =>
        readStreams(
          (order, heard) =>
            new Promise((resolve, reject) => {
              const reply = createInbox();
              const subscription = connection.subscribe(reply, {
                callback: (error, { data }) => {
                  if (error) reject(error);
                  else if (data.length > 0) heard();
                  else {
                    subscription.unsubscribe();
                    resolve();
                  }
                },
              });
              connection.publish(SUBJECT, writeOrder(order), { reply });
            }),
          load,
        ),
    },
    close: () => connection.close(),
  };
}
