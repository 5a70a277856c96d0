import { Router } from 'zeromq';
import { endpointFor } from '../endpoint';
import type { PartParams, RunningPart } from '../part';
import { UNBOUNDED } from '../zeromq/options';
import { ADDRESS_AT, clientFrames, workerFrames } from './frames';

/**
 * Relays between any number of clients and the sockets of a worker, in turn, in the frames of MDP/0.2. It
 * knows nothing: no queue, no idle workers, no codec. Workers make themselves known by a message of one frame.
 */
export async function start({ transport = 'tcp' }: PartParams): Promise<RunningPart> {
  const { endpoint, remove } = endpointFor(transport);
  const router = new Router(UNBOUNDED);
  await router.bind(endpoint);
  void relay(router);
  return {
    address: router.lastEndpoint!,
    close: () => {
      router.close();
      remove();
    },
  };
}

async function relay(router: Router): Promise<void> {
  const workers: Buffer[] = [];
  const isWorker = new Set<string>();
  let turn = 0;
  while (!router.closed) {
    const frames = await router.receive();
    const from = frames[0]!;
    const body = frames[frames.length - 1]!;
    if (frames.length === 2) {
      workers.push(from);
      isWorker.add(from.toString('latin1'));
      await router.send([from, body]);
    } else if (isWorker.has(from.toString('latin1'))) {
      await router.send([frames[ADDRESS_AT]!, ...clientFrames(body)]);
    } else {
      await router.send([workers[turn++ % workers.length]!, ...workerFrames(from, body)]);
    }
  }
}
