import {
  CancelledError,
  ClosedError,
  ConnectionLostError,
  DISCONNECT,
  DRAINING,
  ExpiredError,
  HEARTBEAT,
  NO_METADATA,
  REVISION,
  StateError,
  type Body,
  type BrokerToWorker,
  type MajordomoError,
  type Metadata,
  type Ref,
  type Welcome,
  type WorkerRequest,
} from '@majordomo/protocol';
import { HeldJobs } from './held-jobs';
import type { HeldJob, PackedEffects, Violation } from './packed-effects';

/** See {@link PackedSession} for what each state means. */
export type PackedState =
  'disconnected' | 'connecting' | 'greeting' | 'aside' | 'serving' | 'draining' | 'leaving' | 'closed';

/** What a packed session is told once. */
export interface PackedSessionOptions {
  /** The service to register. */
  readonly service: string;
  /** Requests that it takes at once, to begin with. */
  readonly credit: number;
  /** The interval of heartbeats that READY states, in ms; that of WELCOME holds. */
  readonly heartbeatMs: number;
  /** What READY says of this worker beside that. Default: nothing. */
  readonly metadata?: Metadata;
  /** After how many intervals of silence the broker is lost. */
  readonly liveness: number;
  /** How long one try to connect may take, handshake included, in ms. */
  readonly connectTimeoutMs: number;
  /** How long the broker may take to say WELCOME on a connection that stands, in ms. */
  readonly welcomeTimeoutMs: number;
  /** How long to wait before the next try after so many failures in a row (1 or more), in ms; jitter is in it. */
  readonly reconnectDelayMs: (failures: number) => number;
}

const MOVES: Readonly<Record<PackedState, readonly PackedState[]>> = {
  disconnected: ['connecting', 'closed'],
  connecting: ['greeting', 'disconnected', 'closed'],
  greeting: ['serving', 'aside', 'disconnected', 'closed'],
  aside: ['disconnected', 'closed'],
  serving: ['draining', 'disconnected', 'closed'],
  draining: ['leaving', 'closed'],
  leaving: ['closed'],
  closed: [],
};

/**
 * A worker's session with one broker in the packed dialect: one service, one connection after another, any number of
 * requests in hand up to the credit. It has no clock, no timer and no socket: it is told what happens and when
 * (`now`, ms on any clock that does not go back), acts through {@link PackedEffects}, and asks for `tick` at
 * {@link nextWakeAt}.
 *
 * - `disconnected`: no link. Before `start`, or waiting out the backoff.
 *   `start` or the end of the backoff → connecting.
 * - `connecting`: a link is being made. It opens: READY is sent → greeting. It fails, or takes longer than
 *   `connectTimeoutMs` → disconnected.
 * - `greeting`: READY was sent. WELCOME → serving. None within `welcomeTimeoutMs` → disconnected. `standAside`: the
 *   broker speaks a plain dialect → aside.
 * - `aside`: no link; plain sessions do the work. `again` → disconnected.
 * - `serving`: requests come and go. `leave` says DRAINING → draining.
 * - `draining`: as serving, until the broker's own DRAINING: whatever it sent before has then arrived → leaving.
 * - `leaving`: no request comes any more. Once the last in hand is ended, DISCONNECT → closed.
 * - `closed`: the end. `leave` gets here at once from the first four states, `close` from every state.
 *
 * From greeting on, the broker is lost (→ disconnected, all jobs aborted, a new link after a backoff; from draining and
 * leaving → closed) when it says DISCONNECT, when the connection closes, when it is silent for too long, and when it
 * breaks the protocol: REQUEST beyond the credit, or with a reference that is in hand.
 */
export class PackedSession<Job extends HeldJob> {
  readonly #options: PackedSessionOptions;
  readonly #effects: PackedEffects<Job>;
  readonly #jobs = new HeldJobs<Job>();
  #state: PackedState = 'disconnected';
  /** Requests that it takes at once. */
  #credit: number;
  /** What the broker was told of that. */
  #creditTold = 0;
  /** The most that the broker was ever told on this link: when it has read a lower one is not known. */
  #creditMost = 0;
  /** Losses in a row, reset by WELCOME. */
  #losses = 0;
  /** When to connect again, while disconnected. */
  #connectAt = Infinity;
  /** When a try to connect, or the wait for WELCOME, has taken too long. */
  #patientUntil = Infinity;
  /** The interval that holds for both sides. */
  #heartbeatMs = Infinity;
  #heartbeatAt = Infinity;
  #heardAt = 0;
  /** No job's time is up before. */
  #expiryAt = Infinity;

