import { Router } from 'zeromq';
import { endpointFor } from '../endpoint';
import type { PartParams, RunningPart } from '../part';
import { UNBOUNDED } from '../zeromq/options';

/** A ROUTER that is bound, and what relays on it. */
export async function startRelay(
  { transport = 'tcp' }: PartParams,
  relay: (router: Router) => Promise<void>,
): Promise<RunningPart> {
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
