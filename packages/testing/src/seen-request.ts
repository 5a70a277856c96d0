import { isMajordomoError, StateError, type Body, type MajordomoError } from '@majordomo/protocol';
import type { HandlerContext, WorkerRequest } from '@majordomo/worker';
import { within, type WaitOptions } from './wait';
import { toStep, type Step, type StepInput } from './script';

/** One request that a fake worker was given, as it came. */
export class SeenRequest implements WorkerRequest {
  /** 1 for the first that this fake worker was given, and so on. */
  readonly number: number;
  readonly service: string;
  readonly body: Body;
  readonly contentType: string | undefined;
  readonly traceparent: string | undefined;
  readonly priority: number;
  /** How many workers have been given the request, this one included; 0 at brokers that do not say. */
  readonly attempt: number;
  /** How long the client was still waiting when it came, in ms; `Infinity` where it did not say. */
  readonly remainingMs: number;
  /** Fires once nobody wants the answer any more; see the worker's HandlerContext. */
  readonly signal: AbortSignal;
  readonly #held: Promise<Step>;
  #answer: ((step: Step) => void) | undefined;
  #answered = false;

  constructor(number: number, request: WorkerRequest, context: HandlerContext) {
    this.number = number;
    this.service = request.service;
    this.body = request.body;
    this.contentType = request.contentType;
    this.traceparent = request.traceparent;
    this.priority = request.priority;
    this.attempt = request.attempt;
    this.remainingMs = context.remainingMs;
    this.signal = context.signal;
    this.#held = new Promise((resolve) => (this.#answer = resolve));
  }

  /** The first frame of the body as text. */
  text(): string {
    return this.body.text();
  }

  /**
   * The first frame of the body as JSON; its type is what the caller says it is.
   * @throws InvalidBodyError where it is not JSON
   */
  json<T = unknown>(): T {
    return this.body.json<T>();
  }

  /**
   * Says what becomes of a request whose step is `holds()`, once it has come to that step, or already before.
   * @throws StateError where it has been said before
   */
  answer(step: StepInput): void {
    if (this.#answered) throw new StateError(`Request ${this.number} has been answered before.`);
    this.#answered = true;
    this.#answer?.(toStep(step));
  }

  /**
   * Waits until nobody wants the answer any more, and resolves with the reason: a `CANCELLED` error where the client
   * cancelled or left, `EXPIRED` where its time was up, `CONNECTION_LOST` where the broker was lost.
   * @throws ExpectationError where that does not happen in time
   */
  aborted(options: WaitOptions = {}): Promise<MajordomoError> {
    return within(untilAborted(this.signal), options, () => `request ${this.number} to be given up`);
  }

  /** @internal What the test has said, or will say. */
  get held(): Promise<Step> {
    return this.#held;
  }
}

/** Resolves with the reason once the signal has fired. */
export function untilAborted(signal: AbortSignal): Promise<MajordomoError> {
  return new Promise((resolve, reject) => {
    const fired = (): void => {
      const reason: unknown = signal.reason;
      if (isMajordomoError(reason)) resolve(reason);
      else reject(reason instanceof Error ? reason : new Error(String(reason)));
    };
    if (signal.aborted) fired();
    else signal.addEventListener('abort', fired, { once: true });
  });
}
