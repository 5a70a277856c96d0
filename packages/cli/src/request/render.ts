import type { Body, Frame } from '@majordomo/protocol';

const NEWLINE = Buffer.from('\n');
const NEWLINE_BYTE = 0x0a;

/** A frame in JSON: text where it is UTF-8, otherwise marked as what it is. */
export type JsonFrame = string | { readonly base64: string };

/** Frames as they are, one after the other. */
export function renderRaw(body: Body): Uint8Array {
  return Buffer.concat(body.frames);
}

/** Frames as they are, each on lines of its own: one that does not end a line gets a line break. */
export function renderLines(body: Body): Uint8Array {
  return Buffer.concat(
    body.frames.flatMap((frame) => (frame.at(-1) === NEWLINE_BYTE ? [frame] : [frame, NEWLINE])),
  );
}

/** Frames for a JSON document. */
export function renderJson(body: Body): JsonFrame[] {
  return body.frames.map(toJson);
}

function toJson(frame: Frame): JsonFrame {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(frame);
  } catch {
    return { base64: Buffer.from(frame).toString('base64') };
  }
}
