import type { Agenda } from './agenda';
import { backoff } from './backoff';
import type { Connect } from './client-process';
import type { WorkerPlan } from './plan';
import { Process } from './process';
import type { Random } from './random';
import type { Sight } from './watcher';
import { Places } from './worker-jobs';
import {
  PackedLink,
  PlainLink,
  type LinkHost,
  type PackedKeeper,
  type PlainKeeper,
  type PlainVerdict,
} from './worker-links';

const TIMES = { heartbeatMs: 250, liveness: 3, connectTimeoutMs: 300, probeMs: 120 } as const;

type PlainName = 'mdp/0.1' | 'mdp/0.2';

/** All sessions of a worker with one broker; see `BrokerSessions` of the real worker. */
class WithBroker implements PackedKeeper, PlainKeeper {
  readonly #packed: PackedLink | undefined;
  readonly #plain = new Set<PlainLink>();
  #dialect: PlainName | undefined;
  #guessed = false;
  #packedIsOver: boolean;
  #ending = false;
  #isOver = false;

  constructor(
    private readonly host: LinkHost,
    protocol: WorkerPlan['protocol'],
    private readonly over: () => void,
  ) {
    const pinned = protocol === 'mdp/0.1' || protocol === 'mdp/0.2' ? protocol : undefined;
    this.#packed = pinned ? undefined : new PackedLink(host, this);
    this.#packedIsOver = pinned !== undefined;
    this.#dialect = pinned;
  }

  start(): void {
    this.#packed?.session.start(this.host.clock());
    this.#fill();
  }

  get links(): readonly (PackedLink | PlainLink)[] {
    return this.#packed ? [this.#packed, ...this.#plain] : [...this.#plain];
  }

