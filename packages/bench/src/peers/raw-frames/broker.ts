import type { Router } from 'zeromq';
import type { PartParams, RunningPart } from '../part';
import { startRouter } from '../zeromq/router';
import { ADDRESS_AT, clientFrames, workerFrames } from './frames';

/**
 * Relays between any number of clients and the sockets of a worker, in turn, in the frames of MDP/0.2. It
 * knows nothing: no queue, no idle workers, no codec. Workers make themselves known by a message of one frame.
 */
export function start(params: PartParams): Promise<RunningPart> {
  return startRouter(params, relay);
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
