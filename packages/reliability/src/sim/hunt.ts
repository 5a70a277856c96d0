import type { Plan } from './plan';
import { makePlan } from './planner';
import { runPlan, tracePlan, type Failure } from './run';
import { shrink } from './shrink';
import type { Tally } from './tally';

/** A seed whose world broke something. */
export interface Catch extends Failure {
  readonly seed: number;
}

/** What was run, and what came of it. */
export interface Hunt {
  readonly seeds: number;
  readonly caught: readonly Catch[];
}

/** Which seeds are run. */
export interface HuntOptions {
  readonly start: number;
  readonly seeds: number;
  /** Seeds that break something until it ends. */
  readonly catchMax: number;
  /** Asked after each world whether to go on. */
  readonly goesOn?: (seedsRun: number, caught: number) => boolean;
}

/** Runs one world after another. */
export function hunt({ start, seeds, catchMax, goesOn }: HuntOptions, tally?: Tally): Hunt {
  const caught: Catch[] = [];
  const watchers = tally ? [tally] : [];
  let run = 0;
  while (run < seeds) {
    const seed = start + run++;
    const failure = runPlan(makePlan(seed), watchers);
    if (failure) caught.push({ seed, ...failure });
    if (caught.length >= catchMax || goesOn?.(run, caught.length) === false) break;
  }
  return { seeds: run, caught };
}

/** The smallest plan found that breaks the same as the one of a seed, with its event log. */
export function minimal(
  plan: Plan,
  { check }: Failure,
): {
  readonly plan: Plan;
  readonly failure: Failure | undefined;
  readonly lines: readonly string[];
} {
  const smallest = shrink(plan, (each) => runPlan(each)?.check === check);
  return { plan: smallest, ...tracePlan(smallest) };
}
