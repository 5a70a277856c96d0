import { isMajordomoError } from '@majordomo/protocol';
import { Violation } from './checks/violation';
import type { Plan } from './plan';
import { Trace } from './trace';
import type { Watcher } from './watcher';
import { World } from './world';

/** What a world broke. */
export interface Failure {
  /** The check that failed; `invariants` where a core contradicts itself, `exception` where it threw. */
  readonly check: string;
  readonly detail: string;
}

/** Runs the world of a plan; returns what it broke, if anything. */
export function runPlan(plan: Plan, watchers: readonly Watcher[] = []): Failure | undefined {
  const world = new World(plan, { invariants: true, watchers });
  return failureOf(world);
}

/** Runs the world of a plan, and keeps its event log. */
export function tracePlan(plan: Plan): { readonly failure: Failure | undefined; readonly lines: string[] } {
  const trace = new Trace();
  const world = new World(plan, { invariants: true, watchers: [trace] });
  trace.time = () => world.agenda.now;
  return { failure: failureOf(world), lines: trace.lines };
}

function failureOf(world: World): Failure | undefined {
  const { stackTraceLimit } = Error;
  // Errors are made by the thousand here, as outcomes of calls: nobody reads where.
  Error.stackTraceLimit = 4;
  try {
    world.run();
    return undefined;
  } catch (thrown) {
    const error: unknown = world.violation ?? thrown;
    if (error instanceof Violation) return { check: error.check, detail: error.detail };
    if (isMajordomoError(error, 'STATE')) return { check: 'invariants', detail: error.message };
    return {
      check: 'exception',
      detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
