import type { Metadata } from '@majordomo/protocol';
import {
  Body,
  ExpiredError,
  NO_METADATA,
  type BodyInput,
  type BodySize,
  type MajordomoError,
} from '@majordomo/protocol';
import type { HeldJob } from './core/packed-effects';
import { abortFailure, internalFailure, legible, serviceFailure, type Failure } from './failures';
import type { HandlerContext, HandlerResult, IncomingRequest } from './handler';
import type { ReplyLimits } from './reply-limits';
import { ReplyStream, type StreamSink } from './reply-stream';
import type { Shared } from './shared';
import type { Waiter } from './slots';
import type { TracedJob } from './tracing';

/** The session that a job came from, and goes back to. */
export interface JobOwner {
  /** The endpoint of the broker. */
  readonly broker: string;
  readonly limits: ReplyLimits;
  /** True where the broker is told how a request failed; elsewhere it is given back. */
  readonly tellsFailures: boolean;
  /** False where the dialect has no PARTIAL. */
  readonly partials: boolean;
  /** Sends one reply before the last; a promise where the link would rather wait before the next. */
  partial(job: Job, body: Body, metadata: Metadata): Promise<void> | undefined;
  /** Sends the last reply; false where it came too late. */
  finish(job: Job, body: Body, metadata: Metadata): boolean;
  /** Ends the request without a reply; harmless where nobody waits for it any more. */
  fail(job: Job, failure: Failure): void;
}

type Phase = 'waiting' | 'running' | 'over';

/**
 * One request from its arrival to its end: waits for a place, runs the handler, and sees to it that the session is
 * told the result once. Made for requests by the hundred thousand a second: all that a request may need beyond its
 * handler is made when it is needed.
 *
 * - `waiting`: for one of the worker's places. `enter` → running. `abort` → over.
 * - `running`: the handler has it. Its result or error → over, whether or not anybody still wants it.
 * - `over`: the place is free again.
 */
export class Job implements HeldJob, Waiter, StreamSink {
  readonly ref: number;
  expiresAt: number;
  window: number;
  nextHeld: HeldJob | undefined = undefined;
  /** The same as {@link expiresAt}, which is forgotten once it has rung. */
  readonly deadline: number;
  readonly request: IncomingRequest;
  readonly #shared: Shared;
  readonly #owner: JobOwner;
  readonly #context: Context;
  #phase: Phase = 'waiting';
  /** When the handler was called, and for how many that counts, where it is measured. */
  #startedAt = 0;
  #weight = 0;
  #traced: TracedJob | undefined = undefined;
  /** Why nobody wants the result any more. */
  #reason: MajordomoError | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #stream: ReplyStream | undefined = undefined;

  /**
   * @param ref - what the session calls it
   * @param expiresAt - when the client gives up, in ms on the clock of `performance.now()`; `Infinity` for never
   * @param window - replies before the last that may be sent for now
   */
  constructor(
    shared: Shared,
    owner: JobOwner,
    ref: number,
    request: IncomingRequest,
    expiresAt: number,
    window: number,
  ) {
    this.ref = ref;
    this.expiresAt = expiresAt;
    this.window = window;
    this.deadline = expiresAt;
    this.request = request;
    this.#shared = shared;
    this.#owner = owner;
    this.#context = new Context(this);
  }

  /** The endpoint of the broker that it came from. */
  get broker(): string {
    return this.#owner.broker;
  }

