import { decodeTextStrictly, type Frame } from '@majordomo/protocol';
import { DEPTH_MAX, HAS_PROTO, PROTO, TOO_DEEP } from './bounds';
import { pathText, Unfit } from './unfit';

/**
 * A value as JSON.
 * @throws Unfit where JSON has no form for it, or what comes out would be refused by {@link readJson}
 */
export function writeJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw Unfit.because(`it cannot be written as JSON: ${reason(cause)}`, { cause });
  }
  if (text === undefined) throw Unfit.because(`JSON has no form for a ${typeof value}`);
  requireShallow(text);
  if (text.includes(PROTO)) refuseProto(JSON.parse(text));
  return text;
}

/**
 * The value in a frame of JSON.
 * @throws Unfit where it is not JSON, nested too deep, or has a key that is not taken
 */
export function readJson(frame: Frame): unknown {
  const text = decodeTextStrictly(frame);
  if (text === undefined) throw Unfit.because('it is not JSON: its bytes are not UTF-8');
  return parseJson(text);
}

/** The same of text. */
export function parseJson(text: string): unknown {
  requireShallow(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw Unfit.because(`it is not JSON: ${reason(cause)}`, { cause });
  }
  // With escapes a key can be spelled in many ways.
  if (text.includes(PROTO) || text.includes('\\u')) refuseProto(value);
  return value;
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Looks at brackets outside of strings only; whether the rest is JSON is for the parser to say, which then has to hold
 * no more than so many levels.
 */
function requireShallow(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (++depth > DEPTH_MAX) throw Unfit.because(TOO_DEEP);
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth--;
    }
  }
}

/** Where the quote is that closes a string; behind the text where there is none. */
function endOfString(text: string, start: number): number {
  let at = start;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let escapes = at - 1;
    while (text.charCodeAt(escapes) === BACKSLASH) escapes--;
    if ((at - escapes) % 2 === 1) return at;
  }
}

function refuseProto(value: unknown, keys: readonly PropertyKey[] = []): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    value.forEach((item, index) => refuseProto(item, [...keys, index]));
    return;
  }
  if (Object.hasOwn(value, PROTO)) throw Unfit.because(HAS_PROTO, { path: pathText(keys) });
  for (const [key, item] of Object.entries(value)) refuseProto(item, [...keys, key]);
}
