import type { Body, MajordomoError, Metadata } from '@majordomo/protocol';
import type { Caller } from './core/call';

/** One message of a stream: any number of PARTIALs, then one FINAL (RFC 18). */
export interface StreamMessage {
  readonly kind: 'partial' | 'final';
  readonly body: Body;
  /** What the worker said of it, such as its `contentType`; empty where it came from a plain broker or worker. */
  readonly metadata: Metadata;
}

/** What a stream tells the call behind it. */
export interface StreamControl {
  /** A PARTIAL has been read. */
  taken(): void;
  /** What waited has been read after {@link ReplyStream.partial} said that it was too much. */
  empty(): void;
  /** The reader has left before the end. */
  left(): void;
}

/**
 * The messages of one streaming call, in order, for one reader. What comes faster than it is read waits
 * here up to a bound, and from then on with the broker.
 */
export class ReplyStream implements AsyncIterableIterator<StreamMessage>, Caller {
  #waiting: StreamMessage[] = [];
  #error: unknown;
  #ended = false;
  #full = false;
  #wake: (() => void) | undefined;
  /** Resolves when every `next` before has: what is asked for at once is answered in turn. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly bufferMax: number,
    private readonly control: StreamControl,
  ) {}

  /** Adds a PARTIAL; false where so many wait that no more should be read for now. */
  partial(body: Body, metadata: Metadata): boolean {
    if (this.#ended) return true;
    this.#waiting.push({ kind: 'partial', body, metadata });
    this.#full ||= this.#waiting.length >= this.bufferMax;
    this.#wake?.();
    return !this.#full;
  }

  /** Adds the FINAL. */
  replied(body: Body, metadata: Metadata): void {
    if (this.#ended) return;
    this.#waiting.push({ kind: 'final', body, metadata });
    this.#ended = true;
    this.#wake?.();
  }

  failed(error: MajordomoError): void {
    this.fail(error);
  }

  /** Ends with an error, once what came before it has been read. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#error = error;
    this.#ended = true;
    this.#wake?.();
  }

  next(): Promise<IteratorResult<StreamMessage, undefined>> {
    const result = this.#turn.then(() => this.#take());
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #take(): Promise<IteratorResult<StreamMessage, undefined>> {
    while (this.#waiting.length === 0 && !this.#ended) {
      await new Promise<void>((wake) => (this.#wake = wake));
    }
    const message = this.#waiting.shift();
    if (message) {
      this.#read(message);
      return { done: false, value: message };
    }
    const error = this.#error;
    this.#error = undefined;
    if (error) throw error;
    return { done: true, value: undefined };
  }

  #read({ kind }: StreamMessage): void {
    if (kind === 'partial') this.control.taken();
    if (!this.#full || this.#waiting.length > 0) return;
    this.#full = false;
    this.control.empty();
  }

  async return(): Promise<IteratorResult<StreamMessage, undefined>> {
    if (!this.#ended) {
      this.#ended = true;
      this.control.left();
      this.#wake?.();
    }
    this.#waiting = [];
    this.#error = undefined;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
