import { Worker } from '@majordomo/worker';
import type { PartParams, RunningPart } from '../part';
import { startRegistered } from './registered';
import { concurrencyOf, PACKED, servicesOf, workerOptions } from './settings';

/** Workers that connect at one time: more would overrun the broker's queue of connections. */
const AT_ONCE = 50;

/** Workers with one session each, for each of the services. */
export async function start(params: PartParams): Promise<RunningPart> {
  const { protocol } = params;
  const concurrency = protocol === PACKED ? concurrencyOf(protocol) : 1;
  const options = workerOptions(params, concurrency);
  const workers = servicesOf(params).flatMap((service) =>
    Array.from(
      { length: params.services?.workersEach ?? 1 },
      () => new Worker(service, ({ body }) => body, options),
    ),
  );
  for (let at = 0; at < workers.length; at += AT_ONCE) {
    const batch = workers.slice(at, at + AT_ONCE);
    await Promise.all(batch.map((worker) => startRegistered(worker, protocol, concurrency)));
  }
  return {
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}
