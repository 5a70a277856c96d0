import { TitanicClient } from '@majordomo/titanic';
import { addressOf, type PartParams, type RunningPart } from '../part';
import { submitterPart } from '../submitter-part';
import { ECHO, LATER_MS } from './settings';

/** How long a submission may take, in ms. */
const TIMEOUT_MS = 60_000;

/** What is kept and not done is due later: the row is the same. */
export async function start(params: PartParams): Promise<RunningPart> {
  const titanic = new TitanicClient({ brokers: addressOf(params), timeoutMs: TIMEOUT_MS, retries: 0 });
  // The first one waits for the services to be registered.
  await titanic.stats();
  return submitterPart({
    submit: (destination, body, count) => {
      const when = destination === 'kept' ? { inMs: LATER_MS } : {};
      if (count === 1) return titanic.submit(ECHO, body, when);
      return titanic.submitMany(Array.from({ length: count }, () => ({ service: ECHO, body, ...when })));
    },
    close: () => titanic.disconnect(),
  });
}
