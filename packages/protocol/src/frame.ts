/** One frame of a ZeroMQ message. What arrives from a socket is a Node `Buffer`, which is a `Uint8Array`. */
export type Frame = Uint8Array;

/** The empty frame: delimiter and envelope end of the plain dialects. */
export const EMPTY_FRAME: Frame = new Uint8Array(0);

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The UTF-8 bytes of a text. */
export function encodeText(text: string): Frame {
  return encoder.encode(text);
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
  const bytes = new Uint8Array(key.length);
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
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

/** Bytes of all frames together. */
export function bytesOf(frames: readonly Frame[]): number {
  let bytes = 0;
  for (const frame of frames) bytes += frame.length;
  return bytes;
}
