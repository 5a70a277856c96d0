import {
  encodeText,
  FAILURE_MESSAGE_BYTES_MAX,
  isFailureCode,
  type Body,
  type Frame,
} from '@majordomo/protocol';
import { parseJson, readJson, writeJson } from './json';
import { Unfit } from './unfit';

/** How a request failed, in the terms of its service. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  /** What the contract has for the code; written as JSON whatever the encoding. */
  readonly details: unknown;
}

/** The first of the two frames that say a failure in a reply. No JSON and no MessagePack is made of these bytes. */
const ERROR_MARK = 'ERROR';

const MARK_BYTES = encodeText(ERROR_MARK);

/**
 * Message and details as the text of a FAILURE: the message, a line feed, the details; no line feed where there are no
 * details and the message has none. `undefined` where a FAILURE has no room for it.
 * @throws Unfit where JSON has no form for the details
 */
export function failureText({ message, details }: Failure): string | undefined {
  const bare = details === undefined && !message.includes('\n');
  const text = bare ? message : `${message}\n${details === undefined ? '' : writeJson(details)}`;
  return encodeText(text).length <= FAILURE_MESSAGE_BYTES_MAX ? text : undefined;
}

/**
 * The two parts of such a text; of any other, all of it is the message.
 * @throws Unfit where what should be the details is not JSON
 */
export function splitFailureText(text: string): { readonly message: string; readonly details: unknown } {
  const end = text.lastIndexOf('\n');
  if (end < 0) return { message: text, details: undefined };
  const details = text.slice(end + 1);
  return { message: text.slice(0, end), details: details === '' ? undefined : parseJson(details) };
}

/**
 * A failure as the two frames that end a reply, for those whose dialect has no FAILURE.
 * @throws Unfit where JSON has no form for the details
 */
export function failureFrames({ code, message, retryable, details }: Failure): [string, string] {
  return [ERROR_MARK, writeJson({ code, message, retryable, details })];
}

/** True where the last two frames of a body are those of a failure. */
export function endsInFailure({ frames }: Body): boolean {
  const mark = frames.at(-2);
  return mark?.length === MARK_BYTES.length && MARK_BYTES.every((byte, at) => byte === mark[at]);
}

/**
 * The failure in its frame.
 * @throws Unfit where it is none
 */
export function readFailure(frame: Frame): Failure {
  const value = readJson(frame) ?? {};
  const { code, message, retryable, details } = value as Partial<Record<keyof Failure, unknown>>;
  if (typeof code !== 'string' || !isFailureCode(code)) throw Unfit.because('it is no failure with a code');
  return {
    code,
    message: typeof message === 'string' ? message : '',
    retryable: retryable === true,
    details,
  };
}
