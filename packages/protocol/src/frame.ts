/** One frame of a ZeroMQ message. What arrives from a socket is a Node `Buffer`, which is a `Uint8Array`. */
export type Frame = Uint8Array;

/** The empty frame: delimiter and envelope end of the plain dialects. */
export const EMPTY_FRAME: Frame = new Uint8Array(0);

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Small frames are cut from slabs: an array of bytes of its own costs many times as much once it is handed to ZeroMQ.
 */
const SLAB_BYTES = 8 * 1_024;
/** What is longer has memory of its own. */
const SMALL_BYTES = 256;

let slab = new Uint8Array(0);
let slabUsed = 0;

/** So many bytes of zero that nobody else uses. */
function cut(length: number): Frame {
  if (length > SMALL_BYTES) return new Uint8Array(length);
  if (slabUsed + length > slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed += length;
  return slab.subarray(start, slabUsed);
}

/**
 * The UTF-8 bytes of a text.
 * @throws TypeError for anything else: what comes from users may not be what its type says
 */
export function encodeText(text: string): Frame {
  if (typeof text !== 'string') throw new TypeError(`Text is a string, got ${typeof text}.`);
  const { length } = text;
  if (length > SMALL_BYTES) return encoder.encode(text);
  for (let at = 0; at < length; at++) if (text.charCodeAt(at) > 0x7f) return encoder.encode(text);
  return keyToBytes(text);
}

/** The text of a frame; bytes that are not UTF-8 become U+FFFD. */
export function decodeText(frame: Frame): string {
  return lenientDecoder.decode(frame);
}

/** The text of a frame, or `undefined` where its bytes are not UTF-8. */
export function decodeTextStrictly(frame: Frame): string | undefined {
  try {
    return strictDecoder.decode(frame);
  } catch {
    return undefined;
  }
}

/** One character per byte (Latin-1), so that any bytes survive the way to a string and back. */
export function bytesToKey(bytes: Frame): string {
  let key = '';
  for (const byte of bytes) key += String.fromCharCode(byte);
  return key;
}

/** The bytes behind a key that {@link bytesToKey} made. */
export function keyToBytes(key: string): Frame {
  const bytes = cut(key.length);
  for (let at = 0; at < key.length; at++) bytes[at] = key.charCodeAt(at);
  return bytes;
}

/** The bytes behind a key in hex, for people to read. */
export function keyToHex(key: string): string {
  let hex = '';
  for (let at = 0; at < key.length; at++) hex += key.charCodeAt(at).toString(16).padStart(2, '0');
  return hex;
}

/** True where both hold the same bytes. */
export function sameBytes(left: Frame, right: Frame): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}

/** A copy in memory of its own. `slice` of a Node `Buffer` would be a view of the same memory. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(start, end));
}

/** Bytes of all frames together. */
export function bytesOf(frames: readonly Frame[]): number {
  let bytes = 0;
  for (const frame of frames) bytes += frame.length;
  return bytes;
}
