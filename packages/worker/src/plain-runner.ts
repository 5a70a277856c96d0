import {
  backoffMs,
  dialectByName,
  ENVELOPE,
  NO_METADATA,
  PRIORITY_DEFAULT,
  type Body,
  type DialectName,
  type Frame,
  type MajordomoError,
  type PlainDialect,
  type WorkerToBroker,
} from '@majordomo/protocol';
import type { BrokerPresence } from './broker-presence';
import type { JobId, SessionEffects } from './core/effects';
import { WorkerSession } from './core/session';
import { IncomingRequest } from './handler';
import { Job, type JobOwner } from './job';
import { reportRejection } from './rejections';
import { ReplyLimits } from './reply-limits';
import { SessionLink } from './session-link';
import type { Shared } from './shared';

/** The names of the plain dialects. */
export type PlainName = Exclude<DialectName, 'packed'>;

/** Who looks after a plain session. */
export interface PlainKeeper {
  /** It has no connection, for a reason of the broker's or the network's, and waits before it tries again. */
  sessionLost(session: PlainRunner): void;
  /** It is over. */
  sessionClosed(session: PlainRunner): void;
}

/** Runs one {@link WorkerSession} for real: on dealer links, on the clock, with the worker's handler. */
export class PlainRunner implements SessionEffects, JobOwner {
  readonly broker: string;
  readonly limits: ReplyLimits;
  readonly tellsFailures = false;
  readonly partials: boolean;
  /** True once the broker said anything but DISCONNECT. */
  heard = false;
  readonly #shared: Shared;
  readonly #presence: BrokerPresence;
  readonly #keeper: PlainKeeper;
  readonly #dialect: PlainDialect;
  readonly #session: WorkerSession;
  readonly #link: SessionLink;
  #job: Job | undefined;

  constructor(shared: Shared, presence: BrokerPresence, name: PlainName, keeper: PlainKeeper) {
    const { heartbeatMs, liveness, connectTimeoutMs, reconnectMinMs, reconnectMaxMs, limits } =
      shared.options;
    const backoff = { minMs: reconnectMinMs, maxMs: reconnectMaxMs };
    this.broker = presence.broker;
    this.limits = new ReplyLimits(limits, ENVELOPE);
    this.#shared = shared;
    this.#presence = presence;
    this.#keeper = keeper;
    this.#dialect = dialectByName(name);
    this.partials = this.#dialect.partials;
    this.#session = new WorkerSession(
      {
        service: shared.service,
        heartbeatMs,
        liveness,
        connectTimeoutMs,
        reconnectDelayMs: (failures) => backoffMs(failures, backoff, Math.random()),
      },
      this,
    );
    this.#link = new SessionLink(shared, presence.broker, limits.frameBytesMax, {
      opened: () => this.#tell((session, now) => session.linkOpened(now)),
      message: (frames) => this.#receive(frames),
      closed: (reason) => this.#tell((session, now) => session.linkClosed(reason, now)),
    });
  }

  /** What it speaks. */
  get dialect(): DialectName {
    return this.#dialect.name;
  }

  /** True while it is registered with its broker. */
  get stands(): boolean {
    return this.#session.state === 'idle' || this.busy;
  }

  /** True while a request is in hand. */
  get busy(): boolean {
    return this.#session.state === 'busy' || this.#session.state === 'leaving';
  }

  /** True where it takes no more requests. */
  get leaves(): boolean {
    return this.#session.state === 'leaving' || this.#session.state === 'closed';
  }

  /** Connects, and keeps the session going until it leaves or is closed. */
  start(): void {
    this.#tell((session, now) => session.start(now));
  }

  /** See {@link WorkerSession.leave}. */
  leave(): void {
    this.#tell((session, now) => session.leave(now));
  }

  /** See {@link WorkerSession.close}. */
  close(): void {
    this.#tell((session, now) => session.close(now));
  }

  /** The alarm rang, for this session or another. */
  tick(): void {
    this.#tell((session, now) => session.tick(now));
  }

  #tell<Result>(input: (session: WorkerSession, now: number) => Result): Result {
    const result = input(this.#session, performance.now());
    this.#shared.alarm.wakeBy(this.#session.nextWakeAt);
    return result;
  }

  openLink(): void {
    this.#link.open();
  }

  #receive(frames: readonly Frame[]): void {
    const decoded = this.#dialect.brokerToWorker.decode(frames, this.#shared.options.limits);
    if (!decoded.ok) {
      reportRejection(this.#shared, this.broker, decoded.rejection);
      return;
    }
    const { command } = decoded;
    if (command.kind !== 'disconnect') this.heard = true;
    this.#tell((session, now) => session.received(command, now));
  }

  send(command: WorkerToBroker): boolean {
    const frames = this.#dialect.workerToBroker.encode(command);
    return frames === undefined || this.#link.send(frames);
  }

  closeLink(how: { readonly flush: boolean }): void {
    this.#link.close(how);
  }

  startJob(id: JobId, body: Body): void {
    const { service } = this.#shared;
    const request = new IncomingRequest(service, body, PRIORITY_DEFAULT, 0, NO_METADATA);
    this.#job = new Job(this.#shared, this, id, request, Infinity, Infinity);
    this.#job.start();
  }

  partial(job: Job, body: Body): Promise<void> | undefined {
    const hasRoom = this.#tell((session, now) => session.partial(job.ref, body, now));
    return hasRoom ? undefined : this.#link.writable();
  }

  finish(job: Job, body: Body): boolean {
    return this.#tell((session, now) => session.finish(job.ref, body, now));
  }

  fail(job: Job): void {
    this.#tell((session, now) => session.giveBack(job.ref, now));
  }

  abortJob(id: JobId, reason: MajordomoError): void {
    if (this.#job?.ref === id) this.#job.abort(reason);
  }

  registered(): void {
    this.#presence.arrived(this);
  }

  lost(reason: string): void {
    this.#presence.lost(this, reason);
    this.#keeper.sessionLost(this);
  }

  violated(detail: string): void {
    reportRejection(this.#shared, this.broker, { reason: 'unexpected_request', detail });
  }

  closed(): void {
    this.#presence.left(this);
    this.#keeper.sessionClosed(this);
  }
}
