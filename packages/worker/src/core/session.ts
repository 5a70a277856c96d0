import {
  ClosedError,
  ConnectionLostError,
  DISCONNECT,
  HEARTBEAT,
  NO_METADATA,
  REVISION,
  StateError,
  type Body,
  type BrokerToWorker,
  type Ref,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { BrokerWatch, type BrokerWatchOptions } from './broker-watch';
import type { JobId, SessionEffects } from './effects';

/** See {@link WorkerSession} for what each state means. */
export type SessionState = 'disconnected' | 'connecting' | 'idle' | 'busy' | 'leaving' | 'closed';

/** What a session is told once. */
export interface SessionOptions extends BrokerWatchOptions {
  /** The service to register. */
  readonly service: string;
  /** How long one try to connect may take, handshake included, in ms. */
  readonly connectTimeoutMs: number;
  /** How long to wait before the next try after so many failures in a row (1 or more), in ms; jitter is in it. */
  readonly reconnectDelayMs: (failures: number) => number;
}

/** One request in hand. */
interface Job {
  readonly id: JobId;
  /** What the broker wants back on every reply: the client-address frame. */
  readonly ref: Ref;
}

const MOVES: Readonly<Record<SessionState, readonly SessionState[]>> = {
  disconnected: ['connecting', 'closed'],
  connecting: ['idle', 'disconnected', 'closed'],
  idle: ['busy', 'disconnected', 'closed'],
  busy: ['idle', 'leaving', 'disconnected', 'closed'],
  leaving: ['closed'],
  closed: [],
};

/**
 * One plain worker in the sense of RFC 7 and 18: one service, one broker, one request at a time, one socket
 * after another. It has no clock, no timer and no socket: it is told what happens and when (`now`, ms on
 * any clock that does not go back), acts through {@link SessionEffects}, and asks for `tick` at
 * {@link nextWakeAt}.
 *
 * - `disconnected`: no link. Before `start`, or waiting out the backoff.
 *   `start` or the end of the backoff → connecting.
 * - `connecting`: a link is being made. It opens: READY is sent → idle. It fails, or takes longer than
 *   `connectTimeoutMs` → disconnected.
 * - `idle`: registered, nothing in hand. REQUEST → busy.
 * - `busy`: one request is with the handler; heartbeats go on. `finish` → idle. `giveBack`: DISCONNECT
 *   without a reply, so that the broker tries another worker → disconnected. `leave` → leaving.
 * - `leaving`: as busy, but the last request. `finish` or `giveBack`, then DISCONNECT → closed; the
 *   broker lost → closed.
 * - `closed`: the end. `leave` gets here at once from every state but busy, `close` from every state.
 *
 * Idle and busy sessions lose the broker (→ disconnected, the job aborted, a new link after a backoff) when
 * it says DISCONNECT, when the connection closes, when it is silent for too long ({@link BrokerWatch}), and
 * when it sends a second REQUEST before the reply to the first. That is a violation of "at most one request
 * a time", but dropping the request would lose it, and only a worker that leaves gets it redispatched.
 *
 * READY is sent when the link opens, not into its queue before that: `idle` then means that a connection
 * stands, and silence is counted from a moment at which the broker could really have heard of us.
 */
export class WorkerSession {
  readonly #options: SessionOptions;
  readonly #effects: SessionEffects;
  readonly #watch: BrokerWatch;
  #state: SessionState = 'disconnected';
  #job: Job | undefined;
  #jobsStarted = 0;
  /** Losses in a row, reset by the first command heard after READY: a broker that only accepts proves nothing. */
  #losses = 0;
  /** When to connect again, while disconnected. */
  #connectAt = Infinity;
  /** When a try to connect has taken too long. */
  #connectedBy = Infinity;
  /** When the broker is owed a heartbeat, unless something else is sent before. */
  #heartbeatAt = Infinity;

  constructor(options: SessionOptions, effects: SessionEffects) {
    this.#options = options;
    this.#effects = effects;
    this.#watch = new BrokerWatch(options);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** When `tick` has something to do, in ms; `Infinity` where only an input can change anything. */
  get nextWakeAt(): number {
    switch (this.#state) {
      case 'disconnected':
        return this.#connectAt;
      case 'connecting':
        return this.#connectedBy;
      case 'idle':
      case 'busy':
      case 'leaving':
        return Math.min(this.#heartbeatAt, this.#watch.lostAt);
      case 'closed':
        return Infinity;
    }
  }

  /** The one place where the state changes; what must hold in each state is asserted here. */
  #move(to: SessionState): void {
    if (!MOVES[this.#state].includes(to)) {
      throw new StateError(`A worker session cannot go from ${this.#state} to ${to}.`);
    }
    const holdsJob = to === 'busy' || to === 'leaving';
    if (holdsJob !== (this.#job !== undefined)) {
      throw new StateError(`A worker session that is ${to} ${holdsJob ? 'needs' : 'cannot have'} a job.`);
    }
    this.#state = to;
  }

  /**
   * Holds its parts against each other, for tests and simulation.
   * @throws StateError where its job contradicts its state, or nothing would ever wake it
   */
  checkInvariants(): void {
    const holdsJob = this.#state === 'busy' || this.#state === 'leaving';
    if (holdsJob !== (this.#job !== undefined)) {
      throw new StateError(`A worker session that is ${this.#state} has ${holdsJob ? 'no' : 'a'} job.`);
    }
    const waits = this.#state !== 'closed' && (this.#state !== 'disconnected' || this.#losses > 0);
    if (waits && this.nextWakeAt === Infinity) {
      throw new StateError(`A worker session that is ${this.#state} waits for no time.`);
    }
  }

  get #isRegistered(): boolean {
    return this.#state === 'idle' || this.#state === 'busy' || this.#state === 'leaving';
  }

  /**
   * Connects for the first time.
   * @throws StateError where the session is connected or closed
   */
  start(now: number): void {
    this.#connect(now);
  }

  #connect(now: number): void {
    this.#move('connecting');
    this.#connectAt = Infinity;
    this.#connectedBy = now + this.#options.connectTimeoutMs;
    this.#effects.openLink();
  }

  /** The link of the last `openLink` stands. */
  linkOpened(now: number): void {
    if (this.#state !== 'connecting') return;
    this.#move('idle');
    this.#watch.begin(now);
    const { service, heartbeatMs } = this.#options;
    const unsaid = { revision: REVISION, capabilities: 0, metadata: NO_METADATA };
    this.#send({ kind: 'ready', service, credit: 1, heartbeatMs, ...unsaid }, now);
    this.#effects.registered();
  }

  /** The link of the last `openLink` could not be made, or is gone. */
  linkClosed(reason: string, now: number): void {
    if (this.#state === 'connecting' || this.#isRegistered) this.#lose(reason, now);
  }

  /** A command arrived on the link. */
  received(command: BrokerToWorker, now: number): void {
    if (!this.#isRegistered) return;
    if (command.kind === 'disconnect') {
      this.#lose('the broker said DISCONNECT', now);
      return;
    }
    this.#losses = 0;
    this.#watch.heard(now);
    if (command.kind === 'request') this.#take(command.ref, command.body, now);
  }

  #take(ref: Ref, body: Body, now: number): void {
    if (this.#job) {
      const detail = 'the broker sent a REQUEST before the reply to the one before';
      this.#send(DISCONNECT, now);
      this.#lose(detail, now, { flush: true, violation: true });
      return;
    }
    const job = { id: ++this.#jobsStarted, ref };
    this.#job = job;
    this.#move('busy');
    this.#watch.jobStarted(now);
    this.#effects.startJob(job.id, body);
  }

  /** Ends the conversation from the broker's side. Nothing more is sent: RFC 7 and 18 forbid it after DISCONNECT. */
  #lose(reason: string, now: number, { flush = false, violation = false } = {}): void {
    const job = this.#letGo();
    const last = this.#state === 'leaving';
    this.#move(last ? 'closed' : 'disconnected');
    this.#effects.closeLink({ flush });
    if (!last) this.#connectAt = now + this.#options.reconnectDelayMs(++this.#losses);
    if (job) {
      const error = new ConnectionLostError(`The broker of this request is lost: ${reason}.`);
      this.#effects.abortJob(job.id, error);
    }
    if (violation) this.#effects.violated(reason);
    // A handler may close its worker when its signal fires.
    if (last || this.#state !== 'closed') this.#effects.lost(reason);
    if (last) this.#effects.closed();
  }

  /**
   * Sends one of any number of replies before the last. False where the caller should pause before the next.
   * A partial of a job that is over is dropped.
   */
  partial(job: JobId, body: Body, now: number): boolean {
    if (this.#job?.id !== job) return true;
    return this.#send({ kind: 'partial', ref: this.#job.ref, body, metadata: NO_METADATA }, now);
  }

  /** Sends the last reply to a job. False where the job was given up before: the reply is dropped. */
  finish(job: JobId, body: Body, now: number): boolean {
    if (this.#job?.id !== job) return false;
    const { ref } = this.#job;
    this.#send({ kind: 'final', ref, body, metadata: NO_METADATA }, now);
    this.#letGo();
    if (this.#state === 'leaving') {
      this.#depart(now);
      return true;
    }
    this.#move('idle');
    this.#watch.jobEnded(now);
    return true;
  }

  /**
   * Leaves without a reply, so that the broker gives the request to another worker, and registers anew on a
   * new link, at once: the handler may be fine and the request bad, and a broker hands each out so many times
   * only. False where the job was given up before.
   */
  giveBack(job: JobId, now: number): boolean {
    if (this.#job?.id !== job) return false;
    this.#letGo();
    if (this.#state === 'leaving') {
      this.#depart(now);
      return true;
    }
    this.#send(DISCONNECT, now);
    this.#move('disconnected');
    this.#effects.closeLink({ flush: true });
    this.#connect(now);
    return true;
  }

  /** Takes no more requests, finishes the one in hand, says DISCONNECT and closes. */
  leave(now: number): void {
    if (this.#state === 'busy') this.#move('leaving');
    else if (this.#state !== 'leaving') this.close(now);
  }

  /** Closes at once: the job in hand is aborted, DISCONNECT said where READY was. */
  close(now: number): void {
    if (this.#state === 'closed') return;
    this.#depart(now, this.#letGo());
  }

  #depart(now: number, aborted?: Job): void {
    const flush = this.#isRegistered;
    if (flush) this.#send(DISCONNECT, now);
    this.#move('closed');
    this.#effects.closeLink({ flush });
    if (aborted) {
      const error = new ClosedError('The worker was closed before this request was done.');
      this.#effects.abortJob(aborted.id, error);
    }
    this.#effects.closed();
  }

  /** Does what time asks for. Harmless before {@link nextWakeAt}. */
  tick(now: number): void {
    switch (this.#state) {
      case 'disconnected':
        if (now >= this.#connectAt) this.#connect(now);
        return;
      case 'connecting':
        if (now >= this.#connectedBy) this.#lose('the connection was not made in time', now);
        return;
      case 'idle':
      case 'busy':
      case 'leaving':
        if (now >= this.#watch.lostAt) this.#lose('the broker is silent', now);
        else if (now >= this.#heartbeatAt) this.#send(HEARTBEAT, now);
        return;
      case 'closed':
        return;
    }
  }

  /** Every command counts as a heartbeat, so one is owed only after an interval without any. */
  #send(command: WorkerToBroker, now: number): boolean {
    this.#heartbeatAt = now + this.#options.heartbeatMs;
    return this.#effects.send(command);
  }

  #letGo(): Job | undefined {
    const job = this.#job;
    this.#job = undefined;
    return job;
  }
}
