import type { CodecLoad, CodecResult } from '../load/codec';
import type { ClosedLoad, LoadResult } from '../load/closed-loop';
import type { FeedLoad, SubmitLoad, SubmitResult } from '../load/submissions';
import type { OneWayLoad, SendResult } from '../load/one-way';
import type { OpenLoad, OpenResult } from '../load/open-loop';
import type { StreamLoad, StreamResult } from '../load/streams';

/** What a process has used so far. */
export interface Usage {
  /** User and system time since it started, in µs. */
  readonly cpuUs: number;
  /** Resident memory, in bytes. */
  readonly rssBytes: number;
}

/** What a receiver of one-way messages has seen. Times are ms since the epoch, of one clock for all processes. */
export interface Received {
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** What the parent can ask its children, and what each question takes and gives. */
export interface Questions {
  /** Of every child; `gc` collects garbage first where the child can. */
  usage: { readonly argument: { readonly gc: boolean }; readonly answer: Usage };
  /** Of clients. */
  load: { readonly argument: ClosedLoad; readonly answer: LoadResult };
  open: { readonly argument: OpenLoad; readonly answer: OpenResult };
  calls: { readonly argument: { inFlight: number; bytes: number; count: number }; readonly answer: number };
  stream: { readonly argument: StreamLoad; readonly answer: StreamResult };
  /** Of senders and receivers of one-way messages. */
  send: { readonly argument: OneWayLoad; readonly answer: SendResult };
  /** Answered once so many have arrived, or are done and kept so, since it was asked. */
  received: { readonly argument: { readonly count: number }; readonly answer: Received };
  /** Of every child, for workers that size themselves by it: how many calls will be in flight. */
  prepare: { readonly argument: { readonly inFlight: number }; readonly answer: void };
  /** Of submitters: so fast, and these many. */
  submit: { readonly argument: SubmitLoad; readonly answer: SubmitResult };
  feed: { readonly argument: FeedLoad; readonly answer: SendResult };
  /** Of keepers that can: so many more requests wait for a time that does not come; answered with how many do. */
  fill: { readonly argument: { readonly count: number; readonly bytes: number }; readonly answer: number };
  codec: { readonly argument: CodecLoad; readonly answer: CodecResult[] };
}

export type Question = keyof Questions;
export type ArgumentOf<Q extends Question> = Questions[Q]['argument'];
export type AnswerOf<Q extends Question> = Questions[Q]['answer'];

/** The questions that one child answers. */
export type Answers = {
  readonly [Q in Question]?: (argument: ArgumentOf<Q>) => AnswerOf<Q> | Promise<AnswerOf<Q>>;
};

/** From the parent to a child. */
export interface Asked {
  readonly id: number;
  readonly question: Question;
  readonly argument: unknown;
}

/** From a child to its parent: that it is ready, or an answer. */
export type Said =
  | { readonly kind: 'ready'; readonly address: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string };
