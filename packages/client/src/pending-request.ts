import type { Body, MajordomoError, Metadata } from '@majordomo/protocol';
import type { Caller } from './core/call';
import { replyOf, type Reply } from './reply';

type Resolve = (reply: Reply) => void;
type Reject = (error: unknown) => void;

let lastResolve: Resolve;
let lastReject: Reject;

/** One function for all promises, for each would cost another. */
const expose = (resolve: Resolve, reject: Reject): void => {
  lastResolve = resolve;
  lastReject = reject;
};

/** A request whose promise is to be settled. */
export class PendingRequest implements Caller {
  readonly promise: Promise<Reply>;
  readonly #resolve: Resolve;
  readonly #reject: Reject;

  constructor() {
    this.promise = new Promise<Reply>(expose);
    this.#resolve = lastResolve;
    this.#reject = lastReject;
  }

  /** PARTIALs are gathered before they get here. */
  partial(): boolean {
    return true;
  }

  replied(body: Body, metadata: Metadata): void {
    this.#resolve(replyOf(body, metadata));
  }

  failed(error: MajordomoError): void {
    this.#reject(error);
  }

  /** The request was not taken. */
  refused(error: unknown): void {
    this.#reject(error);
  }
}
