import type { Body, Frame, Metadata } from '@majordomo/protocol';

/**
 * What a request, and each frame of it, takes in memory beside its content, about. It counts as bytes held:
 * else empty frames would be free, and a client could fill the memory with them.
 */
export const REQUEST_COST_BYTES = 1_024;
const FRAME_COST_BYTES = 256;

/** What a body, and what is said of it, counts for in the bounds. */
export function costOf(body: Body, { bytes }: Metadata): number {
  return body.byteLength + body.length * FRAME_COST_BYTES + bytes.length;
}

/** The same for frames of which it is known how many bytes they are. */
export function costOfFrames(frames: readonly Frame[], bytes: number): number {
  return bytes + frames.length * FRAME_COST_BYTES;
}
