import { setTimeout as delay } from 'node:timers/promises';
import { Lateness } from '../lateness';
import { Random } from '../../random';
import type { Scenario } from './scenario';

const HEARTBEAT_MS = 2_500;

/** The only broker is killed by SIGKILL under load, again and again, and comes back on the same port. */
export const brokerKill: Scenario = {
  cast: {
    brokers: 1,
    rhythm: { heartbeatMs: HEARTBEAT_MS, liveness: 4, reconnectMaxMs: 2_000 },
    mixOf: () => 'storm',
    lanes: 6,
    pauseMsMax: 20,
    patienceMs: 60_000,
  },
  relayed: false,
  rules: { slackMs: 20_000, noFailures: false, noDuplicates: false },
  act: async ({ seed, durationMs, cast, progress }) => {
    const random = new Random(`broker-kill ${seed}`);
    const until = performance.now() + durationMs;
    const [broker] = cast.brokers;
    if (!broker) throw new RangeError('there is no broker to kill');
    const problems: string[] = [];
    const registrations: number[] = [];
    do {
      await delay(random.between(300, 2_500));
      const awayMs = random.between(0, 1_500);
      await broker.kill();
      await delay(awayMs);
      const lateness = new Lateness();
      await broker.start();
      await cast.untilAllServe();
      const lateMs = lateness.stop();
      const afterMs = Math.round(cast.registeredAfterMs.get(broker.life) ?? Infinity);
      registrations.push(afterMs);
      progress(
        `killed, away for ${awayMs} ms; all workers registered ${afterMs} ms after it listened again ` +
          `(timers were late by ${lateMs} ms)`,
      );
      if (afterMs > HEARTBEAT_MS + lateMs) {
        problems.push(
          `workers took ${afterMs} ms to register again: more than a heartbeat of ${HEARTBEAT_MS} ms, and ${lateMs} ms ` +
            'in which the machine had no time',
        );
      }
    } while (performance.now() < until);
    return {
      faults: { kill: registrations.length },
      problems,
      figures: { heartbeatMs: HEARTBEAT_MS, registeredAfterMsMax: Math.max(...registrations) },
    };
  },
};
