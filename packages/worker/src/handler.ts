import type { Body, BodyInput } from '@majordomo/protocol';

/** One request for a handler. */
export interface WorkerRequest {
  /** The service that was asked for: the worker's own. */
  readonly service: string;
  readonly body: Body;
}

/** What a handler may want to know beside the request. */
export interface HandlerContext {
  /**
   * Fires once the result is no longer wanted: with a ConnectionLostError where the broker is lost, with a
   * ClosedError where the worker is closed or its drain took too long. What a handler returns after that is
   * dropped; until it returns, it keeps its place among the `concurrency` handlers.
   */
  readonly signal: AbortSignal;
  /** The endpoint of the broker that sent the request. */
  readonly broker: string;
}

/**
 * What a handler gives back: a body, the promise of one, or several in a row. Of an async generator, each
 * `yield` is a PARTIAL and the `return` the FINAL (RFC 18). MDP/0.1 has no PARTIAL: there the frames of all
 * yields, then those of the return, are one REPLY.
 */
export type HandlerResult =
  BodyInput | Promise<BodyInput> | AsyncGenerator<BodyInput, BodyInput | void> | AsyncIterable<BodyInput>;

/** Answers requests. What becomes of a request whose handler throws, the README says. */
export type Handler = (request: WorkerRequest, context: HandlerContext) => HandlerResult;
