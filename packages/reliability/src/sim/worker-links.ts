import {
  DEFAULT_LIMITS,
  dialectByName,
  NO_METADATA,
  PackedWire,
  packedWorker,
  type Body,
  type BrokerToWorker,
  type Frame,
  type MajordomoError,
  type PackedWireEvents,
  type PlainDialect,
  type Rejection,
  type Verdict,
  type WorkerRequest,
  type WorkerToBroker,
} from '@majordomo/protocol';
import type { JobId, SessionEffects } from '../../../worker/src/core/effects';
import type { PackedEffects } from '../../../worker/src/core/packed-effects';
import { PackedSession } from '../../../worker/src/core/packed-session';
import { WorkerSession } from '../../../worker/src/core/session';
import type { Connection, PeerEnd } from './network';
import { VirtualJob, type JobHost, type JobOwner } from './worker-jobs';

/** The times of a worker, in ms. */
export interface WorkerTimes {
  readonly heartbeatMs: number;
  readonly liveness: number;
  readonly connectTimeoutMs: number;
  readonly probeMs: number;
}

/** What a link needs of the process that it is of. */
export interface LinkHost extends JobHost {
  readonly service: string;
  readonly times: WorkerTimes;
  readonly asks: boolean;
  reconnectDelayMs(failures: number): number;
  connect(end: PeerEnd): Connection;
  hear(what: () => void): void;
  /** What was added is to leave at the end of the turn. */
  flushLater(link: { flush(): void }): void;
  started(number: number, held: number, credit: number): void;
}

export type PlainVerdict = Exclude<Verdict, 'packed'>;

/** Who looks after a packed link; see `PackedKeeper` of the real worker. */
export interface PackedKeeper {
  packedRegistered(): void;
  plainFound(verdict: PlainVerdict): void;
  packedClosed(): void;
}

const PLAIN_QUESTIONS = 3;

/** A virtual shell around the real {@link PackedSession}; see `PackedRunner` of the real worker. */
export class PackedLink implements PackedEffects<VirtualJob>, PackedWireEvents<BrokerToWorker>, JobOwner {
  readonly partials = true;
  readonly session: PackedSession<VirtualJob>;
  #wire: PackedWire<WorkerToBroker, BrokerToWorker>;
  #connection: Connection | undefined;
  #nth = 0;
  #creditMost: number;

  constructor(
    private readonly host: LinkHost,
    private readonly keeper: PackedKeeper,
  ) {
    const { service, times, asks } = host;
    const { heartbeatMs, liveness, connectTimeoutMs, probeMs } = times;
    this.#creditMost = host.places.count;
    this.session = new PackedSession(
      {
        service,
        credit: host.places.count,
        heartbeatMs,
        liveness,
        connectTimeoutMs,
        welcomeTimeoutMs: connectTimeoutMs + (asks ? PLAIN_QUESTIONS * probeMs : 0),
        reconnectDelayMs: (failures) => host.reconnectDelayMs(failures),
      },
      this,
    );
    this.#wire = this.#newWire();
  }

  get nextWakeAt(): number {
    return Math.min(this.session.nextWakeAt, this.#wire.nextWakeAt);
  }

  tick(): void {
    const now = this.host.clock();
    this.#wire.tick(now);
    this.session.tick(now);
  }

  #hear(nth: number, what: () => void): void {
    this.host.hear(() => {
      if (nth === this.#nth && this.#connection) what();
    });
  }

  openLink(): void {
    const nth = ++this.#nth;
    this.#connection = this.host.connect({
      opened: () => this.#hear(nth, () => this.session.linkOpened(this.host.clock())),
      message: (frames) => this.#hear(nth, () => this.#receive(frames)),
      closed: (reason) => this.#hear(nth, () => this.session.linkClosed(reason, this.host.clock())),
    });
  }

  #receive(frames: readonly Frame[]): void {
    if (this.#connection) this.#connection.toPeer.unread--;
    this.#wire.message(frames);
  }

  #newWire(): PackedWire<WorkerToBroker, BrokerToWorker> {
    const { asks, times } = this.host;
    const settings = { asks, probeMs: times.probeMs, limits: DEFAULT_LIMITS };
    return new PackedWire(
      packedWorker(),
      settings,
      () => this.host.clock(),
      this,
      (message) => this.#leave(message),
    );
  }

  found(verdict: Verdict): void {
    if (verdict === 'packed') return;
    this.session.standAside();
    this.keeper.plainFound(verdict);
  }

  received(commands: readonly BrokerToWorker[]): void {
    const now = this.host.clock();
    for (const command of commands) this.session.received(command, now);
  }

  refused({ reason }: Rejection): void {
    this.session.refused(reason, this.host.clock());
  }

  send(command: WorkerToBroker): void {
    if (command.kind === 'credit') this.#creditMost = Math.max(this.#creditMost, command.credit);
    if (command.kind === 'ready') this.#creditMost = command.credit;
    this.#wire.send(command);
    if (command.kind === 'ready') this.#wire.flush();
  }

  unflushed(): void {
    this.host.flushLater(this);
  }

  flush(): void {
    if (this.#connection) this.#wire.flush();
  }

  #leave(message: Frame[]): void {
    this.#connection?.send(message);
    this.session.flushed(this.host.clock());
  }

  closeLink({ flush }: { readonly flush: boolean }): void {
    if (flush) this.flush();
    this.#connection?.close(flush);
    this.#connection = undefined;
    this.#wire = this.#newWire();
  }

  makeJob(request: WorkerRequest & { readonly ref: number }, expiresAt: number): VirtualJob {
    return new VirtualJob(this.host, this, request.ref, request.body, expiresAt, request.window);
  }

  startJob(job: VirtualJob): void {
    this.host.started(job.number, this.session.held, this.#creditMost);
    job.start();
  }

  abortJob(job: VirtualJob, reason: MajordomoError): void {
    job.abort(reason);
  }

  windowOpened(job: VirtualJob): void {
    job.windowOpened();
  }

  partial(job: VirtualJob, body: Body): void {
    this.session.partial(job, body, NO_METADATA);
  }

  finish(job: VirtualJob, body: Body): void {
    this.session.finish(job, body, NO_METADATA);
  }

  fail(job: VirtualJob, code: string): void {
    this.session.fail(job, code, 'the handler failed', false);
  }

  registered(): void {
    this.keeper.packedRegistered();
  }

  lost(): void {
    // The session connects again by itself.
  }

  violated(): void {
    // Brokers of ours break no rules; what a cut connection leaves looks like none.
  }

  closed(): void {
    this.keeper.packedClosed();
  }
}

