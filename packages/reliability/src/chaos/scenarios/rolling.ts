import type { PartRole } from '../cast';
import type { Scenario } from './scenario';

/** Two brokers; every broker and every worker is replaced by SIGTERM, one after another, while clients go on. */
export const rolling: Scenario = {
  cast: {
    brokers: 2,
    rhythm: { heartbeatMs: 2_500, liveness: 4, reconnectMaxMs: 2_000 },
    // What `auto` takes a broker for that is slow to answer is plain.
    mixOf: (dialect) => (dialect === 'packed' ? 'steady' : 'steady-plain'),
    lanes: 6,
    pauseMsMax: 20,
    patienceMs: 120_000,
  },
  relayed: false,
  rules: { slackMs: 20_000, noFailures: true, noDuplicates: true },
  act: async ({ durationMs, cast, progress }) => {
    const until = performance.now() + durationMs;
    const turns = inTurns(cast.brokers, cast.workers);
    let terminate = 0;
    let rounds = 0;
    do {
      rounds++;
      for (const role of turns) {
        const startedAt = performance.now();
        await role.terminate();
        await role.start();
        await cast.untilAllServe();
        terminate++;
        progress(`replaced ${role.name} within ${Math.round(performance.now() - startedAt)} ms`);
      }
    } while (performance.now() < until);
    return { faults: { terminate }, problems: [], figures: { rounds } };
  },
};

/** Brokers among the workers: broker, workers, broker, workers. */
function inTurns(brokers: readonly PartRole[], workers: readonly PartRole[]): PartRole[] {
  const each = Math.ceil(workers.length / brokers.length);
  return brokers.flatMap((broker, at) => [broker, ...workers.slice(at * each, (at + 1) * each)]);
}
