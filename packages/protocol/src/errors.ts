/** Marks our errors across copies of this package, where `instanceof` fails. */
const BRAND = Symbol.for('majordomo.error');

/**
 * Every code that an error of ours can have; docs/ERRORS.md explains each.
 * Codes are stable: programs may rely on them, texts may change.
 */
export const ERROR_CODES = [
  'ABORTED',
  'ATTEMPTS_EXHAUSTED',
  'BIND_FAILED',
  'BROKER_DRAINING',
  'CANCELLED',
  'CLOSED',
  'CONNECTION_LOST',
  'CONTRACT_MISMATCH',
  'EXPIRED',
  'FAILED',
  'INVALID_BODY',
  'INVALID_HANDLER',
  'INVALID_KEY',
  'INVALID_OPTIONS',
  'INVALID_SERVICE',
  'KEY_FILE',
  'MESSAGE_TOO_LARGE',
  'NO_WORKER',
  'QUEUE_FULL',
  'RATE_LIMITED',
  'REQUEST_DEAD',
  'REQUEST_TAKEN',
  'REQUEST_UNKNOWN',
  'STATE',
  'STORE_FULL',
  'STORE_INVALID',
  'STORE_UNAVAILABLE',
  'STREAM_OVERFLOW',
  'THREAD_CRASHED',
  'TIMEOUT',
  'UNAUTHORIZED',
  'WORKER_FAILED',
] as const;

/** A stable error code. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What every error of ours carries beside its message. */
export interface MajordomoErrorOptions {
  /** True where the same call may succeed when it is made again. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** The base of every error that the packages throw. Recognise errors by {@link MajordomoError.code}. */
export class MajordomoError extends Error {
  override name = 'MajordomoError';
  readonly [BRAND] = true;
  /** Stable, from {@link ERROR_CODES}. */
  readonly code: ErrorCode;
  /** True where the same call may succeed when it is made again. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: MajordomoErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** True for an error of ours, whichever copy of the package made it; with `code`, only for that code. */
export function isMajordomoError(error: unknown, code?: ErrorCode): error is MajordomoError {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
  return code === undefined || (error as MajordomoError).code === code;
}

/** No final reply came within the time that the caller allowed. The work may have been done all the same. */
export class TimeoutError extends MajordomoError {
  override name = 'TimeoutError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('TIMEOUT', message, { retryable: true, ...options });
  }
}

/** The request was cancelled: by the caller's own signal (an {@link AbortError}), or on the way. */
export class CancelledError extends MajordomoError {
  override name = 'CancelledError';
  constructor(message: string, options: MajordomoErrorOptions = {}, code: ErrorCode = 'CANCELLED') {
    super(code, message, options);
  }
}

/** The caller's AbortSignal fired; its reason is the `cause`. */
export class AbortError extends CancelledError {
  override name = 'AbortError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super(message, options, 'ABORTED');
  }
}

/** No worker is registered for the service, and the request asked to fail fast. */
export class NoWorkerError extends MajordomoError {
  override name = 'NoWorkerError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('NO_WORKER', message, { retryable: true, ...options });
  }
}

/** The time of a request was up while it waited for a worker: at first, or again because one was lost with it. */
export class ExpiredError extends MajordomoError {
  override name = 'ExpiredError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('EXPIRED', message, { retryable: true, ...options });
  }
}

/** The worker answered that it failed. */
export class WorkerFailedError extends MajordomoError {
  override name = 'WorkerFailedError';
  /**
   * @param workerCode - what went wrong, in the service's own terms: the code of its {@link ServiceError}, or
   * `INTERNAL_ERROR` where its handler threw anything else
   */
  constructor(
    readonly workerCode: string,
    message: string,
    options: MajordomoErrorOptions = {},
  ) {
    super('WORKER_FAILED', message, options);
  }
}

/** The client, worker or broker is closed or draining, and takes no more work. */
export class ClosedError extends MajordomoError {
  override name = 'ClosedError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('CLOSED', message, options);
  }
}

/** A bounded queue is full: nothing was sent. */
export class QueueFullError extends MajordomoError {
  override name = 'QueueFullError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('QUEUE_FULL', message, { retryable: true, ...options });
  }
}

/** More requests or bytes in a second than the policy of the broker allows: it was not taken. */
export class RateLimitedError extends MajordomoError {
  override name = 'RateLimitedError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('RATE_LIMITED', message, { retryable: true, ...options });
  }
}

/** The policy of the broker does not allow it: to this key, or to who has proven none. */
export class UnauthorizedError extends MajordomoError {
  override name = 'UnauthorizedError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('UNAUTHORIZED', message, options);
  }
}

/** The connection broke after a request that may not be sent twice had left. Whether it was done is unknown. */
export class ConnectionLostError extends MajordomoError {
  override name = 'ConnectionLostError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('CONNECTION_LOST', message, options);
  }
}