/** Who looks after plain links; see `PlainKeeper` of the real worker. */
export interface PlainKeeper {
  sessionLost(link: PlainLink): void;
  sessionClosed(link: PlainLink): void;
}

/** A virtual shell around the real {@link WorkerSession}; see `PlainRunner` of the real worker. */
export class PlainLink implements SessionEffects, JobOwner {
  readonly session: WorkerSession;
  readonly partials: boolean;
  heard = false;
  readonly #dialect: PlainDialect;
  #connection: Connection | undefined;
  #nth = 0;
  #job: VirtualJob | undefined;

  constructor(
    private readonly host: LinkHost,
    readonly name: 'mdp/0.1' | 'mdp/0.2',
    private readonly keeper: PlainKeeper,
  ) {
    const { service, times } = host;
    this.#dialect = dialectByName(name);
    this.partials = this.#dialect.partials;
    this.session = new WorkerSession(
      { service, ...times, reconnectDelayMs: (failures) => host.reconnectDelayMs(failures) },
      this,
    );
  }

  get stands(): boolean {
    return this.session.state === 'idle' || this.busy;
  }

  get busy(): boolean {
    return this.session.state === 'busy' || this.session.state === 'leaving';
  }

  get leaves(): boolean {
    return this.session.state === 'leaving' || this.session.state === 'closed';
  }

  #hear(nth: number, what: () => void): void {
    this.host.hear(() => {
      if (nth === this.#nth && this.#connection) what();
    });
  }

  openLink(): void {
    const nth = ++this.#nth;
    this.#connection = this.host.connect({
      opened: () => this.#hear(nth, () => this.session.linkOpened(this.host.clock())),
      message: (frames) => this.#hear(nth, () => this.#receive(frames)),
      closed: (reason) => this.#hear(nth, () => this.session.linkClosed(reason, this.host.clock())),
    });
  }

  #receive(frames: readonly Frame[]): void {
    if (this.#connection) this.#connection.toPeer.unread--;
    const decoded = this.#dialect.brokerToWorker.decode(frames, DEFAULT_LIMITS);
    if (!decoded.ok) return;
    const command: BrokerToWorker = decoded.command;
    if (command.kind !== 'disconnect') this.heard = true;
    this.session.received(command, this.host.clock());
  }

  send(command: WorkerToBroker): boolean {
    const frames = this.#dialect.workerToBroker.encode(command);
    if (frames) this.#connection?.send(frames);
    return true;
  }

  closeLink({ flush }: { readonly flush: boolean }): void {
    this.#connection?.close(flush);
    this.#connection = undefined;
  }

  startJob(id: JobId, body: Body): void {
    this.#job = new VirtualJob(this.host, this, id, body, Infinity, Infinity);
    this.host.started(this.#job.number, 1, 1);
    this.#job.start();
  }

  abortJob(id: JobId, reason: MajordomoError): void {
    if (this.#job?.ref === id) this.#job.abort(reason);
  }

  partial(job: VirtualJob, body: Body): void {
    this.session.partial(job.ref, body, this.host.clock());
  }

  finish(job: VirtualJob, body: Body): void {
    this.session.finish(job.ref, body, this.host.clock());
  }

  fail(job: VirtualJob): void {
    this.session.giveBack(job.ref, this.host.clock());
  }

  registered(): void {
    // Nobody asks.
  }

  lost(): void {
    this.keeper.sessionLost(this);
  }

  violated(): void {
    // Nor who broke what.
  }

  closed(): void {
    this.keeper.sessionClosed(this);
  }
}
