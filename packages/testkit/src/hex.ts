/** One message frame as a test writes it: text goes out as UTF-8. */
export type Frame = string | Uint8Array;

/** Bytes of one frame shown before the rest is cut off. */
const SHOWN_BYTES_MAX = 64;

/** Frames in a form people can read: text in quotes, other bytes as hex, `''` for the empty frame. */
export function hex(frames: readonly Frame[]): string {
  return `[${frames.map(showFrame).join(' ')}]`;
}

function showFrame(frame: Frame): string {
  const bytes = Buffer.from(frame);
  const shown = bytes.subarray(0, SHOWN_BYTES_MAX);
  const printable = shown.every((byte) => byte >= 0x20 && byte < 0x7f);
  const text = printable ? `'${shown.toString('latin1')}'` : `0x${shown.toString('hex')}`;
  return bytes.length > shown.length ? `${text}…(${bytes.length} bytes)` : text;
}
