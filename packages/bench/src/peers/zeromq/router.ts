import { Router } from 'zeromq';
import { endpointFor } from '../endpoint';
import type { PartParams, RunningPart } from '../part';
import { UNBOUNDED } from './options';

/**
 * A broker of one ROUTER.
 * @param relay - what it does with messages, until the socket is closed
 */
export async function startRouter(
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
