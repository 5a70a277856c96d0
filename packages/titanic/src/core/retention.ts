import type { State } from './lifecycle';

/** How long requests of one state are kept after their end. */
export interface Keep {
  /** In ms, from their end. */
  readonly ageMs: number;
  /** How many: the oldest go first. */
  readonly count: number;
}

/** The states that requests end in. */
export type EndedState = Exclude<State, 'waiting' | 'running'>;
const ENDED_STATES: readonly EndedState[] = ['done', 'dead', 'expired', 'cancelled'];

/** How long ended requests are kept, by state. */
export type Retention = Readonly<Record<EndedState, Keep>>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What is kept where nobody says otherwise: a day of what went well, two weeks of what did not. */
export const RETENTION_DEFAULTS: Retention = Object.freeze({
  done: { ageMs: DAY_MS, count: 1_000_000 },
  dead: { ageMs: 14 * DAY_MS, count: 100_000 },
  expired: { ageMs: 14 * DAY_MS, count: 100_000 },
  cancelled: { ageMs: DAY_MS, count: 100_000 },
});

/** What is to go now: of one state, those that ended at `before` or earlier, and of the others the `excess` oldest. */
export interface Doomed {
  readonly state: EndedState;
  readonly before: number;
  readonly excess: number;
}

/** @param counts - ended requests there are, by state */
export function doomed(
  retention: Retention,
  counts: Readonly<Record<EndedState, number>>,
  now: number,
): Doomed[] {
  return ENDED_STATES.map((state) => ({
    state,
    before: now - retention[state].ageMs,
    excess: Math.max(0, counts[state] - retention[state].count),
  }));
}
