import { Body, type BodyInput, type MajordomoError } from '@majordomo/protocol';
import type { Handler, HandlerContext, WorkerRequest } from '../handler';
import { toFault } from './fault';
import {
  hrtimeMs,
  type FromThread,
  type Outcome,
  type ReplyParcel,
  type ServeTask,
  type ToThread,
} from './messages';
import { pack, unpack } from './parcel';
import { reasonOf, ThreadSignal } from './thread-signal';

/** What a job knows of its thread. */
export interface ThreadHost {
  /** See {@link ThreadData.aborted}. */
  readonly aborted: Int32Array;
  /** Has what the main thread said meanwhile heard at once. */
  hearNow(): void;
  tell(message: FromThread, transfer?: ArrayBuffer[]): void;
}

/** What a job ended in, and the memory that goes with it. */
export interface Ended {
  readonly outcome: Outcome;
  readonly transfer: ArrayBuffer[];
}

type Result = BodyInput | AsyncIterable<BodyInput, BodyInput | void>;

const DROPPED: Ended = { outcome: { kind: 'dropped' }, transfer: [] };

/** One request in a thread: calls the handler, and sees to its replies. */
export class ThreadJob {
  readonly id: number;
  readonly #task: ServeTask;
  readonly #host: ThreadHost;
  readonly #context: ThreadContext;
  #signal: ThreadSignal | undefined;
  /** Why nobody wants the result any more, where that was said. */
  #reason: MajordomoError | undefined;
  /** Replies of a stream that are asked for: 0 or 1. */
  #wanted = 0;
  #stopped = false;
  #iterator: AsyncIterator<BodyInput, BodyInput | void> | undefined;
  #cleanup: Promise<unknown> | undefined;
  #wake: (() => void) | undefined;

  constructor(task: ServeTask, host: ThreadHost) {
    this.id = task.id;
    this.#task = task;
    this.#host = host;
    this.#context = new ThreadContext(this, task);
  }

  /** Made when it is asked for. */
  get signal(): AbortSignal {
    if (!this.#signal) {
      this.#signal = new ThreadSignal(() => this.#isAborted());
      if (this.#reason) this.#signal.abort(this.#reason);
    }
    return this.#signal.signal;
  }

  #isAborted(): boolean {
    const { aborted, hearNow } = this.#host;
    if (Atomics.load(aborted, this.#task.place) !== this.id) return false;
    hearNow();
    return true;
  }

  /** Calls the handler, and its stream where it gives one. Never rejects. */
  async run(handler: Handler): Promise<Ended> {
    // Aborted while the thread was being made.
    if (this.#isAborted()) return DROPPED;
    try {
      const result: Result = await handler(this.#request(), this.#context);
      return isAsyncIterable(result) ? await this.#pour(result) : this.#reply(result);
    } catch (error) {
      return { outcome: { kind: 'failed', fault: toFault(error) }, transfer: [] };
    }
  }

  #request(): WorkerRequest {
    const { service, body, contentType, traceparent, priority, attempt } = this.#task;
    return { service, body: unpack(body), contentType, traceparent, priority, attempt };
  }

  #reply(result: BodyInput): Ended {
    const transfer: ArrayBuffer[] = [];
    return { outcome: { kind: 'reply', reply: this.#pack(result, transfer) }, transfer };
  }

  #pack(result: BodyInput, transfer: ArrayBuffer[]): ReplyParcel {
    const { replyContentType: contentType } = this.#context;
    if (contentType !== undefined && typeof contentType !== 'string') {
      throw new TypeError(`The replyContentType should be text, got ${typeof contentType}.`);
    }
    return { body: pack(Body.of(result), transfer), contentType };
  }

  async #pour(replies: AsyncIterable<BodyInput, BodyInput | void>): Promise<Ended> {
    const iterator = replies[Symbol.asyncIterator]();
    this.#iterator = iterator;
    this.#host.tell({ kind: 'stream', id: this.id });
    for (;;) {
      await this.#asked();
      if (this.#stopped) return this.#dropped();
      this.#wanted = 0;
      const step = await iterator.next();
      if (this.#stopped) return this.#dropped();
      try {
        if (step.done) return this.#reply(step.value ?? undefined);
        const transfer: ArrayBuffer[] = [];
        this.#host.tell({ kind: 'part', id: this.id, reply: this.#pack(step.value, transfer) }, transfer);
      } catch (error) {
        this.#stop();
        await this.#cleanup;
        throw error;
      }
    }
  }

  async #asked(): Promise<void> {
    if (this.#wanted > 0 || this.#stopped) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  async #dropped(): Promise<Ended> {
    await this.#cleanup;
    return DROPPED;
  }

  /** The main thread said something of this request. */
  hear(message: Exclude<ToThread, { kind: 'release' }>): void {
    switch (message.kind) {
      case 'abort':
        this.#reason ??= reasonOf(message.code, message.message);
        this.#signal?.abort(this.#reason);
        break;
      case 'next':
        this.#wanted = 1;
        this.#wake?.();
        break;
      case 'stop':
        this.#stop();
        this.#wake?.();
        break;
    }
  }

  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cleanup = this.#return();
  }

  async #return(): Promise<void> {
    try {
      await this.#iterator?.return?.();
    } catch {
      // Nobody waits for the stream any more: what goes wrong in its clean-up is of no use to anyone.
    }
  }
}

/** What the handler sees of its job. */
class ThreadContext implements HandlerContext {
  readonly #job: ThreadJob;
  readonly #deadline: number;
  readonly broker: string;
  replyContentType: string | undefined = undefined;

  constructor(job: ThreadJob, { broker, deadline }: ServeTask) {
    this.#job = job;
    this.#deadline = deadline;
    this.broker = broker;
  }

  get signal(): AbortSignal {
    return this.#job.signal;
  }

  get remainingMs(): number {
    return Math.max(0, this.#deadline - hrtimeMs());
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<BodyInput, BodyInput | void> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
