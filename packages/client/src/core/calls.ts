import type { Body, ErrorCode, MajordomoError, Metadata } from '@majordomo/protocol';
import type { Call } from './call';
import { Deadlines } from './deadlines';
import { Queue } from './queue';

/** The calls that have no outcome yet: how many there are, which of them wait, and when their time is up. */
export class Calls {
  /** Those that wait for a connection, in order. */
  readonly waiting = new Queue<Call>();
  readonly deadlines = new Deadlines<Call>();
  #pending = 0;

  /** @param ended - told of each call that ends: with its reply, or with an error of that code */
  constructor(private readonly ended?: (call: Call, outcome: 'replied' | ErrorCode) => void) {}

  get pending(): number {
    return this.#pending;
  }

  /** One more is to come to an outcome. */
  begin(): void {
    this.#pending++;
  }

  /** It waits behind all others. */
  wait(call: Call): void {
    this.deadlines.set(call, call.expiresAt);
    this.waiting.push(call);
  }

  /** It was sent, and waits in front of all others to be sent once more. What had come of its reply is forgotten. */
  waitAgain(call: Call): void {
    call.queue?.remove(call);
    call.state = 'waiting';
    call.link = undefined;
    call.partials = undefined;
    this.deadlines.set(call, call.expiresAt);
    this.waiting.unshift(call);
  }

  /** It ends with its reply. */
  reply(call: Call, body: Body, metadata: Metadata): void {
    this.#settle(call);
    this.ended?.(call, 'replied');
    call.caller.replied(body, metadata);
  }

  /** It ends without a reply. */
  fail(call: Call, error: MajordomoError): void {
    this.#settle(call);
    this.ended?.(call, error.code);
    call.caller.failed(error);
  }

  #settle(call: Call): void {
    call.state = 'settled';
    call.link = undefined;
    call.queue?.remove(call);
    this.deadlines.remove(call);
    this.#pending--;
  }
}
