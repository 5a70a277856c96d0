import { AssertionError } from 'node:assert';

/** How long to wait before that is a failure. */
export interface WaitOptions {
  /** In ms. Default 2,000. */
  readonly timeoutMs?: number;
}

/** How to look again and again. */
export interface UntilOptions extends WaitOptions {
  /** Pause between two looks, in ms. Default 5. */
  readonly everyMs?: number;
  /** Completes "waited 2000 ms for" in the failure. Default: the source of the predicate. */
  readonly what?: string;
}

/** What a predicate may give and still not be true. */
export type Falsy = false | 0 | '' | null | undefined;

const TIMEOUT_MS = 2_000;
const EVERY_MS = 5;

/** A failure of a test, in words, which runners show like those of their own. */
export function failure(message: string, cause?: unknown): AssertionError {
  const error = new AssertionError({ message });
  if (cause !== undefined) error.cause = cause;
  return error;
}

/**
 * The outcome of a promise, where it has one in time.
 * @param what - completes "waited 2000 ms for" in the failure
 * @throws AssertionError where it has none
 */
export async function within<T>(
  promise: Promise<T>,
  { timeoutMs = TIMEOUT_MS }: WaitOptions,
  what: () => string,
): Promise<T> {
  const late = failure('');
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      late.message = `waited ${timeoutMs} ms for ${what()}`;
      reject(late);
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
 * @throws AssertionError where it is not true in time; what it threw last is the `cause`
 */
export async function until<T>(
  predicate: () => T | Promise<T>,
  { timeoutMs = TIMEOUT_MS, everyMs = EVERY_MS, what = predicate.toString() }: UntilOptions = {},
): Promise<Exclude<T, Falsy>> {
  const late = failure('');
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    let last: string;
    try {
      const value = await predicate();
      if (value) return value as Exclude<T, Falsy>;
      last = `last it gave ${String(value)}`;
      late.cause = undefined;
    } catch (error) {
      last = `last it threw ${String(error)}`;
      late.cause = error;
    }
    if (performance.now() >= endsAt) {
      late.message = `waited ${timeoutMs} ms for ${what}; ${last}`;
      throw late;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
