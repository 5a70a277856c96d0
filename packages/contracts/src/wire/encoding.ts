import type { Frame } from '@majordomo/protocol';
import { readJson, writeJson } from './json';
import { readMessagePack, writeMessagePack } from './msgpack';
import { Unfit } from './unfit';

/** How values are written. */
export type Encoding = 'json' | 'msgpack';

/** What a body of an encoding is said to be, where the dialect can say it. */
export const CONTENT_TYPES: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  msgpack: 'application/vnd.msgpack',
};

/** Other names that are in use for the same. */
const ENCODINGS: Readonly<Record<string, Encoding>> = {
  'application/json': 'json',
  'application/vnd.msgpack': 'msgpack',
  'application/msgpack': 'msgpack',
  'application/x-msgpack': 'msgpack',
};

const EMPTY = new Uint8Array(0);

/**
 * A value as one frame; `undefined` is an empty one.
 * @throws Unfit where the encoding has no form for it
 */
export function writeValue(value: unknown, encoding: Encoding): string | Frame {
  if (value === undefined) return EMPTY;
  return encoding === 'json' ? writeJson(value) : writeMessagePack(value);
}

/**
 * The value in a frame.
 * @throws Unfit where it is not what its encoding says
 */
export function readValue(frame: Frame, encoding: Encoding): unknown {
  if (frame.length === 0) return undefined;
  return encoding === 'json' ? readJson(frame) : readMessagePack(frame);
}

/**
 * How a frame is encoded: as its content type says, or, where nobody could say, as its first byte does. JSON begins
 * with a byte of ASCII, and MessagePack, as it is written here, does not.
 * @throws Unfit for a content type that is none of ours
 */
export function encodingOf(frame: Frame, contentType: string | undefined): Encoding {
  if (contentType === undefined) return frame.length > 0 && frame[0]! >= 0x80 ? 'msgpack' : 'json';
  const [type = ''] = contentType.split(';');
  const encoding = Object.entries(ENCODINGS).find(([name]) => name === type.trim().toLowerCase());
  if (encoding) return encoding[1];
  throw Unfit.because(`its content type is neither JSON nor MessagePack: ${JSON.stringify(contentType)}`);
}
