import type { MajordomoError } from '@majordomo/protocol';
import { isFailureCode, isMajordomoError } from '@majordomo/protocol';

/** How a request failed, as a packed client is told. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

const NO_TEXT = 'something that has no text was thrown';

/** The code of whatever a handler throws that is no ServiceError. */
const INTERNAL_ERROR = 'INTERNAL_ERROR';

/** What is looked at in whatever a handler throws. */
const FIELDS = ['name', 'code', 'message', 'retryable', 'cause'];

/**
 * What was thrown; where that cannot even be looked at, as a revoked proxy, an error that stands for it: whoever tells
 * of a failure must not fail.
 */
export function legible(thrown: unknown): unknown {
  if (thrown === null || (typeof thrown !== 'object' && typeof thrown !== 'function')) return thrown;
  try {
    isMajordomoError(thrown);
    for (const field of FIELDS) Reflect.get(thrown, field);
    return thrown;
  } catch (cause) {
    return new Error(NO_TEXT, { cause });
  }
}

/** The failure in a ServiceError, of this or another copy of its class; `undefined` for anything else. */
export function serviceFailure(error: unknown): Failure | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { name, code, message, retryable } = error as Partial<Record<string, unknown>>;
  if (name !== 'ServiceError' || typeof code !== 'string' || !isFailureCode(code)) return undefined;
  return { code, message: textOf(message), retryable: retryable === true };
}

/** The failure in anything else that was thrown; that a thread crashed has a code of its own. */
export function internalFailure(error: unknown): Failure {
  if (isMajordomoError(error, 'THREAD_CRASHED')) return abortFailure(error);
  return { code: INTERNAL_ERROR, message: messageOf(error), retryable: false };
}

/** What an abort that a packed broker waits for ends in. */
export function abortFailure({ code, message, retryable }: MajordomoError): Failure {
  return { code, message, retryable };
}

/** What is said of anything that was thrown. */
export function messageOf(error: unknown): string {
  try {
    return textOf(error instanceof Error ? error.message : error);
  } catch {
    return NO_TEXT;
  }
}

/** Whatever stands as a message, as text: some libraries put lists there. */
function textOf(message: unknown): string {
  try {
    return String(message);
  } catch {
    return NO_TEXT;
  }
}
