import type { Body, BodyInput } from '@majordomo/protocol';
import type { AnySchema, Given, Got } from './types';

/** A request as a worker of `@majordomo/worker` hands it over. */
export interface ServedRequest {
  readonly service: string;
  readonly body: Body;
  readonly contentType: string | undefined;
  readonly traceparent: string | undefined;
  readonly priority: number;
  readonly attempt: number;
}

/** What such a worker hands over with it. */
export interface ServedContext {
  readonly signal: AbortSignal;
  readonly broker: string;
  readonly remainingMs: number;
  replyContentType: string | undefined;
}

/** What `new Worker(…)` takes. */
export type ServedHandler = (
  request: ServedRequest,
  context: ServedContext,
) => Promise<BodyInput> | AsyncGenerator<BodyInput, BodyInput>;

/** What a handler of a contract may want to know beside its input. */
export interface CallContext {
  /** Fires once the result is no longer wanted; see the context of a worker's handler. */
  readonly signal: AbortSignal;
  /** The endpoint of the broker that sent the request. */
  readonly broker: string;
  /** How long the client still waits, in ms, 0 at the least; `Infinity` where it did not say, or could not. */
  readonly remainingMs: number;
  /** The request as it came: its `attempt`, `priority`, `traceparent`. */
  readonly request: ServedRequest;
}

/**
 * Serves a contract. It gets what the schema of the request makes of a request, and gives what the schema of the reply
 * takes; as an async generator it yields what that of progress takes. It fails by throwing what `contract.error(…)`
 * makes.
 */
export type ContractHandler<
  Request extends AnySchema,
  Reply extends AnySchema,
  Progress extends AnySchema,
> = (
  input: Got<Request>,
  context: CallContext,
) => Given<Reply> | PromiseLike<Given<Reply>> | AsyncGenerator<Given<Progress>, Given<Reply>, undefined>;

/** Leaves the signal of a worker's context unread until it is asked for: it is made then. */
export class Context implements CallContext {
  readonly request: ServedRequest;
  readonly #context: ServedContext;

  constructor(request: ServedRequest, context: ServedContext) {
    this.request = request;
    this.#context = context;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get broker(): string {
    return this.#context.broker;
  }

  get remainingMs(): number {
    return this.#context.remainingMs;
  }
}
