import type { AuditRules } from './audit/audit';
import type { MixName } from './parts/params';
import type { KillRules } from './plan';

/** One way to torment durable requests. */
export interface Scenario {
  readonly titanics: number;
  readonly mix: MixName;
  /** Who is killed; undefined for nobody. */
  readonly kills: KillRules | undefined;
  /** True where kills are spread over the requests; else they come by the clock. */
  readonly isEvenly: boolean;
  /** True where it takes a store that several titanics can share. */
  readonly isShared: boolean;
}

export const SCENARIO_NAMES = ['kills', 'three', 'round-hour'] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  /** One titanic; it, the broker, workers and PostgreSQL are killed, at any time and in the middle of every step. */
  kills: {
    titanics: 1,
    mix: 'everything',
    kills: { weights: { titanic: 45, worker: 25, broker: 15, postgres: 15 }, gapMs: [0, 300] },
    isEvenly: true,
    isShared: false,
  },
  /** Three titanics on one database, one of which is killed every few seconds. */
  three: {
    titanics: 3,
    mix: 'everything',
    kills: { weights: { titanic: 1 }, gapMs: [1_000, 4_000] },
    isEvenly: false,
    isShared: true,
  },
  /** All is due at one time, for a service that has a pace. */
  'round-hour': { titanics: 1, mix: 'one-time', kills: undefined, isEvenly: false, isShared: false },
};

/** Requests that a titanic of this run has in hand at one time, and those on their way to and from it. */
const IN_HAND = 256 + 64;

/** How long an attempt may take; the same as in `parts/titanic.ts`, less what timers are late by. */
const ATTEMPT_MS = 9_000;

/** How long what leaves titanic alive may be on its way to the worker on a machine that has much else to do, in ms. */
const TRANSIT_MS = 1_500;
/** The clock of PostgreSQL is told over a connection, which takes some ms. */
const CLOCK_MS = { sqlite: 0, postgres: 5 } as const;

/** What a run promises. */
export function rulesOf(
  store: 'sqlite' | 'postgres',
  { mix }: Scenario,
  pace: { readonly perSecond: number; readonly burst: number },
): AuditRules {
  return {
    earlyMs: CLOCK_MS[store],
    transitMs: TRANSIT_MS,
    attemptMs: ATTEMPT_MS,
    turns: mix === 'one-time' ? { placesMax: IN_HAND, ...pace, windowMs: 1_000, jitterMs: 250 } : undefined,
  };
}
