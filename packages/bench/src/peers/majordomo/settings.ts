import type { ClientOptions } from '@majordomo/client';
import type { WorkerOptions } from '@majordomo/worker';
import { addressOf, type PartParams } from '../part';

/** The dialect that packs messages and has many requests under way on one connection. */
export const PACKED = 'packed';

/** Sessions of a plain worker: each takes one request at a time. */
export const PLAIN_SESSIONS = 32;
/** Requests that a packed session takes at once: as many as ever are in flight here. */
const PACKED_CREDIT = 1_024;
/**
 * Sockets of a plain client: each carries one request, so with this many all that are in flight are at the broker. Fewer
 * keep the rest waiting in the client, which is faster for us (64 by a sixth) and slower for the raw relay of as many
 * frames, which gets as many sockets.
 */
export const PLAIN_SOCKETS_MAX = 1_000;
/** How long a call may take, in ms; with no retries, what takes longer fails the run. */
const TIMEOUT_MS = 60_000;
/** Bytes that the broker may hold for one slow peer: 1,000 bodies of 64 KiB are 62.5 MiB, a hair below its default. */
const BACKLOG_BYTES_MAX = 512 * 1024 * 1024;

/** The service that echoes, the one that streams, and the one that takes and says nothing. */
export const ECHO = 'echo';
export const STREAM = 'stream';
export const SINK = 'sink';

/** The options of a broker. */
export const BROKER_OPTIONS = { backlogBytesMax: BACKLOG_BYTES_MAX };

/** The names of the services that a part is for; without a range, the one that echoes. */
export function servicesOf({ services }: PartParams): string[] {
  if (!services) return [ECHO];
  return Array.from({ length: services.count }, (_, at) => `${ECHO}-${services.from + at}`);
}

/** How many handlers run at once in a worker of this dialect. */
export function concurrencyOf(protocol: string | undefined): number {
  return protocol === PACKED ? PACKED_CREDIT : PLAIN_SESSIONS;
}

/** The options of a client of the load. */
export function clientOptions(params: PartParams): ClientOptions {
  return {
    ...connection(params),
    socketsMax: PLAIN_SOCKETS_MAX,
    pendingMax: 1_000_000,
    timeoutMs: TIMEOUT_MS,
    retries: 0,
  };
}

/** The options of a worker. */
export function workerOptions(params: PartParams, concurrency: number): WorkerOptions {
  return { ...connection(params), concurrency };
}

/** A dialect that this version does not know is refused by whoever gets it: that is how a peer is found missing. */
function connection(params: PartParams): Pick<ClientOptions, 'brokers' | 'protocol'> {
  return {
    brokers: addressOf(params),
    protocol: params.protocol as NonNullable<ClientOptions['protocol']>,
  };
}
