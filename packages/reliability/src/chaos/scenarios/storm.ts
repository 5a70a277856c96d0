import { makeFaults } from '../faults';
import { describeFault, planOf } from '../plan';
import type { Scenario } from './scenario';

/** Two brokers behind relays; everything that can be killed, frozen or cut off is, at random from the seed. */
export const storm: Scenario = {
  cast: {
    brokers: 2,
    rhythm: { heartbeatMs: 1_000, liveness: 3, reconnectMaxMs: 1_000 },
    mixOf: () => 'storm',
    lanes: 12,
    pauseMsMax: 20,
    patienceMs: 60_000,
  },
  relayed: true,
  rules: { slackMs: 20_000, noFailures: false, noDuplicates: false },
  act: async ({ seed, durationMs, cast, network, progress }) => {
    const names = (roles: readonly { name: string }[]): string[] => roles.map(({ name }) => name);
    const plan = planOf(seed, durationMs, {
      brokers: names(cast.brokers),
      workers: names(cast.workers),
      clients: names(cast.clients),
      networks: network.names,
    });
    progress(`the plan of seed ${seed}, ${plan.length} faults:`);
    for (const fault of plan) progress(describeFault(fault));
    const faults = await makeFaults(plan, cast, network);
    network.heal();
    return { faults, problems: [], figures: { faultsPlanned: plan.length } };
  },
};
