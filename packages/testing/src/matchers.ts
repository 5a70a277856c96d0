import { isMajordomoError, type Body, type ErrorCode, type MajordomoError } from '@majordomo/protocol';
import { inspect } from 'node:util';
import { ExpectationError } from './wait';

/** The error of ours that a promise rejects with, for tests in any runner. */
export type RejectedWith = MajordomoError & {
  /** Of a `WORKER_FAILED`: what went wrong, in the service's own terms. */
  readonly workerCode?: string;
};

/**
 * Waits for a promise to reject with an error of ours, and resolves with that error.
 *
 * ```ts
 * const error = await expectError(client.request('mail', 'x'), 'WORKER_FAILED');
 * expect(error.workerCode).toBe('MAILBOX_FULL');
 * ```
 * @throws ExpectationError where the promise resolves, or rejects with anything else, which is the `cause`
 */
export async function expectError(promise: PromiseLike<unknown>, code: ErrorCode): Promise<RejectedWith> {
  const at = new Error();
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (isMajordomoError(error, code)) return error;
    throw new ExpectationError(`expected an error ${code}, got ${describe(error)}`, { cause: error, at });
  }
  throw new ExpectationError(`expected an error ${code}, but it resolved with ${describe(value)}`, { at });
}

/** What a matcher gives to `expect`. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * Matchers for `expect.extend(matchers)` of Jest and Vitest; the README has the lines that make them known to
 * TypeScript.
 */
export const matchers = {
  /**
   * An error of ours: `await expect(promise).rejects.toBeMajordomoError('WORKER_FAILED', 'MAILBOX_FULL')`.
   * @param workerCode - of a `WORKER_FAILED`: the code of the service
   */
  toBeMajordomoError(received: unknown, code: ErrorCode, workerCode?: string): MatcherResult {
    const pass =
      isMajordomoError(received, code) &&
      (workerCode === undefined || (received as RejectedWith).workerCode === workerCode);
    return result(pass, received, `an error ${code}${workerCode === undefined ? '' : ` with ${workerCode}`}`);
  },
  /** A body or reply whose first frame is this text. */
  toHaveText(received: unknown, text: string): MatcherResult {
    const pass = isBody(received) && received.text() === text;
    return result(pass, received, `a body ${JSON.stringify(text)}`);
  },
} as const;

function result(pass: boolean, received: unknown, expected: string): MatcherResult {
  return {
    pass,
    message: () => `expected ${pass ? 'anything but ' : ''}${expected}, got ${describe(received)}`,
  };
}

function describe(value: unknown): string {
  if (isMajordomoError(value)) {
    const { name, code, workerCode, message } = value as RejectedWith;
    return `${name} ${workerCode === undefined ? code : `${code} ${workerCode}`}: ${message}`;
  }
  if (isBody(value)) return `a body of ${value.length} frames, the first ${JSON.stringify(value.text())}`;
  return value instanceof Error ? String(value) : inspect(value);
}

function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && 'frames' in value && 'byteLength' in value;
}
