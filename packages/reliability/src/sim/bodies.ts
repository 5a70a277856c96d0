import { Body, encodeText } from '@majordomo/protocol';

/*
 * What bodies say. A request is `NUMBER|WORK`, a reply `NUMBER|RUN|PART`: whose reply it is, which run of which handler
 * made it, and which part of its replies it is. Checkers need no more than that to tell one reply from another.
 */

/** How a handler ends. */
export type HandlerEnd =
  | 'reply'
  /** It throws: FAILURE of a packed worker, a plain one gives the request back. */
  | 'throw'
  /** Its process dies of it. */
  | 'crash'
  /** It ends when it is told that nobody wants it any more, and not before. */
  | 'hang'
  /** Its process dies of it the first time, and replies the next. */
  | 'stumble';

/** What a request asks its worker to do. */
export interface Work {
  /** How long the handler takes before its first reply, and between any two, in ms. */
  readonly ms: number;
  readonly partials: number;
  readonly end: HandlerEnd;
  /** Bytes that each reply has beside what it says. */
  readonly padding: number;
}

const ENDS: readonly HandlerEnd[] = ['reply', 'throw', 'crash', 'hang', 'stumble'];

/** What a number is that no request has. */
export const NOBODY = -1;

function padded(text: string, padding: number): Body {
  return padding === 0 ? Body.of(text) : new Body([encodeText(text), new Uint8Array(padding)]);
}

export function requestBody(number: number, { ms, partials, end, padding }: Work, bytes: number): Body {
  return padded(`${number}|${ms},${partials},${ENDS.indexOf(end)},${padding}`, bytes);
}

const NOTHING: Work = { ms: 1, partials: 0, end: 'reply', padding: 0 };

/** What a request says to its handler: its number, and the work. */
export function readRequest(body: Body): { number: number; work: Work } {
  const [number, work] = body.text().split('|');
  const [ms, partials, end, padding] = (work ?? '').split(',').map(Number);
  if (padding === undefined || Number.isNaN(padding)) return { number: NOBODY, work: NOTHING };
  return {
    number: Number(number),
    work: { ms: ms ?? 1, partials: partials ?? 0, end: ENDS[end ?? 0] ?? 'reply', padding },
  };
}

/** What stands for the last reply where its part is asked for. */
export const LAST = 1_000_000;

/**
 * One reply of a handler.
 * @param part - counted from 0; of the last {@link LAST} and how many came before it
 */
export function replyBody(number: number, run: number, part: number, padding: number): Body {
  return padded(`${number}|${run}|${part}`, padding);
}

/** One reply as its reader sees it. */
export interface ReplyPart {
  readonly number: number;
  readonly run: number;
  readonly part: number;
}

/** The replies in a body: one, or several where they were gathered. Padding is passed over. */
export function readReplies(body: Body): ReplyPart[] {
  const parts: ReplyPart[] = [];
  for (const frame of body.frames) {
    if (frame.length === 0 || frame.length > 40 || frame[0] === 0) continue;
    const [number, run, part] = String.fromCharCode(...frame)
      .split('|')
      .map(Number);
    if (number !== undefined && run !== undefined && part !== undefined) parts.push({ number, run, part });
  }
  return parts;
}

/** Reads the digits in front of the first `|`; {@link NOBODY} where there are none. */
function digits(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x7c) return at === start ? NOBODY : number;
    if (byte < 0x30 || byte > 0x39) return NOBODY;
    number = number * 10 + byte - 0x30;
  }
  return NOBODY;
}

let read = NOBODY;
const sink = {
  section(source: Uint8Array, start: number, end: number): void {
    const frames = (source[start] ?? 0) * 256 + (source[start + 1] ?? 0);
    read = digits(source, start + 2 + 4 * frames, end);
  },
};

/** The number that a body begins with, read without a trace: who opens a packed body changes how it is passed on. */
export function numberOf(body: Body): number {
  const text = body.unencoded;
  if (text !== undefined) return /^\d/.test(text) ? Number.parseInt(text, 10) : NOBODY;
  read = NOBODY;
  if (body.copySection(sink)) return read;
  const [first] = body.frames;
  return first ? digits(first, 0, Math.min(first.length, 20)) : NOBODY;
}
