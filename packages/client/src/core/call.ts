import type { Body, MajordomoError, Metadata } from '@majordomo/protocol';
import type { Lane, Timed } from './deadlines';
import type { PackedLink } from './packed-link';
import type { PlainLink } from './plain-link';
import type { BrokerState } from './brokers';
import type { Partials } from './partials';
import type { Queue, Queued } from './queue';

/** Who made a call. Nothing here calls back into the core before it returns. */
export interface Caller {
  /** A PARTIAL of a stream; false where its reader is behind, until `ClientCore.resume`. */
  partial(body: Body, metadata: Metadata): boolean;
  /** The end: its reply. */
  replied(body: Body, metadata: Metadata): void;
  /** The end: it has no reply. */
  failed(error: MajordomoError): void;
}

/** What the caller wants beside service and body, validated; times in ms. Calls may share one. */
export interface CallTerms {
  /**
   * How long it may take. With `stream`, how long the next message may take; the time that the reader
   * lets pass does not count.
   */
  readonly timeoutMs: number;
  /** How often it may be sent again: when no reply came in its share of the time, or a packed session ended. */
  readonly retries: number;
  /** False where it must not be sent twice. */
  readonly idempotent: boolean;
  /** True where PARTIALs are handed on as they come; else they are gathered into the one reply. */
  readonly stream: boolean;
  /** 0–9, the higher first; packed only. */
  readonly priority: number;
  /** To be refused at once where no worker is registered; packed only. */
  readonly failFast: boolean;
  /** Packed only. */
  readonly metadata: Metadata;
}

/**
 * One call from `submit` to its one outcome.
 *
 * - `waiting`: for a connection. → `sent` when one can take it; → `settled` when its time is up or it is aborted.
 * - `sent`: on a plain socket of its own, or on a packed session with an id. → `settled` by the reply or failure;
 *   → `waiting` when the connection broke, a plain one left it without reply in its share of the time, or its
 *   broker is draining, and it may be sent again.
 * - `settled`: the caller knows its outcome.
 */
export class Call implements Timed<Call>, Queued<Call> {
  state: 'waiting' | 'sent' | 'settled' = 'waiting';
  /** Its number in the session that it was sent on; 0 elsewhere. A new one for each time that it is sent. */
  id = 0;
  link: PlainLink | PackedLink | undefined = undefined;
  /** When the caller's patience ends, in ms; `Infinity` while a stream's reader pauses it. */
  expiresAt: number;
  dueAt = Infinity;
  slot = -1;
  lane: Lane<Call> | undefined = undefined;
  sooner: Call | undefined = undefined;
  later: Call | undefined = undefined;
  queue: Queue<Call> | undefined = undefined;
  ahead: Call | undefined = undefined;
  behind: Call | undefined = undefined;
  /** How often it has been sent. */
  sends = 0;
  retriesLeft: number;
  /** How often a broker that was draining refused it though it may be done once only. */
  refusals = 0;
  /** Connections that broke while it was under way; plain ones that broke together count as one. */
  losses = 0;
  /** The broker that last did not answer it: others are tried first. */
  avoid: BrokerState | undefined = undefined;
  /** What came of its reply before the FINAL. */
  partials: Partials | undefined = undefined;

  /** @param startedAt - when it was made, in ms */
  constructor(
    readonly service: string,
    readonly body: Body,
    readonly terms: CallTerms,
    readonly caller: Caller,
    readonly startedAt: number,
  ) {
    this.expiresAt = startedAt + terms.timeoutMs;
    this.retriesLeft = terms.idempotent ? terms.retries : 0;
  }

  /** True once nobody waits for its reply any more, though its end may not be known yet. */
  isOver(now: number): boolean {
    return this.expiresAt <= now;
  }

  /** True once a PARTIAL has reached the caller: sending it again would repeat what was read. */
  get delivered(): boolean {
    return this.terms.stream && this.partials !== undefined;
  }
}
