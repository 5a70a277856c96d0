import { InvalidOptionsError, isFailureCode, type BodyInput } from '@majordomo/protocol';
import type { SeenRequest } from './seen-request';
import { requireMs } from './wait';

/** What a fake worker does with one request. Made by the functions below. */
export type Step =
  | { readonly does: 'reply'; readonly body: BodyInput; readonly contentType: string | undefined }
  | { readonly does: 'fail'; readonly code: string; readonly message: string; readonly retryable: boolean }
  | { readonly does: 'stream'; readonly partials: Partials; readonly last: Step }
  | { readonly does: 'delay'; readonly delayMs: number; readonly then: Step }
  | { readonly does: 'hold' | 'drop' | 'die' | 'disconnect' };

/** The PARTIALs of a stream: a list, or whatever can be iterated as often as the step is taken. */
export type Partials = Iterable<BodyInput> | AsyncIterable<BodyInput>;

/** The same step for several requests in a row. */
export interface Repeated {
  readonly does: 'repeat';
  readonly step: Step;
  readonly times: number;
}

/** What may stand for a step: text and bytes stand for `replies(…)`. */
export type StepInput = Step | string | Uint8Array;

/**
 * What a fake worker does:
 * - one step: the same with every request; where `repeats` says how often, not more often;
 * - a list: one after another, in the order of arrival; what comes after the last is a failure `UNSCRIPTED`;
 * - a function: asked about each request.
 */
export type Script =
  | StepInput
  | Repeated
  | readonly (StepInput | Repeated)[]
  | ((request: SeenRequest) => StepInput | Promise<StepInput>);

/** Answers with this body; a list is one frame each. */
export function replies(body?: BodyInput, options: { readonly contentType?: string } = {}): Step {
  return Object.freeze({ does: 'reply', body, contentType: options.contentType });
}

/** Answers with this value as JSON, said to be `application/json`. */
export function repliesJson(value: unknown): Step {
  return replies(JSON.stringify(value), { contentType: 'application/json' });
}

/**
 * Fails as a handler that throws a ServiceError: a packed client gets a WorkerFailedError with this `workerCode`.
 * `INTERNAL_ERROR` is what a handler that throws anything else ends in.
 * @param code - 1–64 characters: capitals, digits and `_`, a capital first
 * @throws InvalidOptionsError for any other code
 */
export function fails(
  code: string,
  message = 'scripted',
  options: { readonly retryable?: boolean } = {},
): Step {
  if (!isFailureCode(code)) {
    throw new InvalidOptionsError(
      `The code of a failure is 1 to 64 capitals, digits and _, a capital first, got ${JSON.stringify(code)}.`,
    );
  }
  return Object.freeze({ does: 'fail', code, message, retryable: options.retryable ?? false });
}

/**
 * Sends PARTIALs, no faster than they are read, and then takes the last step: an answer by default empty, or what
 * breaks the stream off. {@link dies} and {@link disconnects} come once the broker has the PARTIALs.
 */
export function streams(partials: Partials, last: StepInput = ''): Step {
  return Object.freeze({ does: 'stream', partials, last: toStep(last) });
}

/**
 * Takes the step after so many ms, unless the request ends before.
 * @param delayMs - whole ms
 * @throws InvalidOptionsError for anything else
 */
export function delays(delayMs: number, then: StepInput = ''): Step {
  requireMs(delayMs, 'A delay');
  return Object.freeze({ does: 'delay', delayMs, then: toStep(then) });
}

/** Keeps the request until the test says what becomes of it: see {@link SeenRequest.answer}. */
export function holds(): Step {
  return Object.freeze({ does: 'hold' });
}

/** Takes the request and never answers, while its heartbeats go on; it ends when the client gives up. */
export function drops(): Step {
  return Object.freeze({ does: 'drop' });
}

/** Dies with the request in hand, as by SIGKILL: its connection breaks, nothing is said, and it does not come back. */
export function dies(): Step {
  return Object.freeze({ does: 'die' });
}

/** Loses its connection with the request in hand, and comes back. */
export function disconnects(): Step {
  return Object.freeze({ does: 'disconnect' });
}

/**
 * In a list: the same step for so many requests in a row, by default for all that follow.
 * @param times - 1 or more
 * @throws InvalidOptionsError for anything else
 */
export function repeats(step: StepInput, times = Infinity): Repeated {
  if (times !== Infinity && (!Number.isSafeInteger(times) || times < 1)) {
    throw new InvalidOptionsError(`A step is repeated 1 time or more, got ${times}.`);
  }
  return Object.freeze({ does: 'repeat', step: toStep(step), times });
}

const DOES: readonly unknown[] = [
  'reply',
  'fail',
  'stream',
  'delay',
  'hold',
  'drop',
  'die',
  'disconnect',
] satisfies Step['does'][];

/**
 * The step that an input stands for.
 * @throws InvalidOptionsError where it is none
 */
export function toStep(input: StepInput): Step {
  if (typeof input === 'string' || input instanceof Uint8Array) return replies(input);
  if (DOES.includes((input as Partial<Step> | undefined)?.does)) return input;
  throw new InvalidOptionsError(
    `A step of a script is text, bytes, or made by replies(), fails() and so on, got ${JSON.stringify(input)}.`,
  );
}

/** Part of a list: a step as often as it is to be taken. */
export function toRepeated(input: StepInput | Repeated): Repeated {
  return isRepeated(input) ? input : repeats(input, 1);
}

/** True for what {@link repeats} has made. */
export function isRepeated(input: unknown): input is Repeated {
  return typeof input === 'object' && input !== null && 'does' in input && input.does === 'repeat';
}
