import {
  CancelledError,
  ConnectionLostError,
  ERROR_CODES,
  ExpiredError,
  MajordomoError,
  MessageTooLargeError,
  NoWorkerError,
  QueueFullError,
  RateLimitedError,
  TimeoutError,
  UnauthorizedError,
  WorkerFailedError,
  type ClientFailure,
  type ErrorCode,
  type Limits,
} from '@majordomo/protocol';
import type { BrokerState } from './brokers';
import type { Call } from './call';

/** Why a call ended without a reply, in errors that say it. */

/** The error for PARTIALs that are more than one reply may hold. */
export function gatheredTooMuch({ service }: Call, limits: Limits): MessageTooLargeError {
  return new MessageTooLargeError(
    `The PARTIALs of ${service} are more than ${limits.framesMax} frames or ` +
      `${limits.messageBytesMax} bytes. Use stream().`,
  );
}

/**
 * The error for a call whose time is up.
 * @param hindrance - why nothing could be sent or answered, as far as it is known
 */
export function timedOut({ service, delivered, sends, terms, link }: Call, hindrance: string): TimeoutError {
  const sent = sends === 1 ? 'sent once' : `sent ${sends} times`;
  let why = delivered ? 'the stream stopped before its end' : `${sent}, no reply`;
  if (hindrance) why = sends === 0 ? hindrance : `${why}; ${hindrance}`;
  else if (sends === 0) why = 'no connection stood in time';
  // A packed broker is told the time of a request, and would say that it was still queued; not that of a stream.
  else if (link?.packed && !terms.stream)
    why += '; a worker has it and was not done in time, or the broker was too slow to say otherwise';
  return new TimeoutError(`No reply from ${service} within ${terms.timeoutMs} ms: ${why}.`);
}

/** What is said of a call that no broker lets in. */
export function notLetIn({ service }: Call, why: string): string {
  return `The request to ${service} was not allowed: ${why}.`;
}

/** The error for a call that is not sent again after the connection that carried it broke, or whose time is up. */
export function connectionLost(
  call: Call,
  broker: BrokerState,
  reason: string,
  now: number,
): ConnectionLostError | TimeoutError {
  if (call.isOver(now)) {
    return timedOut(call, `the connection to ${broker.endpoint} was lost (${reason})`);
  }
  const { service, terms, delivered, losses } = call;
  let why = lostTooOften(terms.retries, losses);
  if (delivered) why = 'part of its reply had been read';
  else if (!terms.idempotent) why = 'it may not be sent twice (idempotent: false)';
  return new ConnectionLostError(
    `The connection to ${broker.endpoint} was lost (${reason}) after the request to ${service} had been sent; ${why}.`,
    { retryable: terms.idempotent },
  );
}

function lostTooOften(retries: number, losses: number): string {
  if (losses > 1) return `${losses} connections were lost with it`;
  return retries === 0 ? 'it is not sent again (retries: 0)' : 'its retries are used up';
}

const isErrorCode = (code: string): code is ErrorCode => (ERROR_CODES as readonly string[]).includes(code);

/** The clocks of a client and a worker, told the same remaining time, may differ by so much, in ms. */
const CLOCKS_APART_MS = 20;

/** The error that a FAILURE amounts to. */
export function failed(
  { service, terms, expiresAt }: Call,
  failure: ClientFailure,
  now: number,
): MajordomoError {
  const { origin, code, message, retryable } = failure;
  // What a worker says once the caller's time is up, and not before, is that it was given too little of it.
  if (origin === 'worker' && code === 'EXPIRED' && now >= expiresAt - CLOCKS_APART_MS) {
    return new TimeoutError(
      `No reply from ${service} within ${terms.timeoutMs} ms: its worker ran out of time.`,
    );
  }
  if (origin === 'worker') {
    return new WorkerFailedError(code, message || `The worker of ${service} failed with ${code}.`, {
      retryable,
    });
  }
  const text = `The request to ${service} failed: ${message || code}.`;
  switch (code) {
    case 'QUEUE_FULL':
      return new QueueFullError(text, { retryable });
    case 'RATE_LIMITED':
      return new RateLimitedError(text, { retryable });
    case 'UNAUTHORIZED':
      return new UnauthorizedError(text, { retryable });
    case 'MESSAGE_TOO_LARGE':
      return new MessageTooLargeError(text, { retryable });
    case 'NO_WORKER':
      return new NoWorkerError(text, { retryable });
    case 'EXPIRED':
      return new ExpiredError(text, { retryable });
    case 'CANCELLED':
      return new CancelledError(text, { retryable });
    default:
      if (isErrorCode(code)) return new MajordomoError(code, text, { retryable });
      return new MajordomoError('FAILED', `The request to ${service} failed (${code}): ${message}.`, {
        retryable,
      });
  }
}
