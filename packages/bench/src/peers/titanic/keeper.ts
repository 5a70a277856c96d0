import { Broker } from '@majordomo/broker';
import { Titanic, type RequestStore } from '@majordomo/titanic';
import { Arrivals } from '../../load/arrivals';
import type { RunningPart } from '../part';
import type { Answers } from '../../processes/questions';

/** A broker and a titanic on a store, in this process; `beside` answers and ends what belongs to the store. */
export async function keep(
  store: RequestStore,
  beside: { readonly answers: Answers; readonly close: () => Promise<void> },
): Promise<RunningPart> {
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
  await broker.start();
  const address = broker.endpoints[0]!;
  const titanic = new Titanic({ brokers: address, store });
  const arrivals = new Arrivals();
  // An event of the store is after its commit.
  store.subscribe({ ended: (ids) => arrivals.add(ids.length) });
  await titanic.start();
  return {
    address,
    answers: {
      ...beside.answers,
      received: async ({ count }) => {
        const received = await arrivals.expect(count);
        const { dead, expired } = titanic.stats;
        if (dead + expired > 0) throw new Error(`${dead} requests are dead letters, ${expired} expired`);
        return received;
      },
    },
    close: async () => {
      await titanic.close();
      await store.close();
      await broker.close();
      await beside.close();
    },
  };
}
