import { Body, bytesOf, type Frame } from '@majordomo/protocol';

/** A body on its way from one thread to another: text that nobody has encoded, or frames. */
export type Parcel = string | readonly Frame[];

/**
 * Memory of so many bytes and more changes hands instead of being copied; for less, that costs more than the copy.
 */
const TRANSFER_BYTES_MIN = 16 * 1_024;

/**
 * Packs a body. Its frames are copied once, into memory of their own: a message of a broker holds other requests as
 * well, and what a handler returned may be its to keep.
 * @param transfer - takes the memory that is to change hands
 */
export function pack(body: Body, transfer: ArrayBuffer[]): Parcel {
  const text = body.unencoded;
  if (text !== undefined) return text;
  const { frames } = body;
  const bytes = bytesOf(frames);
  const memory = new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
  if (bytes >= TRANSFER_BYTES_MIN) transfer.push(memory.buffer);
  let at = 0;
  return frames.map((frame) => {
    memory.set(frame, at);
    at += frame.length;
    return memory.subarray(at - frame.length, at);
  });
}

/** The body in a parcel. */
export function unpack(parcel: Parcel): Body {
  return Body.of(parcel);
}
