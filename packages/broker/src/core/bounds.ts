import type { ServiceRecord } from './records';
import type { CoreSettings } from './settings';

/** What a broker holds so far, of all services together. */
export interface Held {
  readonly pendingBytes: number;
  /** How many services it knows. */
  readonly services: number;
}

/** What leaves the queue of a service first. */
export interface Freed {
  readonly requests: number;
  readonly bytes: number;
}

/** Nothing leaves. */
export const NOTHING: Freed = Object.freeze({ requests: 0, bytes: 0 });

/**
 * Which bound one more request would break, in words, or `undefined`.
 * @param held - without what leaves
 * @param service - the one that it is for, where the broker knows it
 * @param bytes - what the request counts for
 */
export function whatIsFull(
  held: Held,
  service: ServiceRecord | undefined,
  bytes: number,
  { queueMax, queueBytesMax, pendingBytesMax, servicesMax }: CoreSettings,
  freed: Freed,
): string | undefined {
  if (held.pendingBytes + bytes > pendingBytesMax) return `the broker holds ${pendingBytesMax} bytes at most`;
  if (!service) {
    if (held.services >= servicesMax) return `the broker knows ${servicesMax} services at most`;
    if (queueMax === 0) return '0 requests wait for a service at most';
    return bytes > queueBytesMax ? `${queueBytesMax} bytes wait for a service at most` : undefined;
  }
  if (service.ready.length > service.queue.length) return undefined;
  const length = service.queue.length - freed.requests;
  const waiting = service.queue.bytes - freed.bytes;
  if (length >= queueMax) return `${queueMax} requests wait for a service at most`;
  if (waiting + bytes > queueBytesMax) return `${queueBytesMax} bytes wait for a service at most`;
  return undefined;
}
