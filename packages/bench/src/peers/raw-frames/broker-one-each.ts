import type { Router } from 'zeromq';
import type { PartParams, RunningPart } from '../part';
import { startRouter } from '../zeromq/router';
import { ADDRESS_AT, clientFrames, workerFrames } from './frames';

/** As `broker`, but for what MDP demands of a broker: a worker has one request at a time, the others wait. */
export function start(params: PartParams): Promise<RunningPart> {
  return startRouter(params, relay);
}

async function relay(router: Router): Promise<void> {
  const idle: Buffer[] = [];
  const waiting: { from: Buffer; body: Buffer }[] = [];
  const isWorker = new Set<string>();
  while (!router.closed) {
    const frames = await router.receive();
    const from = frames[0]!;
    const body = frames[frames.length - 1]!;
    if (frames.length === 2) {
      idle.push(from);
      isWorker.add(from.toString('latin1'));
      await router.send([from, body]);
    } else if (isWorker.has(from.toString('latin1'))) {
      await router.send([frames[ADDRESS_AT]!, ...clientFrames(body)]);
      const next = waiting.shift();
      if (next) await router.send([from, ...workerFrames(next.from, next.body)]);
      else idle.push(from);
    } else {
      const worker = idle.shift();
      if (worker) await router.send([worker, ...workerFrames(from, body)]);
      else waiting.push({ from, body });
    }
  }
}
