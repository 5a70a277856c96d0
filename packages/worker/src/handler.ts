import type { Body, BodyInput, Metadata } from '@majordomo/protocol';

/** One request for a handler. */
export interface WorkerRequest {
  /** The service that was asked for: the worker's own. */
  readonly service: string;
  readonly body: Body;
  /** What the body is, such as `application/json`, where a packed client says so. */
  readonly contentType: string | undefined;
  /** The trace that the request belongs to (W3C Trace Context), where a packed client says so. */
  readonly traceparent: string | undefined;
  /** 0 to 9, the highest first; 4 where nobody says any. */
  readonly priority: number;
  /** How many workers have been given the request, this one included; 0 at brokers that do not say. */
  readonly attempt: number;
}

/** What a handler may want to know beside the request, and how it may shape the replies. */
export interface HandlerContext {
  /**
   * Fires once the result is no longer wanted: with a CancelledError where the client cancelled or left, with an
   * ExpiredError where the time that it allowed is up, with a ConnectionLostError where the broker is lost, with a
   * ClosedError where the worker is closed or its drain took too long. What a handler returns after that is
   * dropped; until it returns, it keeps its place among the `concurrency` handlers.
   */
  readonly signal: AbortSignal;
  /** The endpoint of the broker that sent the request. */
  readonly broker: string;
  /** How long the client still waits, in ms, 0 at the least; `Infinity` where it did not say, or could not. */
  readonly remainingMs: number;
  /** What the replies are, such as `application/json`: to be set. Packed clients are told; others cannot be. */
  replyContentType: string | undefined;
}

/**
 * What a handler gives back: a body, the promise of one, or several in a row. Of an async generator, each
 * `yield` is a PARTIAL and the `return` the FINAL (RFC 18). MDP/0.1 has no PARTIAL: there the frames of all
 * yields, then those of the return, are one REPLY.
 */
export type HandlerResult =
  BodyInput | PromiseLike<BodyInput> | AsyncGenerator<BodyInput, BodyInput | void> | AsyncIterable<BodyInput>;

/** Answers requests. What becomes of a request whose handler throws, the README says. */
export type Handler = (request: WorkerRequest, context: HandlerContext) => HandlerResult;

/** A request as it came; what few handlers ask for is read when it is asked for. */
export class IncomingRequest implements WorkerRequest {
  readonly #metadata: Metadata;

  constructor(
    readonly service: string,
    readonly body: Body,
    readonly priority: number,
    readonly attempt: number,
    metadata: Metadata,
  ) {
    this.#metadata = metadata;
  }

  get contentType(): string | undefined {
    return this.#metadata.contentType;
  }

  get traceparent(): string | undefined {
    return this.#metadata.traceparent;
  }

  /** How long its broker had had it, in µs, where that says so. */
  get waitedMicros(): number | undefined {
    return this.#metadata.waitedMicros;
  }
}
