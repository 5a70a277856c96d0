import {
  CancelledError,
  ClosedError,
  ConnectionLostError,
  ExpiredError,
  MajordomoError,
  type ErrorCode,
} from '@majordomo/protocol';

/** The `signal` of a handler in a thread. */
export class ThreadSignal {
  readonly #controller = new AbortController();
  readonly #look: () => boolean;

  /** @param look - has what the main thread said meanwhile heard; true where it aborted the request */
  constructor(look: () => boolean) {
    this.#look = look;
    const { signal } = this.#controller;
    // A handler that computes lets no message arrive: it learns of the abort when it asks.
    Object.defineProperty(signal, 'aborted', { get: () => this.aborted });
    Object.defineProperty(signal, 'throwIfAborted', {
      value: () => {
        if (this.aborted) throw signal.reason;
      },
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get #fired(): boolean {
    return Reflect.get<AbortSignal, 'aborted'>(AbortSignal.prototype, 'aborted', this.signal);
  }

  get aborted(): boolean {
    if (this.#fired) return true;
    if (!this.#look()) return false;
    if (!this.#fired) this.abort(new CancelledError('The result is no longer wanted.'));
    return true;
  }

  abort(reason: MajordomoError): void {
    this.#controller.abort(reason);
  }
}

const REASONS: Partial<Record<ErrorCode, new (message: string) => MajordomoError>> = {
  CANCELLED: CancelledError,
  CLOSED: ClosedError,
  CONNECTION_LOST: ConnectionLostError,
  EXPIRED: ExpiredError,
};

/** The reason of an abort, as the main thread said it. */
export function reasonOf(code: ErrorCode, message: string): MajordomoError {
  const Reason = REASONS[code];
  return Reason ? new Reason(message) : new MajordomoError(code, message);
}
