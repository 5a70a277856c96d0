import {
  ConnectionLostError,
  MajordomoError,
  MessageTooLargeError,
  QueueFullError,
  TimeoutError,
  type ClientFailure,
  type Limits,
} from '@majordomo/protocol';
import type { BrokerState, Call } from './call';

/** Why a call ended without a reply, in errors that say it. */

/** The error for PARTIALs that are more than one reply may hold. */
export function gatheredTooMuch(call: Call, limits: Limits): MessageTooLargeError {
  return new MessageTooLargeError(
    `The PARTIALs of ${call.service} are more than ${limits.framesMax} frames or ` +
      `${limits.messageBytesMax} bytes. Use stream().`,
  );
}

/**
 * The error for a call whose time is up.
 * @param hindrance - why nothing could be sent or answered, as far as it is known
 */
export function timedOut(call: Call, hindrance: string, now: number): TimeoutError {
  const { service, stream, delivered, sends } = call;
  const waitedMs = stream ? call.timeoutMs : Math.round(now - call.submittedAt);
  const sent = sends === 1 ? 'sent once' : `sent ${sends} times`;
  let why = delivered ? 'the stream stopped before its end' : `${sent}, no reply`;
  if (hindrance) why = sends === 0 ? hindrance : `${why}; ${hindrance}`;
  else if (sends === 0) why = 'no connection stood in time';
  return new TimeoutError(`No reply from ${service} within ${waitedMs} ms: ${why}.`);
}

/** The error for a call that is not sent again after the connection that carried it broke. */
export function connectionLost(call: Call, broker: BrokerState, reason: string): ConnectionLostError {
  const { service, idempotent, delivered, losses } = call;
  let why = `that was connection number ${losses} lost with it`;
  if (delivered) why = 'part of its reply had been read';
  else if (!idempotent) why = 'it may not be sent twice (idempotent: false)';
  return new ConnectionLostError(
    `The connection to ${broker.endpoint} was lost (${reason}) after the request to ${service} had been sent; ${why}.`,
    { retryable: idempotent },
  );
}

/** The error that a failure amounts to. */
export function failed({ code, message, retryable, service }: ClientFailure): MajordomoError {
  const text = `The request to ${service} failed: ${message}.`;
  return code === 'QUEUE_FULL'
    ? new QueueFullError(text, { retryable })
    : new MajordomoError(code, text, { retryable });
}
