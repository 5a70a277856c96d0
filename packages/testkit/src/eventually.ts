import { setTimeout } from 'node:timers/promises';
import { errorAt } from './error-at';

/** How long to wait, and the words for the failure. */
export interface EventuallyOptions {
  /** Default: 20,000, for a machine may stand still for seconds. */
  timeoutMs?: number;
  /** Pause between two attempts. Default: 10. */
  everyMs?: number;
  /** Completes "waited … for". Default: the source of the predicate. */
  what?: string;
}

/** What a predicate may give and still not be true. */
type Falsy = false | 0 | '' | null | undefined;

/** Calls the predicate until it gives something true, and returns that; a predicate that throws is not yet true. */
export async function eventually<T>(
  predicate: () => T | Promise<T>,
  { timeoutMs = 20_000, everyMs = 10, what = predicate.toString() }: EventuallyOptions = {},
): Promise<Exclude<T, Falsy>> {
  const trace = new Error();
  const deadline = performance.now() + timeoutMs;
  let last: string;
  let cause: unknown;
  for (;;) {
    try {
      const value = await predicate();
      if (value) return value as Exclude<T, Falsy>;
      last = `last it gave ${String(value)}`;
      cause = undefined;
    } catch (error) {
      last = `last it threw ${String(error)}`;
      cause = error;
    }
    if (performance.now() >= deadline) break;
    await setTimeout(everyMs);
  }
  throw errorAt(trace, `waited ${timeoutMs} ms for ${what}; ${last}`, cause);
}
