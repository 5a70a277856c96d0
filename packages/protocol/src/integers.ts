/*
 * Integers in network byte order, read without a view: what is read here is read rarely, one at a time.
 */

/** The unsigned 16-bit integer at an offset; 0 beyond the end. */
export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** The unsigned 32-bit integer at an offset; 0 beyond the end. */
export function readU32(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at) * 0x1_0000 + readU16(bytes, at + 2);
}
