import type { Frame, MajordomoError } from '@majordomo/protocol';
import type { Timed } from './deadlines';
import type { Queue, Queued } from './queue';

/** How a call ends: with the frames of its reply, or with an error of ours. */
export type Outcome =
  | { readonly ok: true; readonly body: readonly Frame[] }
  | { readonly ok: false; readonly error: MajordomoError };

/** What the caller wants, validated; times in ms. */
export interface CallRequest {
  readonly service: string;
  readonly body: readonly Frame[];
  /**
   * How long it may take. With `stream`, how long the next message may take; the time that the reader
   * lets pass does not count.
   */
  readonly timeoutMs: number;
  /** How often it may be sent again when no reply came in its share of the time. */
  readonly retries: number;
  /** False where it must not be sent twice. */
  readonly idempotent: boolean;
  /** True where PARTIALs are handed on as they come; else they are gathered into the one reply. */
  readonly stream: boolean;
}

/**
 * One call from `submit` to its one outcome.
 *
 * - `waiting`: for a socket. → `sent` when one is free; → `settled` when its time is up or it is aborted.
 * - `sent`: a socket is its own until the reply. → `settled` by that; → `waiting` when no reply came in its
 *   share of the time, or the connection broke, and it may be sent again.
 * - `settled`: the caller knows its outcome.
 */
export class Call implements Timed, CallRequest, Queued<Call> {
  readonly service: string;
  readonly body: readonly Frame[];
  readonly timeoutMs: number;
  readonly retries: number;
  readonly idempotent: boolean;
  readonly stream: boolean;
  state: 'waiting' | 'sent' | 'settled' = 'waiting';
  dueAt = Infinity;
  slot = -1;
  queue: Queue<Call> | undefined = undefined;
  ahead: Call | undefined = undefined;
  behind: Call | undefined = undefined;
  /** When the caller's patience ends; `Infinity` while a stream's reader pauses it. */
  expiresAt: number;
  /** How often it has been sent. */
  sends = 0;
  retriesLeft: number;
  /** Connections that broke while it was under way. */
  losses = 0;
  /** The socket that is its own while it is `sent`. */
  link: Link | undefined = undefined;
  /** The broker that last did not answer it: others are tried first. */
  avoid: BrokerState | undefined = undefined;
  /** True once a PARTIAL has reached the caller: sending it again would repeat what was read. */
  delivered = false;
  paused = false;
  /** PARTIALs of a call that is not a stream. */
  gathered: Frame[] = [];
  gatheredBytes = 0;

  constructor(
    readonly id: number,
    request: CallRequest,
    readonly submittedAt: number,
  ) {
    this.service = request.service;
    this.body = request.body;
    this.timeoutMs = request.timeoutMs;
    this.retries = request.retries;
    this.idempotent = request.idempotent;
    this.stream = request.stream;
    this.expiresAt = submittedAt + request.timeoutMs;
    this.retriesLeft = request.idempotent ? request.retries : 0;
  }
}

/** A broker as this client sees it. */
export interface BrokerState {
  readonly endpoint: string;
  /** Outages, one after another, since it last answered. */
  failures: number;
  /** No new connection is tried before this time. */
  downUntil: number;
  /** Others are preferred until this time, because it left a call without reply. */
  suspectUntil: number;
  /** True from its first open connection until it loses the last one, or cannot make another. */
  connected: boolean;
  links: number;
  lastFailure: string;
}

/**
 * One socket to one broker.
 *
 * - `opening` → `idle` when the connection stands; → `closed` when it cannot be made.
 * - `idle` → `busy` when a call is sent; → `closed` when it has been idle for long, or the connection breaks.
 * - `busy` → `idle` on the final reply; → `closed` when the call is given up, for a late reply on a socket
 *   that is used again would be taken for the next call's: plain MDP has no request id.
 */
export interface Link extends Queued<Link> {
  readonly id: number;
  readonly broker: BrokerState;
  state: 'opening' | 'idle' | 'busy' | 'closed';
  call: Call | undefined;
  /** Since when it is opening or idle. */
  since: number;
}