  /** What a line of the log says of it. */
  get #identity(): { broker: string; ref: number; attempt: number; traceparent?: string } {
    const { attempt, traceparent } = this.request;
    const identity = { broker: this.broker, ref: this.ref, attempt };
    return traceparent === undefined ? identity : { ...identity, traceparent };
  }

  /** True once nobody wants the result any more. */
  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  /** Made when it is asked for: most handlers never do. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Has the request served, at once where there is a place. */
  start(): void {
    const { counters, slots } = this.#shared;
    counters.requests++;
    if (slots.take(this)) this.#run();
  }

  /** A place is free. */
  enter(): void {
    if (this.deadline <= performance.now()) {
      this.#reason = new ExpiredError(
        'The time that the client allowed was up before the request was started.',
      );
      this.#phase = 'over';
      this.#drop(this.#reason);
      this.#shared.slots.release();
      return;
    }
    this.#run();
  }

  #run(): void {
    this.#phase = 'running';
    const { counters, handler, times, tracing } = this.#shared;
    counters.running++;
    if (times && (this.#weight = times.begin()) > 0) this.#startedAt = performance.now();
    const traced = tracing?.begin(this.request, this.broker);
    this.#traced = traced;
    let result: HandlerResult;
    try {
      result = traced
        ? traced.run(() => handler(this.request, this.#context))
        : handler(this.request, this.#context);
      if (isThenable(result)) {
        const promise = result instanceof Promise ? result : Promise.resolve(result);
        promise.then(
          (value: BodyInput) => this.#resolved(value),
          (error: unknown) => this.#failed(error),
        );
        return;
      }
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#resolved(result);
  }

  #resolved(result: BodyInput | AsyncIterable<BodyInput, BodyInput | void>): void {
    let stream: ReplyStream | undefined;
    try {
      if (isAsyncIterable(result)) stream = this.#streamOf(result);
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (stream) this.#pour(stream);
    else this.#done(result as BodyInput);
  }

  #streamOf(replies: AsyncIterable<BodyInput, BodyInput | void>): ReplyStream {
    const { limits, partials } = this.#owner;
    const size: BodySize | undefined = partials ? undefined : limits.gather();
    return new ReplyStream(this.#traced?.wrap(replies) ?? replies, this, size);
  }

  #pour(stream: ReplyStream): void {
    this.#stream = stream;
    stream.run().then(
      (last) => this.#done(last),
      (error: unknown) => this.#failed(error),
    );
  }

  partial(reply: BodyInput): Promise<void> | undefined {
    const body = Body.of(reply);
    this.#owner.limits.check(body);
    return this.#owner.partial(this, body, this.#metadata());
  }

  #metadata(): Metadata {
    const contentType = this.#context.replyContentType;
    return contentType === undefined ? NO_METADATA : this.#shared.replyMetadata(contentType);
  }

  #done(result: BodyInput): void {
    if (this.#reason) {
      this.#drop(this.#reason);
    } else {
      try {
        const body = Body.of(result);
        this.#owner.limits.check(body);
        this.#owner.finish(this, body, this.#metadata());
      } catch (error) {
        this.#failed(error);
        return;
      }
      this.#shared.counters.handled++;
    }
    this.#leave();
  }

  #failed(error: unknown): void {
    if (this.#reason) this.#drop(this.#reason);
    else this.#fail(legible(error));
    this.#leave();
  }

  #leave(): void {
    const { counters, slots, times } = this.#shared;
    this.#phase = 'over';
    counters.running--;
    if (this.#weight > 0) times?.end(this.#weight, performance.now() - this.#startedAt);
    this.#traced?.end();
    slots.release();
  }

  /** The window has changed. */
  windowOpened(): void {
    this.#stream?.wake();
  }

  /** Nobody wants the result any more: a handler that runs is told, one that waits for a place is not called. */
  abort(reason: MajordomoError): void {
    if (this.#reason || this.#phase === 'over') return;
    this.#reason = reason;
    if (this.#phase === 'waiting') {
      this.#phase = 'over';
      this.#shared.slots.giveUp(this);
      this.#drop(reason);
      return;
    }
    this.#controller?.abort(reason);
    void this.#stream?.stop();
  }

  #drop(reason: MajordomoError): void {
    const { counters, options, service } = this.#shared;
    counters.dropped++;
    this.#traced?.dropped(reason);
    options.logger.debug(
      { event: 'requestDropped', service, ...this.#identity, err: reason },
      'the result of a request came too late',
    );
    this.#owner.fail(this, abortFailure(reason));
  }

  #fail(error: unknown): void {
    const { counters, events, options, service } = this.#shared;
    const owner = this.#owner;
    const { broker } = owner;
    const told = owner.tellsFailures ? serviceFailure(error) : undefined;
    const reply = told ? undefined : this.#encodeError(error);
    counters.failed++;
    this.#traced?.failed(error);
    if (reply) owner.finish(this, reply, NO_METADATA);
    else owner.fail(this, told ?? internalFailure(error));
    if (told) {
      options.logger.info(
        { event: 'requestFailed', service, ...this.#identity, err: error },
        'a request failed: answered with a ServiceError',
      );
    } else {
      const outcome = reply
        ? 'answered with the encoded error'
        : owner.tellsFailures
          ? `answered with ${internalFailure(error).code}`
          : 'given back to the broker without a reply';
      options.logger.error(
        { event: 'requestFailed', service, ...this.#identity, err: error },
        `a request failed: ${outcome}`,
      );
    }
    events.emit('requestFailed', { broker, error });
  }

  #encodeError(error: unknown): Body | undefined {
    const { options, service } = this.#shared;
    try {
      const reply = options.encodeError?.(error, this.request);
      if (reply === undefined) return undefined;
      const body = Body.of(reply);
      this.#owner.limits.check(body);
      return body;
    } catch (err) {
      options.logger.error(
        { event: 'encodeErrorFailed', service, ...this.#identity, err },
        'encodeError failed itself: it is as good as none',
      );
      return undefined;
    }
  }
}

/** What a handler sees of its job. */
class Context implements HandlerContext {
  readonly #job: Job;
  replyContentType: string | undefined = undefined;

  constructor(job: Job) {
    this.#job = job;
  }

  get signal(): AbortSignal {
    return this.#job.signal;
  }

  get broker(): string {
    return this.#job.broker;
  }

  get remainingMs(): number {
    return Math.max(0, this.#job.deadline - performance.now());
  }
}

function isThenable(value: unknown): value is PromiseLike<BodyInput> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
  );
}

function isAsyncIterable(value: unknown): value is AsyncIterable<BodyInput> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
