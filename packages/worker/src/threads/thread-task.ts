import { ThreadCrashedError, type Body, type BodyInput, type MajordomoError } from '@majordomo/protocol';
import { EventEmitter } from 'node:events';
import type { HandlerContext, WorkerRequest } from '../handler';
import { fromFault } from './fault';
import {
  hrtimeMs,
  type FromThread,
  type Outcome,
  type ReplyParcel,
  type ServeTask,
  type ToThread,
} from './messages';
import { pack, unpack } from './parcel';

/** What a task has of its pool. */
export interface TaskHost {
  readonly service: string;
  /** How long a thread has to end a task that nobody wants any more, in ms. */
  readonly abortGraceMs: number;
  /** The task, which waits for a place, waits no more. */
  giveUp(task: ThreadTask): void;
  /** Lets the threads know that the task in this place was aborted. */
  abort(task: ThreadTask, place: number, reason: MajordomoError): void;
  /** A thread ended in the midst of a task, or was of no use for it. */
  crashed(error: ThreadCrashedError): void;
  /** A thread is ended because it did not end in time a task that nobody wants any more. */
  terminated(): void;
}

/** What a handler in this thread would give. */
type Result = BodyInput | AsyncIterable<BodyInput, BodyInput | void>;

/** Whoever waits for the next reply of a stream. */
interface Asker {
  resolve(step: IteratorResult<BodyInput, BodyInput>): void;
  reject(error: unknown): void;
}

const DONE: IteratorResult<BodyInput, BodyInput> = { done: true, value: undefined };

/**
 * One request that a thread serves, as the main thread sees it.
 *
 * - `waiting`: for a place in the pool. `send` → sent. `abort` → over.
 * - `sent`: a thread has it, or will once it has started. Its one reply, its failure, a crash → over; a stream is asked
 *   for its replies one by one until the last. Once nobody wants it any more, the thread has `abortGraceMs` to end it,
 *   and is ended itself after that.
 * - `over`.
 */
export class ThreadTask implements AsyncIterator<BodyInput, BodyInput> {
  /** Settles with what the handler gives, as a handler in this thread would. */
  readonly result: Promise<Result>;
  /** Resolves once the thread has nothing to do with it any more. */
  readonly over: Promise<void>;
  readonly request: WorkerRequest;
  readonly context: HandlerContext;
  /** Ends the thread that has the task, or takes it out of the pool's queue. */
  readonly killer = new EventEmitter();
  readonly #host: TaskHost;
  #settle!: { resolve(result: Result): void; reject(error: unknown): void };
  #state: 'waiting' | 'sent' | 'over' = 'waiting';
  #place = -1;
  #reason: MajordomoError | undefined;
  #tell: ((message: ToThread) => void) | undefined;
  #asker: Asker | undefined;
  #grace: NodeJS.Timeout | undefined;
  /** Why a stream has no next reply. */
  #failure: { readonly error: unknown } | undefined;
  /** True once the thread was ended for it. */
  #killed = false;
  #end!: () => void;

  constructor(
    host: TaskHost,
    readonly id: number,
    request: WorkerRequest,
    context: HandlerContext,
  ) {
    this.#host = host;
    this.request = request;
    this.context = context;
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
    const { signal } = context;
    signal.addEventListener('abort', () => this.abort(signal.reason as MajordomoError));
  }

  /**
   * A place is free: what its thread is to be given.
   * @param transfer - takes the memory that is to change hands
   */
  send(place: number, transfer: ArrayBuffer[]): ServeTask {
    this.#state = 'sent';
    this.#place = place;
    const { id, request, context } = this;
    const { service, contentType, traceparent, priority, attempt } = request;
    const body = pack(request.body, transfer);
    const deadline = hrtimeMs() + context.remainingMs;
    const { broker } = context;
    return {
      kind: 'serve',
      id,
      place,
      service,
      body,
      contentType,
      traceparent,
      priority,
      attempt,
      broker,
      deadline,
    };
  }

  /** Nobody wants the result any more. */
  abort(reason: MajordomoError): void {
    if (this.#reason || this.#state === 'over') return;
    this.#reason = reason;
    if (this.#state === 'waiting') {
      this.#host.giveUp(this);
      this.#finish();
      this.#settle.reject(reason);
      return;
    }
    this.#host.abort(this, this.#place, reason);
    this.#startGrace();
  }

  /** How the abort reads to a thread that may not have heard of it; `undefined` where there was none. */
  get aborted(): ToThread | undefined {
    if (!this.#reason) return undefined;
    return { kind: 'abort', id: this.id, code: this.#reason.code, message: this.#reason.message };
  }

  #startGrace(): void {
    this.#grace ??= setTimeout(() => {
      this.#killed = true;
      this.#host.terminated();
      this.killer.emit('abort');
    }, this.#host.abortGraceMs);
  }

  /** Its thread said something. */
  hear(message: FromThread, tell: (message: ToThread) => void): void {
    switch (message.kind) {
      case 'stream':
        this.#tell = tell;
        this.#settle.resolve({ [Symbol.asyncIterator]: () => this });
        break;
      case 'part':
        this.#answer({ done: false, value: this.#unpack(message.reply) });
        break;
      case 'unloadable':
        this.crashed(fromFault(message.fault));
        this.killer.emit('abort');
        break;
      case 'loaded':
        break;
    }
  }

  #unpack({ body, contentType }: ReplyParcel): Body {
    this.context.replyContentType = contentType;
    return unpack(body);
  }

  #answer(step: IteratorResult<BodyInput, BodyInput>): void {
    const asker = this.#asker;
    this.#asker = undefined;
    asker?.resolve(step);
  }

  /** Its thread ended it. */
  ended(outcome: Outcome): void {
    if (this.#state === 'over') return;
    this.#finish();
    switch (outcome.kind) {
      case 'reply': {
        const reply = this.#unpack(outcome.reply);
        this.#answer({ done: true, value: reply });
        this.#settle.resolve(reply);
        break;
      }
      case 'failed':
        this.#fail(fromFault(outcome.fault));
        break;
      case 'dropped':
      case 'released':
        this.#answer(DONE);
        this.#settle.resolve(undefined);
        break;
    }
  }

  /** Its thread ended, and not the task. */
  crashed(cause: unknown): void {
    if (this.#state === 'over') return;
    this.#finish();
    const why = cause instanceof Error ? cause.message : String(cause);
    const error = new ThreadCrashedError(
      `The thread that served a request to ${this.#host.service} ended without an answer: ${why}`,
      { cause },
    );
    if (!this.#killed) this.#host.crashed(error);
    this.#fail(error);
  }

  #finish(): void {
    this.#state = 'over';
    clearTimeout(this.#grace);
    this.#end();
  }

  #fail(error: unknown): void {
    const asker = this.#asker;
    this.#asker = undefined;
    if (asker) asker.reject(error);
    else this.#failure = { error };
    this.#settle.reject(error);
  }

  /** The next reply of a stream; to be asked for one at a time. */
  next(): Promise<IteratorResult<BodyInput, BodyInput>> {
    if (this.#failure) return Promise.reject(this.#failure.error);
    if (this.#state === 'over') return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.#asker = { resolve, reject };
      this.#tell?.({ kind: 'next', id: this.id });
    });
  }

  /** No more of a stream is wanted. Resolves when the handler has cleaned up, or its thread was ended for it. */
  async return(): Promise<IteratorResult<BodyInput, BodyInput>> {
    if (this.#state !== 'over') {
      this.#tell?.({ kind: 'stop', id: this.id });
      this.#startGrace();
    }
    await this.over;
    return DONE;
  }
}
