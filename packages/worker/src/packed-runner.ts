import {
  backoffMs,
  Metadata,
  NO_ALLOWANCE,
  opening,
  packedHalf,
  packedWorker,
  Probe,
  socketFrameBytesMax,
  type Body,
  type Frame,
  type MajordomoError,
  type PackedWorker,
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
export class PackedRunner implements PackedEffects<Job>, JobOwner {
  readonly broker: string;
  limits: ReplyLimits;
  readonly tellsFailures = true;
  readonly partials = true;
  readonly #shared: Shared;
  readonly #presence: BrokerPresence;
  readonly #keeper: PackedKeeper;
  readonly #session: PackedSession<Job>;
  readonly #link: SessionLink;
  /** Made anew with each link. */
  #codec: PackedWorker = packedWorker();
  /** Asks while nobody knows what the broker speaks. */
  #probe: Probe | undefined;
  /** True once a plain question was asked: its answer may still come when the broker has turned out packed. */
  #askedPlainly = false;
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
    this.#ask(now);
    this.#session.tick(now);
    this.#wake();
  }

  #wake(): void {
    const { alarm } = this.#shared;
    alarm.wakeBy(this.#session.nextWakeAt);
    if (this.#probe) alarm.wakeBy(this.#probe.nextWakeAt);
  }

  openLink(): void {
    this.#codec = packedWorker();
    this.#congested = false;
    this.#askedPlainly = false;
    this.#link.open();
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
    const verdict = this.#probe?.heard(frames);
    if (verdict !== undefined && verdict !== 'packed') {
      this.#standAside(verdict);
      return;
    }
    if (verdict === 'packed') this.#probe = undefined;
    if (this.#askedPlainly && !this.#probe && !packedHalf(frames)) return;
    const decoded = this.#codec.decode(frames, this.#shared.options.limits);
    const now = performance.now();
    if (decoded.ok) {
      const session = this.#session;
      for (const command of decoded.command) session.received(command, now);
    } else {
      reportRejection(this.#shared, this.broker, decoded.rejection);
      if (!this.#probe) this.#session.refused(decoded.rejection.reason, now);
    }
    this.#wake();
  }

  #standAside(verdict: PlainVerdict): void {
    this.#session.standAside();
    this.#keeper.plainFound(verdict);
  }

  #ask(now: number): void {
    const next = this.#probe?.tick(now);
    if (next === undefined) return;
    if (typeof next === 'string') {
      if (next !== 'packed') this.#standAside(next);
    } else {
      this.#askedPlainly = true;
      this.#link.send(next);
    }
  }

  send(command: WorkerToBroker): void {
    this.#codec.add(command);
    if (command.kind === 'ready') this.#greet();
    else if (this.#codec.full) this.#flush();
    else if (!this.#flushScheduled) this.#scheduleFlush();
  }

  #greet(): void {
    const message = this.#codec.take();
    const { probeMs, protocol } = this.#shared.options;
    if (protocol === 'auto') this.#probe = new Probe(message, probeMs, performance.now());
    this.#link.send(opening(message));
  }

  #scheduleFlush(): void {
    this.#flushScheduled = true;
    process.nextTick(this.#flushOnTick);
  }

  readonly #flushOnTick = (): void => {
    this.#flushScheduled = false;
    this.#flush();
  };

  #flush(): void {
    if (this.#codec.empty || !this.#link.isOpen) return;
    this.#congested = !this.#link.send(this.#codec.take());
    this.#session.flushed(performance.now());
  }

  closeLink(how: { readonly flush: boolean }): void {
    if (how.flush) this.#flush();
    this.#probe = undefined;
    this.#link.close(how);
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
