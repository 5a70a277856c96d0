import type { Broker } from '@majordomo/broker';
import { runBroker } from '../../src/fuzz/broker-run';
import { builtBroker } from './built';
import { BROKER_MUTANTS } from './mutants';

// No leak check here: each broker that is built for this brings a ZeroMQ context of its own, which lives on.

describe('a broker with a bug planted in it is found out', () => {
  const objectionsTo = async (broker?: typeof Broker): Promise<readonly string[]> => {
    const run = {
      seed: 2,
      messages: 4_000,
      peers: 4,
      p99MsMax: Infinity,
      cleanMs: 6_000,
      judgesMemory: false,
    };
    return (await runBroker(broker ? { ...run, broker } : run)).objections;
  };

  test('without one, what was built for this passes', async () => {
    expect(await objectionsTo(await builtBroker())).toEqual([]);
  });

  test.each(BROKER_MUTANTS)(
    '$name',
    async (mutant) => {
      expect((await objectionsTo(await builtBroker(mutant))).join('\n')).toMatch(mutant.shows);
    },
    60_000,
  );
});
