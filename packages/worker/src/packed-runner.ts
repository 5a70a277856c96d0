import {
  backoffMs,
  Metadata,
  NO_ALLOWANCE,
  PackedWire,
  packedWorker,
  socketFrameBytesMax,
  type Body,
  type BrokerToWorker,
  type Frame,
  type MajordomoError,
  type PackedWireEvents,
  type Rejection,
  type Verdict,
  type Welcome,
  type WorkerRequest,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { makeProof } from '@majordomo/transport';
import type { BrokerPresence } from './broker-presence';
import type { PackedEffects, Violation } from './core/packed-effects';
import { PackedSession } from './core/packed-session';
import type { Failure } from './failures';
import { IncomingRequest } from './handler';
import { Job, type JobOwner } from './job';
import { reportRejection } from './rejections';
import { ReplyLimits } from './reply-limits';
import { SessionLink } from './session-link';
import type { Shared } from './shared';

/** What a broker that does not speak the packed dialect was found to speak. */
export type PlainVerdict = Exclude<Verdict, 'packed'>;

/** Who looks after a packed session. */
export interface PackedKeeper {
  /** The broker speaks the packed dialect after all that it may have been taken for. */
  packedRegistered(): void;
  /** The broker does not: the session stands aside until it is told {@link PackedRunner.again}. */
  plainFound(verdict: PlainVerdict): void;
  /** It is over. */
  packedClosed(): void;
}

/** The questions that a probe asks after its first. */
const PLAIN_QUESTIONS = 3;

/**
 * Runs one {@link PackedSession} for real: on dealer links, on the clock, with the worker's handler. Where the
 * protocol is `auto`, it asks each broker that does not answer READY what else it speaks.
 *
 * All that is sent in one turn of the loop leaves as one message at its end.
 */
export class PackedRunner implements PackedEffects<Job>, PackedWireEvents<BrokerToWorker>, JobOwner {
  readonly broker: string;
  limits: ReplyLimits;
  readonly tellsFailures = true;
  readonly partials = true;
  readonly #shared: Shared;
  readonly #presence: BrokerPresence;
  readonly #keeper: PackedKeeper;
  readonly #session: PackedSession<Job>;
  readonly #link: SessionLink;
  /** Of the link that stands, or of the next: each has one of its own. */
  #wire: PackedWire<WorkerToBroker, BrokerToWorker>;
  #flushScheduled = false;
  /** True where messages pile up in the link. */
  #congested = false;

  constructor(shared: Shared, presence: BrokerPresence, keeper: PackedKeeper) {
    const { options, slots, service, keys } = shared;
    const { heartbeatMs, liveness, connectTimeoutMs, probeMs, protocol } = options;
    const backoff = { minMs: options.reconnectMinMs, maxMs: options.reconnectMaxMs };
    this.broker = presence.broker;
    this.limits = new ReplyLimits(options.limits, NO_ALLOWANCE);
    this.#shared = shared;
    this.#presence = presence;
    this.#keeper = keeper;
    this.#session = new PackedSession(
      {
        service,
        credit: slots.count,
        heartbeatMs,
        metadata: Metadata.of({ limits: options.limits }),
        liveness,
        connectTimeoutMs,
        welcomeTimeoutMs: connectTimeoutMs + (protocol === 'auto' ? PLAIN_QUESTIONS * probeMs : 0),
        reconnectDelayMs: (failures) => backoffMs(failures, backoff, Math.random()),
        prove: keys && ((challenge) => makeProof('worker', keys, challenge)),
      },
      this,
    );
    this.#link = new SessionLink(shared, presence.broker, socketFrameBytesMax(options.limits), {
      opened: () => this.#opened(),
      message: (frames) => this.#receive(frames),
      closed: (reason) => this.#linkGone(reason),
    });
    this.#wire = this.#newWire();
  }

  /** Connects, and keeps the session going until it leaves or is closed. */
  start(): void {
    this.#session.start(performance.now());
    this.#wake();
  }

  /** See {@link PackedSession.again}. */
  again(heard: boolean): void {
    this.#session.again(heard, performance.now());
    this.#wake();
  }

  /** See {@link PackedSession.leave}. */
  leave(): void {
    this.#session.leave();
  }

  /** See {@link PackedSession.close}. */
  close(): void {
    this.#session.close();
  }

  /** See {@link PackedSession.setCredit}. */
  setCredit(credit: number): void {
    this.#session.setCredit(credit);
  }

  /** The alarm rang, for this session or another. */
  tick(): void {
    const now = performance.now();
    this.#wire.tick(now);
    this.#session.tick(now);
    this.#wake();
  }

  #wake(): void {
    const { alarm } = this.#shared;
    alarm.wakeBy(this.#session.nextWakeAt);
    alarm.wakeBy(this.#wire.nextWakeAt);
  }

  openLink(): void {
    this.#congested = false;
    this.#link.open();
  }

  #newWire(): PackedWire<WorkerToBroker, BrokerToWorker> {
    const { limits, probeMs, protocol } = this.#shared.options;
    const settings = { asks: protocol === 'auto', probeMs, limits };
    return new PackedWire(
      packedWorker(),
      settings,
      () => performance.now(),
      this,
      (message) => this.#leave(message),
    );
  }

  #opened(): void {
    this.#session.linkOpened(performance.now());
    this.#wake();
  }

  #linkGone(reason: string): void {
    this.#session.linkClosed(reason, performance.now());
    this.#wake();
  }

  #receive(frames: readonly Frame[]): void {
    this.#wire.message(frames);
    this.#wake();
  }

  found(verdict: Verdict): void {
    if (verdict === 'packed') return;
    this.#session.standAside();
    this.#keeper.plainFound(verdict);
  }

  received(commands: readonly BrokerToWorker[]): void {
    const session = this.#session;
    const now = performance.now();
    for (const command of commands) session.received(command, now);
  }

  refused(rejection: Rejection): void {
    this.ignored(rejection);
    this.#session.refused(rejection.reason, performance.now());
  }

  ignored(rejection: Rejection): void {
    reportRejection(this.#shared, this.broker, rejection);
  }

  send(command: WorkerToBroker): void {
    this.#wire.send(command);
    if (command.kind === 'ready') this.#wire.flush();
  }

  unflushed(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    process.nextTick(this.#flushOnTick);
  }

  readonly #flushOnTick = (): void => {
    this.#flushScheduled = false;
    if (this.#link.isOpen) this.#wire.flush();
  };

  #leave(message: Frame[]): void {
    this.#congested = !this.#link.send(message);
    this.#session.flushed(performance.now());
  }

  closeLink(how: { readonly flush: boolean }): void {
    if (how.flush) this.#wire.flush();
    this.#link.close(how);
    this.#wire = this.#newWire();
  }

  makeJob(request: WorkerRequest & { readonly ref: number }, expiresAt: number): Job {
    const { ref, body, window, priority, attempt, metadata } = request;
    const incoming = new IncomingRequest(this.#shared.service, body, priority, attempt, metadata);
    return new Job(this.#shared, this, ref, incoming, expiresAt, window);
  }

  startJob(job: Job): void {
    job.start();
  }

  partial(job: Job, body: Body, metadata: Metadata): Promise<void> | undefined {
    this.#session.partial(job, body, metadata);
    return this.#congested ? this.#link.writable() : undefined;
  }

  finish(job: Job, body: Body, metadata: Metadata): boolean {
    return this.#session.finish(job, body, metadata);
  }

  fail(job: Job, { code, message, retryable }: Failure): void {
    this.#session.fail(job, code, message, retryable);
  }

  abortJob(job: Job, reason: MajordomoError): void {
    job.abort(reason);
  }

  windowOpened(job: Job): void {
    job.windowOpened();
  }

  registered(welcome: Welcome): void {
    this.limits = ReplyLimits.packed(this.#shared.options.limits, welcome);
    this.#presence.arrived(this);
    this.#keeper.packedRegistered();
  }

  lost(reason: string): void {
    this.#presence.lost(this, reason);
  }

  violated(how: Violation, detail: string): void {
    reportRejection(this.#shared, this.broker, { reason: how, detail });
  }

  closed(): void {
    this.#presence.left(this);
    this.#keeper.packedClosed();
  }
}
