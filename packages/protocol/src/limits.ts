import { z } from 'zod';

/** Bytes in a service name at the most. */
export const SERVICE_BYTES_MAX = 255;

/** Bytes in the client-address frame at the most: what a ZeroMQ routing id can have. */
export const ADDRESS_BYTES_MAX = 255;

/** What an unsigned integer of 32 bits holds. */
export const U32_MAX = 2 ** 32 - 1;

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

/**
 * What a packed message may hold beyond the limits, which bound each body in it: what was added before the last
 * record, and the first frame.
 */
export const BATCH: Allowance = Object.freeze({ frames: 64, bytes: 2 * 1_024 * 1_024 });

/** Bytes of one body that may travel in the first frame of a packed message; what is beyond them travels apart. */
export const INLINE_BYTES_MAX = 64 * 1_024;

/** Bodies may have so many frames at the most: a packed message counts them in 16 bits. */
export const FRAMES_MAX = 65_535;

const bound = (max: number) => z.number().int().min(1).max(max);

/**
 * What one message to a broker may hold. A message beyond a limit is dropped and counted, never read further.
 * A frame beyond `frameBytesMax` is refused by the socket itself, which cuts the sender's connection.
 */
export const limitsSchema = z.strictObject({
  /** Frames in one message. Default 1,024. */
  framesMax: bound(FRAMES_MAX).default(1_024),
  /** Bytes in one frame. Default 64 MiB. */
  frameBytesMax: bound(2 ** 31 - 1).default(64 * 1024 * 1024),
  /** Bytes in one message, all frames together. Default 64 MiB. */
  messageBytesMax: bound(2 ** 31 - 1).default(64 * 1024 * 1024),
});

/** The bounds of one message, resolved. */
export type Limits = Readonly<z.output<typeof limitsSchema>>;

/** True where something may be within one and not within the other. */
export function isTighter(limits: Limits, than: Limits): boolean {
  return (
    limits.framesMax < than.framesMax ||
    limits.frameBytesMax < than.frameBytesMax ||
    limits.messageBytesMax < than.messageBytesMax
  );
}

/**
 * Bytes in the first frame of a packed message at the most: a batch of 64 KiB that one more record is added to, with
 * attributes, inline frames and the table of their lengths.
 */
export function headBytesMax({ framesMax }: Limits): number {
  return 136 * 1_024 + 4 * framesMax;
}

/** Bytes of the largest frame that a peer may send: what a socket should let in. */
export function socketFrameBytesMax(limits: Limits): number {
  return Math.max(limits.frameBytesMax, headBytesMax(limits));
}

/** The limits that hold where nothing else is said. */
export const DEFAULT_LIMITS: Limits = Object.freeze(limitsSchema.parse({}));
