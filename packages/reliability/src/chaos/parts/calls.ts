import type { CallKind } from '../ledger';
import type { Random } from '../../random';
import type { MixName } from './params';

/** One request as a client is going to make it; times in ms. */
export interface PlannedCall {
  readonly call: CallKind;
  readonly idempotent: boolean;
  readonly must: boolean;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly workMs: number;
  readonly partials: number;
  readonly payloadBytes: number;
  /** When it is withdrawn after it was made; `undefined` for never. */
  readonly cancelAfterMs?: number;
  /** Messages that are read of a stream before its reader leaves; `undefined` for all. */
  readonly leaveAfter?: number;
}

/** How often a request may be sent again that must be answered. */
const RETRIES = 10;
/** How long a request may take that may fail, in ms. */
const TIMEOUT_MS = 10_000;
/** The same where its handler throws: a plain client is told nothing. */
const FAIL_TIMEOUT_MS = 3_000;

type Shape = CallKind | 'once';

const MIXES: Readonly<Record<MixName, Partial<Record<Shape, number>>>> = {
  storm: { work: 50, once: 15, deadline: 8, cancel: 10, stream: 8, gather: 4, leave: 2, fail: 3 },
  /** Nothing in it fails while every broker and worker ends in good order. */
  steady: { work: 60, once: 25, stream: 10, gather: 5 },
  /** The same for clients of plain brokers, which cannot tell who drains: what may be sent once only is left out. */
  'steady-plain': { work: 85, stream: 10, gather: 5 },
};

/** Draws the next request of a mix. */
export function drawCall(mix: MixName, random: Random, patienceMs: number): PlannedCall {
  const usual: PlannedCall = {
    call: 'work',
    idempotent: true,
    must: false,
    timeoutMs: TIMEOUT_MS,
    retries: RETRIES,
    workMs: random.next() < 0.05 ? random.between(100, 600) : random.between(0, 20),
    partials: 0,
    payloadBytes: random.next() < 0.02 ? random.between(50_000, 200_000) : random.between(0, 300),
  };
  const must = { must: true, timeoutMs: patienceMs };
  // A calm run has no fault that a request could be lost to.
  const all = mix === 'storm' ? {} : { timeoutMs: patienceMs };
  const partials = random.between(2, 20);
  const streamed = { ...usual, ...all, partials, workMs: random.between(0, 15) };
  switch (random.weighted(MIXES[mix] as Record<Shape, number>)) {
    case 'work':
      return { ...usual, ...must };
    case 'once':
      return { ...usual, ...all, idempotent: false };
    case 'deadline':
      return {
        ...usual,
        call: 'deadline',
        timeoutMs: random.between(20, 300),
        retries: 1,
        workMs: random.between(0, 400),
      };
    case 'cancel': {
      const cancelAfterMs = random.between(0, 200);
      return { ...usual, call: 'cancel', workMs: random.between(0, 300), cancelAfterMs };
    }
    case 'stream':
      return { ...streamed, call: 'stream' };
    case 'gather':
      return { ...streamed, call: 'gather' };
    case 'leave':
      return { ...streamed, call: 'leave', leaveAfter: random.between(1, partials) };
    case 'fail':
      return { ...usual, call: 'fail', timeoutMs: FAIL_TIMEOUT_MS, retries: 0 };
  }
}
