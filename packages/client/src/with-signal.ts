import type { Body, MajordomoError, Metadata } from '@majordomo/protocol';
import type { Caller } from './core/call';

/** A caller whose signal is listened to until its call has ended. */
export class WithSignal implements Caller {
  /** Ends the listening. */
  unlisten: () => void = () => undefined;

  constructor(private readonly caller: Caller) {}

  partial(body: Body, metadata: Metadata): boolean {
    return this.caller.partial(body, metadata);
  }

  replied(body: Body, metadata: Metadata): void {
    this.unlisten();
    this.caller.replied(body, metadata);
  }

  failed(error: MajordomoError): void {
    this.unlisten();
    this.caller.failed(error);
  }
}
