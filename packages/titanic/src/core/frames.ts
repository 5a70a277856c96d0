/**
 * Frames as one run of bytes, for a store: their number, the length of each (both 32 bits, little endian), then the
 * frames themselves.
 */
export function packFrames(frames: readonly Uint8Array[]): Uint8Array {
  const head = 4 + 4 * frames.length;
  // Memory of its own: a view into a message would keep, and copy, all of it.
  const packed = new Uint8Array(frames.reduce((sum, { length }) => sum + length, head));
  const view = new DataView(packed.buffer);
  view.setUint32(0, frames.length, true);
  let at = head;
  for (const [index, frame] of frames.entries()) {
    view.setUint32(4 + 4 * index, frame.length, true);
    packed.set(frame, at);
    at += frame.length;
  }
  return packed;
}

/**
 * The frames in bytes that {@link packFrames} made; views into them.
 * @throws RangeError where they are not whole
 */
export function unpackFrames(packed: Uint8Array): Uint8Array[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const count = view.getUint32(0, true);
  let at = 4 + 4 * count;
  const frames: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const end = at + view.getUint32(4 + 4 * index, true);
    if (end > packed.length) throw new RangeError('The frames are not whole.');
    frames.push(packed.subarray(at, end));
    at = end;
  }
  return frames;
}

/** Bytes that {@link packFrames} makes of frames. */
export function packedBytes(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, { length }) => sum + length, 4 + 4 * frames.length);
}
