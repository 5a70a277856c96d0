import { setTimeout as delay } from 'node:timers/promises';
import type { AuditRules } from '../audit/audit';
import type { Cast, CastOptions } from '../cast';
import type { FaultCounts } from '../faults';
import type { Network } from '../network';

/** What a scenario is given. */
export interface Stage {
  readonly seed: number;
  readonly durationMs: number;
  readonly cast: Cast;
  readonly network: Network;
  /** Tells people what is going on. */
  readonly progress: (line: string) => void;
}

/** What a scenario has seen. */
export interface Acted {
  readonly faults: FaultCounts;
  /** What went wrong that no ledger tells of. */
  readonly problems: readonly string[];
  /** Figures by name, in the unit that the name ends with. */
  readonly figures: Readonly<Record<string, number>>;
}

/** One way to torment a cast. */
export interface Scenario {
  readonly cast: Pick<CastOptions, 'brokers' | 'rhythm' | 'mixOf' | 'lanes' | 'pauseMsMax' | 'patienceMs'>;
  /** True where clients and workers reach brokers through relays. */
  readonly relayed: boolean;
  readonly rules: AuditRules;
  /** Makes the faults; all is well again when it resolves, as far as it lies with the scenario. */
  readonly act: (stage: Stage) => Promise<Acted>;
}

/** How long a cast is left alone once all is well again, so that requests are made that no fault has touched, in ms. */
const CALM_MS = 1_000;

/** Faults are over: has everything come to rest, and all processes end. Returns what did not come right. */
export async function windUp(cast: Cast): Promise<string[]> {
  const problems: string[] = [];
  await cast.untilAllServe().catch(() => {
    problems.push('not every worker is registered with every broker again');
  });
  await delay(CALM_MS);
  if (!(await cast.finishClients())) problems.push('not every request came to an end');
  if (!(await cast.untilIdle())) problems.push('a broker still has requests when no client waits any more');
  await cast.terminate();
  return problems;
}