  get nextWakeAt(): number {
    let at = this.#packed?.nextWakeAt ?? Infinity;
    for (const { session } of this.#plain) at = Math.min(at, session.nextWakeAt);
    return at;
  }

  tick(): void {
    this.#packed?.tick();
    for (const { session } of [...this.#plain]) session.tick(this.host.clock());
  }

  leave(): void {
    this.#ending = true;
    this.#packed?.session.leave();
    for (const { session } of [...this.#plain]) session.leave(this.host.clock());
    this.#endWhenOver();
  }

  close(): void {
    this.#ending = true;
    this.#packed?.session.close();
    for (const { session } of [...this.#plain]) session.close(this.host.clock());
    this.#endWhenOver();
  }

  resized(): void {
    this.#packed?.session.setCredit(this.host.places.count);
    this.#fill();
    const staying = this.#staying().sort((left, right) => Number(left.busy) - Number(right.busy));
    for (const { session } of staying.slice(0, Math.max(0, staying.length - this.host.places.count))) {
      session.leave(this.host.clock());
    }
  }

  #staying(): PlainLink[] {
    return [...this.#plain].filter((link) => link.name === this.#dialect && !link.leaves);
  }

  #fill(): void {
    if (!this.#dialect || this.#ending) return;
    for (let have = this.#staying().length; have < this.host.places.count; have++) {
      const link = new PlainLink(this.host, this.#dialect, this);
      this.#plain.add(link);
      link.session.start(this.host.clock());
    }
  }

  plainFound(verdict: PlainVerdict): void {
    this.#guessed = verdict === 'silent';
    this.#dialect = verdict === 'silent' ? 'mdp/0.2' : verdict;
    this.#dismissOthers();
    this.#fill();
  }

  packedRegistered(): void {
    this.#dialect = undefined;
    this.#dismissOthers();
  }

  #dismissOthers(): void {
    for (const link of [...this.#plain])
      if (link.name !== this.#dialect) link.session.leave(this.host.clock());
  }

  packedClosed(): void {
    this.#packedIsOver = true;
    this.#endWhenOver();
  }

  sessionLost(link: PlainLink): void {
    if (!this.#packed || this.#ending || link.leaves) return;
    if (!this.#guessed && this.#staying().some(({ stands }) => stands)) return;
    for (const other of this.#staying()) if (!other.stands) other.session.close(this.host.clock());
    this.#packed.session.again(link.heard, this.host.clock());
  }

  sessionClosed(link: PlainLink): void {
    this.#plain.delete(link);
    this.#endWhenOver();
  }

  #endWhenOver(): void {
    if (!this.#ending || !this.#packedIsOver || this.#plain.size > 0 || this.#isOver) return;
    this.#isOver = true;
    this.over();
  }
}

/** How a worker's process runs in a world. */
export interface WorkerRun {
  readonly clockMs: number;
  readonly random: Random;
  readonly nextRun: () => number;
  /** The process ends by a handler of its own. */
  readonly crashed: () => void;
  readonly stumbles: (number: number) => boolean;
}

/** One run of one virtual worker, with real sessions to any number of brokers. */
export class WorkerProcess extends Process {
  readonly places: Places;
  readonly #brokers: WithBroker[];
  #unflushed: { flush(): void }[] = [];
  #over = 0;
  #drainedBy = false;

  constructor(
    agenda: Agenda,
    readonly plan: WorkerPlan,
    run: WorkerRun,
    connect: Connect,
    private readonly watcher: Sight,
    private readonly invariants: boolean,
  ) {
    super(agenda, plan.name, { clockMs: run.clockMs, turnMs: plan.turnMs, timersFirst: false });
    this.places = new Places(plan.concurrency);
    const delay = backoff(run.random);
    this.#brokers = plan.brokers.map((endpoint) => {
      const host: LinkHost = {
        service: plan.service,
        times: TIMES,
        asks: plan.protocol === 'auto',
        places: this.places,
        heedsAbort: plan.heedsAbort,
        clock: () => this.now,
        after: (ms, what) => this.after(ms, what),
        nextRun: run.nextRun,
        crash: run.crashed,
        stumbles: run.stumbles,
        reconnectDelayMs: delay,
        connect: (end) => connect(this.name, endpoint, end),
        hear: (what) => this.input(what),
        flushLater: (link) => this.#unflushed.push(link),
        started: (number, held, credit) => this.watcher.jobStarted(this.name, number, held, credit),
      };
      return new WithBroker(host, plan.protocol, () => this.#brokerOver());
    });
    this.act(() => {
      for (const broker of this.#brokers) broker.start();
    });
  }

  /** True once it has left all its brokers. */
  get left(): boolean {
    return this.#over >= this.#brokers.length;
  }

  /** Requests in the hands of its sessions. */
  get held(): number {
    let held = 0;
    for (const { links } of this.#brokers) {
      for (const link of links) held += link instanceof PackedLink ? link.session.held : Number(link.busy);
    }
    return held;
  }

  #brokerOver(): void {
    this.#over++;
  }

  resize(concurrency: number): void {
    this.act(() => {
      this.places.count = concurrency;
      this.places.admit();
      for (const broker of this.#brokers) broker.resized();
    });
  }

  /** Takes no more, finishes what it has, and leaves; closes once the time is up. */
  drain(timeoutMs: number): void {
    if (this.#drainedBy) return;
    this.#drainedBy = true;
    this.act(() => {
      for (const broker of this.#brokers) broker.leave();
      this.after(timeoutMs, () => {
        for (const broker of this.#brokers) broker.close();
      });
    });
  }

  protected override alarm(): void {
    for (const broker of this.#brokers) broker.tick();
  }

  protected override endTurn(): void {
    const unflushed = this.#unflushed;
    this.#unflushed = [];
    for (const link of unflushed) link.flush();
    if (this.dead) return;
    if (this.invariants && this.everySoOften()) {
      for (const { links } of this.#brokers) for (const { session } of links) session.checkInvariants();
    }
    let at = Infinity;
    for (const broker of this.#brokers) at = Math.min(at, broker.nextWakeAt);
    this.wakeBy(at);
  }

  /** Killed: nothing is said to anybody. */
  kill(): void {
    this.die();
  }
}
