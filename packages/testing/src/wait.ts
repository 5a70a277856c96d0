import { InvalidOptionsError, TIMER_MS_MAX } from '@majordomo/protocol';

/** How long to wait before that is a failure. */
export interface WaitOptions {
  /** In whole ms. Default 2,000. */
  readonly timeoutMs?: number;
}

/** How to look again and again. */
export interface UntilOptions extends WaitOptions {
  /** Pause between two looks, in whole ms. Default 5. */
  readonly everyMs?: number;
  /** Completes "waited 2000 ms for" in the failure. Default: the source of the predicate. */
  readonly what?: string;
}

/** What a predicate may give and still not be true. */
export type Falsy = false | 0 | '' | null | undefined;

const TIMEOUT_MS = 2_000;
const EVERY_MS = 5;

/** What a test waited for or expected has not come true; the message says what was seen instead. */
export class ExpectationError extends Error {
  override name = 'ExpectationError';

  /** @param at - what was made where the test was waiting, so that the runner shows that line */
  constructor(message: string, { cause, at }: { readonly cause?: unknown; readonly at?: Error } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    if (at?.stack === undefined) return;
    const frames = at.stack.slice(at.stack.indexOf('\n    at '));
    this.stack = `ExpectationError: ${message}${frames}`;
  }
}

/**
 * Holds a time to what a timer can hold.
 * @param what - begins the sentence of the failure, such as `A delay`
 * @throws InvalidOptionsError for what is no whole number of ms, or too many
 */
export function requireMs(ms: number, what: string): void {
  if (Number.isInteger(ms) && ms >= 0 && ms <= TIMER_MS_MAX) return;
  throw new InvalidOptionsError(
    `${what} is a whole number of ms from 0 to ${TIMER_MS_MAX}, got ${String(ms)}.`,
  );
}

/**
 * The outcome of a promise, where it has one in time.
 * @param what - completes "waited 2000 ms for" in the failure
 * @throws ExpectationError where it has none
 * @throws InvalidOptionsError for a `timeoutMs` that is none
 */
export async function within<T>(
  promise: Promise<T>,
  { timeoutMs = TIMEOUT_MS }: WaitOptions,
  what: () => string,
): Promise<T> {
  requireMs(timeoutMs, 'A timeoutMs');
  const at = new Error();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new ExpectationError(`waited ${timeoutMs} ms for ${what()}`, { at }));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Calls the predicate until it gives something true, and resolves with that. One that throws is not yet true.
 * @throws ExpectationError where it is not true in time; what it threw last is the `cause`
 * @throws InvalidOptionsError for a `timeoutMs` or `everyMs` that is none
 */
export async function until<T>(
  predicate: () => T | Promise<T>,
  { timeoutMs = TIMEOUT_MS, everyMs = EVERY_MS, what = predicate.toString() }: UntilOptions = {},
): Promise<Exclude<T, Falsy>> {
  requireMs(timeoutMs, 'A timeoutMs');
  requireMs(everyMs, 'An everyMs');
  const at = new Error();
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    let last: string;
    let cause: unknown;
    try {
      const value = await predicate();
      if (value) return value as Exclude<T, Falsy>;
      last = `last it gave ${String(value)}`;
    } catch (error) {
      last = `last it threw ${String(error)}`;
      cause = error;
    }
    if (performance.now() >= endsAt) {
      throw new ExpectationError(`waited ${timeoutMs} ms for ${what}; ${last}`, { cause, at });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
