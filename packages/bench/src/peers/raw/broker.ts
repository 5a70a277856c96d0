import type { Router } from 'zeromq';
import type { PartParams, RunningPart } from '../part';
import { startRouter } from '../zeromq/router';

/**
 * Relays between clients and one worker: what the worker says goes to whom its first frame names, what anybody else
 * says goes to the worker. The worker makes itself known by its first message.
 */
export function start(params: PartParams): Promise<RunningPart> {
  return startRouter(params, relay);
}

async function relay(router: Router): Promise<void> {
  const [worker] = (await router.receive()) as [Buffer];
  await router.send([worker, '']);
  while (!router.closed) {
    const frames = await router.receive();
    if (worker.equals(frames[0]!)) frames.shift();
    else frames.unshift(worker);
    await router.send(frames);
  }
}