/** Options that do not fit their schema; the message names each one and what it should be. */
export class InvalidOptionsError extends MajordomoError {
  override name = 'InvalidOptionsError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('INVALID_OPTIONS', message, options);
  }
}

/** The handler file of a worker is not there, cannot be loaded, or does not export a function. */
export class InvalidHandlerError extends MajordomoError {
  override name = 'InvalidHandlerError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('INVALID_HANDLER', message, options);
  }
}

/** The worker thread that had a request ended without an answer. How much of the work was done is unknown. */
export class ThreadCrashedError extends MajordomoError {
  override name = 'ThreadCrashedError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('THREAD_CRASHED', message, options);
  }
}

/** A CURVE key that is none, or keys that do not belong together. Messages never hold a key. */
export class InvalidKeyError extends MajordomoError {
  override name = 'InvalidKeyError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('INVALID_KEY', message, options);
  }
}

/** A key file that cannot be read or written. */
export class KeyFileError extends MajordomoError {
  override name = 'KeyFileError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('KEY_FILE', message, options);
  }
}

/** A service name that is empty, too long or not printable. */
export class InvalidServiceError extends MajordomoError {
  override name = 'InvalidServiceError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('INVALID_SERVICE', message, options);
  }
}

/** A body that cannot be sent, or that is not what it was read as. */
export class InvalidBodyError extends MajordomoError {
  override name = 'InvalidBodyError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('INVALID_BODY', message, options);
  }
}

/** A body or a gathered reply beyond the limits. */
export class MessageTooLargeError extends MajordomoError {
  override name = 'MessageTooLargeError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('MESSAGE_TOO_LARGE', message, options);
  }
}

/** An endpoint that could not be bound: taken, not ours, or no such interface. */
export class BindError extends MajordomoError {
  override name = 'BindError';
  /** The endpoint as it was asked for. */
  readonly endpoint: string;
  constructor(endpoint: string, message: string, options: MajordomoErrorOptions = {}) {
    super('BIND_FAILED', message, options);
    this.endpoint = endpoint;
  }
}

/** A method called out of its order, such as `start()` twice. */
export class StateError extends MajordomoError {
  override name = 'StateError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('STATE', message, options);
  }
}

/** A durable request is a dead letter: its attempts are used up, or it failed in a way that no attempt would mend. */
export class RequestDeadError extends MajordomoError {
  override name = 'RequestDeadError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('REQUEST_DEAD', message, options);
  }
}

/** A durable request is not in a state for what was asked: it has been claimed, or has ended. */
export class RequestTakenError extends MajordomoError {
  override name = 'RequestTakenError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('REQUEST_TAKEN', message, options);
  }
}

/** There is no such durable request: there never was, or it was closed or purged. */
export class RequestUnknownError extends MajordomoError {
  override name = 'RequestUnknownError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('REQUEST_UNKNOWN', message, options);
  }
}

/** The store of durable requests has no room: its disk is full, or one of its bounds is reached. Nothing was stored. */
export class StoreFullError extends MajordomoError {
  override name = 'StoreFullError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('STORE_FULL', message, { retryable: true, ...options });
  }
}

/** What should be a store of durable requests is none, is damaged, or is of another version. It was left as it is. */
export class StoreInvalidError extends MajordomoError {
  override name = 'StoreInvalidError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('STORE_INVALID', message, options);
  }
}

/** The store of durable requests cannot be used now: in use by another process, not reachable, or failing. */
export class StoreUnavailableError extends MajordomoError {
  override name = 'StoreUnavailableError';
  constructor(message: string, options: MajordomoErrorOptions = {}) {
    super('STORE_UNAVAILABLE', message, { retryable: true, ...options });
  }
}

/** What a {@link ServiceError} may say beside its message. */
export interface ServiceErrorOptions {
  /** True where the same request may succeed when it is made again. Default false. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * To be thrown by the handler of a service: tells the client what went wrong, in the service's own terms. Packed
 * clients get it as a {@link WorkerFailedError}; plain MDP has no words for it.
 */
export class ServiceError extends Error {
  override name = 'ServiceError';
  readonly retryable: boolean;
  /**
   * @param code - 1–64 characters: capitals, digits and `_`, a capital first, such as `OUT_OF_STOCK`
   * @throws InvalidOptionsError for any other code
   */
  constructor(
    readonly code: string,
    message: string,
    { retryable = false, cause }: ServiceErrorOptions = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.retryable = retryable;
    if (isFailureCode(code)) return;
    throw new InvalidOptionsError(
      `The code of a ServiceError is 1 to 64 capitals, digits and _, a capital first, got ${JSON.stringify(code)}.`,
    );
  }
}

/** True for what may stand as the code of a failure. */
export function isFailureCode(code: string): boolean {
  return /^[A-Z][A-Z0-9_]{0,63}$/.test(code);
}