  constructor(options: PackedSessionOptions, effects: PackedEffects<Job>) {
    this.#options = options;
    this.#effects = effects;
    this.#credit = options.credit;
  }

  get state(): PackedState {
    return this.#state;
  }

  /** Requests in hand. */
  get held(): number {
    return this.#jobs.size;
  }

  /** When `tick` has something to do, in ms; `Infinity` where only an input can change anything. */
  get nextWakeAt(): number {
    switch (this.#state) {
      case 'serving':
      case 'draining':
      case 'leaving':
        return Math.min(this.#heartbeatAt, this.#lostAt, this.#expiryAt);
      case 'disconnected':
        return this.#connectAt;
      case 'connecting':
      case 'greeting':
        return this.#patientUntil;
      case 'aside':
      case 'closed':
        return Infinity;
    }
  }

  get #lostAt(): number {
    return this.#heardAt + this.#heartbeatMs * this.#options.liveness;
  }

  get #isRegistered(): boolean {
    return this.#state === 'serving' || this.#state === 'draining' || this.#state === 'leaving';
  }

  /** The one place where the state changes; what must hold in each state is asserted here. */
  #move(to: PackedState): void {
    if (!MOVES[this.#state].includes(to)) {
      throw new StateError(`A packed session cannot go from ${this.#state} to ${to}.`);
    }
    if (this.#jobs.size > 0 && to !== 'draining' && to !== 'leaving') {
      throw new StateError(`A packed session that is ${to} cannot have jobs.`);
    }
    this.#state = to;
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
    this.#patientUntil = now + this.#options.connectTimeoutMs;
    this.#effects.openLink();
  }

  /** The link of the last `openLink` stands. */
  linkOpened(now: number): void {
    if (this.#state !== 'connecting') return;
    this.#move('greeting');
    this.#patientUntil = now + this.#options.welcomeTimeoutMs;
    this.#creditTold = this.#credit;
    this.#creditMost = this.#credit;
    const { service, heartbeatMs, metadata = NO_METADATA } = this.#options;
    this.#effects.send({
      kind: 'ready',
      service,
      credit: this.#credit,
      revision: REVISION,
      heartbeatMs,
      capabilities: 0,
      metadata,
    });
  }

  /** The link of the last `openLink` could not be made, or is gone. */
  linkClosed(reason: string, now: number): void {
    if (this.#state === 'connecting' || this.#state === 'greeting' || this.#isRegistered) {
      this.#lose(reason, now);
    }
  }

  /** The broker turned out to speak a plain dialect, or nothing at all: the link is closed, and nothing follows. */
  standAside(): void {
    if (this.#state !== 'greeting') return;
    this.#move('aside');
    this.#effects.closeLink({ flush: false });
  }

  /**
   * The plain sessions are lost: the broker is asked again, after a backoff.
   * @param heard - true where the broker was heard by one of them: then this is the first loss in a row
   */
  again(heard: boolean, now: number): void {
    if (this.#state !== 'aside') return;
    this.#move('disconnected');
    if (heard) this.#losses = 0;
    this.#connectAt = now + this.#options.reconnectDelayMs(++this.#losses);
  }

  /** A message came that was not understood: the session is over, and a new one begins. */
  refused(reason: string, now: number): void {
    if (this.#state !== 'greeting' && !this.#isRegistered) return;
    this.#lose(`a message of the broker was not understood: ${reason}`, now, true);
  }

  /** A command arrived on the link. */
  received(command: BrokerToWorker, now: number): void {
    if (this.#state === 'greeting') {
      this.#greeted(command, now);
      return;
    }
    if (!this.#isRegistered) return;
    this.#heardAt = now;
    switch (command.kind) {
      case 'request':
        this.#losses = 0;
        this.#take(command, now);
        return;
      case 'cancel': {
        const job = this.#find(command.ref);
        if (job) this.#effects.abortJob(job, new CancelledError('The request was cancelled.'));
        return;
      }
      case 'window': {
        const job = this.#find(command.ref);
        if (!job) return;
        job.window += command.more;
        this.#effects.windowOpened(job);
        return;
      }
      case 'draining':
        if (this.#state !== 'draining') return;
        this.#move('leaving');
        this.#departWhenDone();
        return;
      case 'disconnect':
        this.#lose('the broker said DISCONNECT', now);
        return;
      case 'welcome':
        this.#violate('unexpected_command', 'the broker said WELCOME twice', now);
        return;
      case 'heartbeat':
        this.#losses = 0;
        return;
    }
  }

  #greeted(command: BrokerToWorker, now: number): void {
    switch (command.kind) {
      case 'welcome':
        this.#welcomed(command, now);
        return;
      case 'disconnect':
        this.#lose('the broker said DISCONNECT', now);
        return;
      case 'request':
        this.#violate('unexpected_request', 'the broker sent a REQUEST before WELCOME', now);
        return;
      case 'cancel':
      case 'window':
      case 'draining':
      case 'heartbeat':
        return;
    }
  }

  #welcomed(welcome: Welcome, now: number): void {
    this.#move('serving');
    this.#heartbeatMs = welcome.heartbeatMs;
    this.#heartbeatAt = now + welcome.heartbeatMs;
    this.#heardAt = now;
    this.#tellCredit();
    this.#effects.registered(welcome);
  }

  #find(ref: Ref): Job | undefined {
    return typeof ref === 'number' ? this.#jobs.get(ref) : undefined;
  }

  #take(request: WorkerRequest, now: number): void {
    const { ref } = request;
    if (typeof ref !== 'number' || this.#jobs.get(ref)) {
      this.#violate('unexpected_request', `the broker used the reference ${ref} again`, now);
      return;
    }
    if (this.#jobs.size >= this.#creditMost || this.#state === 'leaving') {
      const detail =
        this.#state === 'leaving'
          ? 'the broker sent a REQUEST after DRAINING'
          : `the broker sent a REQUEST beyond the credit of ${this.#creditMost}`;
      this.#violate('unexpected_request', detail, now);
      return;
    }
    const expiresAt = request.remainingMs === 0 ? Infinity : now + request.remainingMs;
    const job = this.#effects.makeJob(request as WorkerRequest & { ref: number }, expiresAt);
    this.#jobs.add(job);
    if (expiresAt < this.#expiryAt) this.#expiryAt = expiresAt;
    this.#effects.startJob(job);
  }

  #violate(how: Violation, detail: string, now: number): void {
    this.#lose(detail, now, true, how);
  }

  /**
   * Ends the conversation. Jobs are over first, so that nothing more is sent for them.
   * @param farewell - true where the broker is there, and is told DISCONNECT
   */
  #lose(reason: string, now: number, farewell = false, violation?: Violation): void {
    const last = this.#state === 'draining' || this.#state === 'leaving';
    const jobs = this.#letGo();
    if (farewell) this.#effects.send(DISCONNECT);
    this.#move(last ? 'closed' : 'disconnected');
    this.#effects.closeLink({ flush: farewell });
    if (!last) this.#connectAt = now + this.#options.reconnectDelayMs(++this.#losses);
    this.#abortAll(jobs, new ConnectionLostError(`The broker of this request is lost: ${reason}.`));
    if (violation) this.#effects.violated(violation, reason);
    // A handler may close its worker when its signal fires.
    if (last || this.#state !== 'closed') this.#effects.lost(reason);
    if (last) this.#effects.closed();
  }

  #letGo(): Job[] {
    this.#expiryAt = Infinity;
    return this.#jobs.takeAll();
  }

  #abortAll(jobs: readonly Job[], reason: MajordomoError): void {
    for (const job of jobs) this.#effects.abortJob(job, reason);
  }

  /**
   * Sends one reply before the last, within the job's window. A partial of a job that is over is dropped.
   * @throws StateError where the window is used up
   */
  partial(job: Job, body: Body, metadata: Metadata): void {
    if (this.#jobs.get(job.ref) !== job) return;
    if (job.window <= 0) throw new StateError(`The window of request ${job.ref} is used up.`);
    job.window--;
    this.#effects.send({ kind: 'partial', ref: job.ref, body, metadata });
  }

  /** Sends the last reply to a job. False where the job was over before: the reply is dropped. */
  finish(job: Job, body: Body, metadata: Metadata): boolean {
    if (this.#jobs.get(job.ref) !== job) return false;
    this.#effects.send({ kind: 'final', ref: job.ref, body, metadata });
    this.#jobs.remove(job);
    this.#departWhenDone();
    return true;
  }

  /** Ends a job without a reply. False where the job was over before. */
  fail(job: Job, code: string, message: string, retryable: boolean): boolean {
    if (!this.#jobs.remove(job)) return false;
    this.#effects.send({ kind: 'failure', ref: job.ref, code, message, retryable });
    this.#departWhenDone();
    return true;
  }

  /** What was sent has left. Everything counts as a heartbeat, so one is owed only after an interval without any. */
  flushed(now: number): void {
    this.#heartbeatAt = now + this.#heartbeatMs;
  }

  /** Takes so many requests at once from now on. */
  setCredit(credit: number): void {
    this.#credit = credit;
    if (this.#state === 'serving') this.#tellCredit();
  }

  #tellCredit(): void {
    const credit = this.#credit;
    if (credit === this.#creditTold) return;
    this.#creditTold = credit;
    this.#creditMost = Math.max(this.#creditMost, credit);
    this.#effects.send({ kind: 'credit', credit });
  }

  /** Takes no more requests, finishes those in hand and those on their way, says DISCONNECT and closes. */
  leave(): void {
    if (this.#state === 'serving') {
      this.#move('draining');
      this.#effects.send(DRAINING);
    } else if (this.#state !== 'draining' && this.#state !== 'leaving') {
      this.close();
    }
  }

  #departWhenDone(): void {
    if (this.#state === 'leaving' && this.#jobs.size === 0) this.close();
  }

  /** Closes at once: the jobs in hand are aborted, DISCONNECT said where WELCOME was heard. */
  close(): void {
    if (this.#state === 'closed') return;
    const flush = this.#isRegistered;
    const jobs = this.#letGo();
    if (flush) this.#effects.send(DISCONNECT);
    this.#move('closed');
    this.#effects.closeLink({ flush });
    this.#abortAll(jobs, new ClosedError('The worker was closed before this request was done.'));
    this.#effects.closed();
  }

  /** Does what time asks for. Harmless before {@link nextWakeAt}. */
  tick(now: number): void {
    switch (this.#state) {
      case 'disconnected':
        if (now >= this.#connectAt) this.#connect(now);
        return;
      case 'connecting':
        if (now >= this.#patientUntil) this.#lose('the connection was not made in time', now);
        return;
      case 'greeting':
        if (now >= this.#patientUntil) {
          const { welcomeTimeoutMs } = this.#options;
          this.#lose(`no WELCOME within ${welcomeTimeoutMs} ms: the broker may not speak MDP/P1`, now);
        }
        return;
      case 'serving':
      case 'draining':
      case 'leaving':
        this.#beat(now);
        return;
      case 'aside':
      case 'closed':
        return;
    }
  }

  #beat(now: number): void {
    if (now >= this.#lostAt) {
      this.#lose('the broker is silent', now);
      return;
    }
    if (now >= this.#heartbeatAt) {
      this.#effects.send(HEARTBEAT);
      this.#heartbeatAt = now + this.#heartbeatMs;
    }
    if (now >= this.#expiryAt) this.#expire(now);
  }

  /** Looks through all jobs in hand: that happens seldom, and spares each request a place in an order. */
  #expire(now: number): void {
    const due: Job[] = [];
    this.#expiryAt = Infinity;
    for (const job of this.#jobs.all()) {
      if (job.expiresAt <= now) due.push(job);
      else if (job.expiresAt < this.#expiryAt) this.#expiryAt = job.expiresAt;
    }
    for (const job of due) job.expiresAt = Infinity;
    this.#abortAll(due, new ExpiredError('The time that the client allowed for this request is up.'));
  }
}
