import { Pull, Push } from 'zeromq';
import type { RunningPart } from '../part';
import { BOUNDED_RECEIVES, BOUNDED_SENDS } from '../zeromq/options';

/** Relays one way, from a PULL to a PUSH. The two addresses are one text, a blank between them. */
export async function start(): Promise<RunningPart> {
  const from = new Pull(BOUNDED_RECEIVES);
  const to = new Push(BOUNDED_SENDS);
  await from.bind('tcp://127.0.0.1:0');
  await to.bind('tcp://127.0.0.1:0');
  void relay(from, to);
  return {
    address: `${from.lastEndpoint} ${to.lastEndpoint}`,
    close: () => {
      from.close();
      to.close();
    },
  };
}

async function relay(from: Pull, to: Push): Promise<void> {
  while (!from.closed) await to.send(await from.receive());
}
