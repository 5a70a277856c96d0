import {
  DEFAULT_LIMITS,
  dialectByName,
  NO_METADATA,
  opening,
  packedHalf,
  packedWorker,
  Probe,
  type Body,
  type BrokerToWorker,
  type Frame,
  type MajordomoError,
  type PlainDialect,
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
export class PackedLink implements PackedEffects<VirtualJob>, JobOwner {
  readonly partials = true;
  readonly session: PackedSession<VirtualJob>;
  #codec = packedWorker();
  #connection: Connection | undefined;
  #probe: Probe | undefined;
  #askedPlainly = false;
  #nth = 0;
  #unflushed = false;
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
  }

  get nextWakeAt(): number {
    return Math.min(this.session.nextWakeAt, this.#probe?.nextWakeAt ?? Infinity);
  }

  tick(): void {
    const now = this.host.clock();
    const next = this.#probe?.tick(now);
    if (typeof next === 'string') {
      if (next !== 'packed') this.#standAside(next);
    } else if (next) {
      this.#askedPlainly = true;
      this.#connection?.send(next);
    }
    this.session.tick(now);
  }

  #hear(nth: number, what: () => void): void {
    this.host.hear(() => {
      if (nth === this.#nth && this.#connection) what();
    });
  }

  openLink(): void {
    const nth = ++this.#nth;
    this.#codec = packedWorker();
    this.#askedPlainly = false;
    this.#connection = this.host.connect({
      opened: () => this.#hear(nth, () => this.session.linkOpened(this.host.clock())),
      message: (frames) => this.#hear(nth, () => this.#receive(frames)),
      closed: (reason) => this.#hear(nth, () => this.session.linkClosed(reason, this.host.clock())),
    });
  }

  #receive(frames: readonly Frame[]): void {
    if (this.#connection) this.#connection.toPeer.unread--;
    const verdict = this.#probe?.heard(frames);
    if (verdict !== undefined && verdict !== 'packed') {
      this.#standAside(verdict);
      return;
    }
    if (verdict === 'packed') this.#probe = undefined;
    if (this.#askedPlainly && !this.#probe && !packedHalf(frames)) return;
    const decoded = this.#codec.decode(frames, DEFAULT_LIMITS);
    const now = this.host.clock();
    if (decoded.ok) {
      for (const command of decoded.command) this.session.received(command, now);
    } else if (!this.#probe) {
      this.session.refused(decoded.rejection.reason, now);
    }
  }

  #standAside(verdict: PlainVerdict): void {
    this.session.standAside();
    this.keeper.plainFound(verdict);
  }

  send(command: WorkerToBroker): void {
    this.#codec.add(command);
    if (command.kind === 'credit') this.#creditMost = Math.max(this.#creditMost, command.credit);
    if (command.kind === 'ready') this.#greet(command.credit);
    else if (this.#codec.full) this.flush();
    else if (!this.#unflushed) {
      this.#unflushed = true;
      this.host.flushLater(this);
    }
  }

  #greet(credit: number): void {
    this.#creditMost = credit;
    const message = this.#codec.take();
    if (this.host.asks) this.#probe = new Probe(message, this.host.times.probeMs, this.host.clock());
    this.#connection?.send(opening(message));
  }

  flush(): void {
    this.#unflushed = false;
    if (this.#codec.empty || !this.#connection) return;
    this.#connection.send(this.#codec.take());
    this.session.flushed(this.host.clock());
  }

  closeLink({ flush }: { readonly flush: boolean }): void {
    if (flush) this.flush();
    this.#probe = undefined;
    this.#connection?.close(flush);
    this.#connection = undefined;
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
