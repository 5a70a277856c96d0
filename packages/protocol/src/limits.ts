import { z } from 'zod';

/** Bytes in a service name at the most. */
export const SERVICE_BYTES_MAX = 255;

/** Bytes in the client-address frame at the most: what a ZeroMQ routing id can have. */
export const ADDRESS_BYTES_MAX = 255;

/** How far a message may be beyond its limits. */
export interface Allowance {
  readonly frames: number;
  readonly bytes: number;
}

/**
 * What a broker may put around a body: delimiter, header, command, service or address, delimiter. A client or
 * worker allows for it beyond its limits, for what came within them may leave the broker a little larger.
 */
export const ENVELOPE: Allowance = Object.freeze({ frames: 5, bytes: 6 + 1 + ADDRESS_BYTES_MAX });
/** Nothing beyond the limits: what a broker allows. */
export const NO_ALLOWANCE: Allowance = Object.freeze({ frames: 0, bytes: 0 });

const bound = (max: number) => z.number().int().min(1).max(max);

/**
 * What one message to a broker may hold. A message beyond a limit is dropped and counted, never read further.
 * A frame beyond `frameBytesMax` is refused by the socket itself, which cuts the sender's connection.
 */
export const limitsSchema = z.strictObject({
  /** Frames in one message. Default 1,024. */
  framesMax: bound(65_536).default(1_024),
  /** Bytes in one frame. Default 64 MiB. */
  frameBytesMax: bound(2 ** 31 - 1).default(64 * 1024 * 1024),
  /** Bytes in one message, all frames together. Default 64 MiB. */
  messageBytesMax: bound(2 ** 31 - 1).default(64 * 1024 * 1024),
});

/** The bounds of one message, resolved. */
export type Limits = Readonly<z.output<typeof limitsSchema>>;

/** The limits that hold where nothing else is said. */
export const DEFAULT_LIMITS: Limits = Object.freeze(limitsSchema.parse({}));
