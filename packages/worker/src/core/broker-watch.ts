/** When a broker counts as lost. */
export interface BrokerWatchOptions {
  /** The interval at which both sides agreed to send heartbeats, in ms. */
  readonly heartbeatMs: number;
  /** After how many intervals of silence the broker is lost (RFC 7 and 18: "usually 3-5"). */
  readonly liveness: number;
}

/**
 * Judges by its silence whether a broker is still there (RFC 7 and 18, "Heartbeating").
 *
 * Brokers modelled on the zguide send heartbeats to idle workers only, so silence during a job means
 * nothing, unless this broker was heard a full heartbeat interval or more after it dispatched a request:
 * then it heartbeats busy workers too, and from there on its silence counts during jobs as well.
 */
export class BrokerWatch {
  readonly #options: BrokerWatchOptions;
  #silentSince = 0;
  #dispatchedAt: number | undefined;
  #heartbeatsBusyWorkers = false;

  constructor(options: BrokerWatchOptions) {
    this.#options = options;
  }

  /** A new conversation: what was learnt about the broker before may no longer hold. */
  begin(now: number): void {
    this.#silentSince = now;
    this.#dispatchedAt = undefined;
    this.#heartbeatsBusyWorkers = false;
  }

  /** Any command but DISCONNECT arrived. */
  heard(now: number): void {
    this.#silentSince = now;
    if (this.#dispatchedAt === undefined) return;
    if (now - this.#dispatchedAt >= this.#options.heartbeatMs) this.#heartbeatsBusyWorkers = true;
  }

  /** The command that arrived was a request. */
  jobStarted(now: number): void {
    this.#dispatchedAt = now;
  }

  /** The request was answered: from now on the broker owes heartbeats again. */
  jobEnded(now: number): void {
    this.#dispatchedAt = undefined;
    this.#silentSince = now;
  }

  /** When the broker is lost if it stays silent, in ms; `Infinity` while its silence means nothing. */
  get lostAt(): number {
    if (this.#dispatchedAt !== undefined && !this.#heartbeatsBusyWorkers) return Infinity;
    return this.#silentSince + this.#options.heartbeatMs * this.#options.liveness;
  }
}
