import { Router } from 'zeromq';
import { endpointFor } from '../endpoint';
import type { PartParams, RunningPart } from '../part';
import { UNBOUNDED } from '../zeromq/options';

/**
 * Relays between clients and one worker: what the worker says goes to whom its first frame names, what anybody else
 * says goes to the worker. The worker makes itself known by its first message.
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
  const [worker] = (await router.receive()) as [Buffer];
  await router.send([worker, '']);
  while (!router.closed) {
    const frames = await router.receive();
    if (worker.equals(frames[0]!)) frames.shift();
    else frames.unshift(worker);
    await router.send(frames);
  }
}
