import { Agenda } from './agenda';
import { BrokerProcess } from './broker-process';
import { Checks } from './checks/checks';
import { Violation } from './checks/violation';
import { ClientProcess } from './client-process';
import { ForeignPackedClient, ForeignPlainClient, Noise } from './foreign-clients';
import type { ForeignPeer, ForeignWorld } from './foreign-peer';
import { ForeignPackedWorker, ForeignPlainWorker } from './foreign-workers';
import { Network, type Connection, type PeerEnd, type RouterEnd } from './network';
import type { BrokerPlan, ClientPlan, FaultPlan, ForeignPlan, Plan, WorkerPlan } from './plan';
import { PROBE_NUMBERS } from './planner';
import { Random } from './random';
import type { Watcher } from './watcher';
import { WorkerProcess } from './worker-process';

/** How long drained processes may take, in ms. */
const DRAIN_MS = 400;
/** How long the last calls may take, in ms. */
const PROBE_MS = 1_100;
/** How long processes may take to leave, sessions of plain clients to be forgotten, in ms. */
const LEAVE_MS = 1_300;
/** How often it is looked whether a process has come to its end, in ms. */
const RESTART_MS = 25;
/** How long what is left at the end of a world may take, in ms; and how often it is looked for. */
const WORK_MS = 15_000;
const WORK_STEP_MS = 100;

/** The place where a broker listens, whichever run of it does. */
interface BrokerPlace {
  readonly plan: BrokerPlan;
  readonly end: RouterEnd;
  run: BrokerProcess | undefined;
  runs: number;
}

/** A peer's place: its plan, and what runs now. */
interface PeerPlace<P, R> {
  readonly plan: P;
  run: R | undefined;
  runs: number;
}

/** How a world is run. */
export interface WorldOptions {
  /** True where cores are asked after every turn whether their tables fit together. */
  readonly invariants: boolean;
  /** Others that look on. */
  readonly watchers: readonly Watcher[];
}

/**
 * One world from its plan to its end: brokers, clients and workers as processes of their own, around real cores, on one
 * clock and one network. It runs on after the last fault until all should be well again, calls every service once
 * more, lets everybody leave, and looks at what is left.
 */
export class World {
  readonly agenda = new Agenda();
  readonly #random: Random;
  readonly #network: Network;
  readonly #checks: Checks;
  readonly #brokers = new Map<string, BrokerPlace>();
  readonly #clients = new Map<string, PeerPlace<ClientPlan, ClientProcess>>();
  readonly #workers = new Map<string, PeerPlace<WorkerPlan, WorkerProcess>>();
  readonly #foreign: ForeignPeer[] = [];
  #handlerRuns = 0;
  /** Requests that a worker has died of once. */
  readonly #stumbled = new Set<number>();
  #foreignNumbers = 500_000_000;

  constructor(
    private readonly plan: Plan,
    private readonly options: WorldOptions,
  ) {
    this.#random = new Random(plan.seed, 'world');
    this.#network = new Network(this.agenda, plan.weather, this.#random);
    this.#checks = new Checks(plan, options.watchers);
  }

  /** What was broken first, if anything. */
  get violation(): Violation | undefined {
    return this.#checks.violation;
  }

  /**
   * Runs it to its end.
   * @throws Violation where a check fails; StateError where a core's tables contradict each other
   */
  run(): void {
    const { brokers, clients, workers, foreign, calls, faults, calmAt, recoverMs } = this.plan;
    for (const plan of brokers) this.#addBroker(plan);
    for (const plan of workers) this.#workers.set(plan.name, { plan, run: undefined, runs: 0 });
    for (const plan of clients) this.#clients.set(plan.name, { plan, run: undefined, runs: 0 });
    for (const name of this.#brokers.keys()) this.#startBroker(name);
    for (const name of this.#workers.keys()) this.#startWorker(name);
    for (const name of this.#clients.keys()) this.#startClient(name);
    for (const plan of foreign) this.#addForeign(plan);
    for (const call of calls) this.agenda.at(call.at, () => this.#clients.get(call.client)?.run?.call(call));
    for (const fault of faults) this.agenda.at(fault.at, () => this.#strike(fault));
    this.agenda.runUntil(calmAt);
    this.#calmDown();
    this.agenda.runUntil(calmAt + recoverMs);
    this.#finishWork();
    this.#probe();
    this.agenda.runUntil(this.agenda.now + PROBE_MS + 200);
    this.#checks.allEnded();
    this.#leave();
    this.agenda.runUntil(this.agenda.now + LEAVE_MS);
    this.#inspect();
  }

  /** All work that is left comes to its end, unless somebody has forgotten it. */
  #finishWork(): void {
    const patience = this.agenda.now + WORK_MS;
    while (this.#checks.anyPending || this.#workLeft > 0) {
      if (this.agenda.now > patience) {
        throw new Violation(
          'recovery',
          `${this.#workLeft} requests are still at brokers, and calls have not ended`,
        );
      }
      this.agenda.runUntil(this.agenda.now + WORK_STEP_MS);
    }
  }

  /** Requests that brokers know. */
  get #workLeft(): number {
    let left = 0;
    for (const { run } of this.#brokers.values()) {
      if (!run) continue;
      for (const { queue } of run.core.services.values()) left += queue.length;
      for (const { held } of run.core.workers.values()) left += held.size;
    }
    return left;
  }

  #clockMs(name: string, runs: number): number {
    return this.#random.stream(`clock ${name} ${runs}`).between(0, 100_000);
  }

  #addBroker(plan: BrokerPlan): void {
    const place: BrokerPlace = {
      plan,
      run: undefined,
      runs: 0,
      end: {
        name: plan.name,
        accept: (connection) => place.run?.accept(connection),
        message: (connection, frames) => place.run?.message(connection, frames),
        departed: (connection) => place.run?.departed(connection),
      },
    };
    this.#brokers.set(plan.name, place);
  }

  #startBroker(name: string): void {
    const place = this.#brokers.get(name);
    if (!place || place.run) return;
    const runs = ++place.runs;
    const random = this.#random.stream(`broker ${name} ${runs}`);
    const prefix = `${random.u32().toString(16).padStart(8, '0')}-`;
    const run = { clockMs: this.#clockMs(name, runs), prefix, idSeed: random.u32() };
    const process: BrokerProcess = new BrokerProcess(
      this.agenda,
      place.plan,
      run,
      this.#checks.sight,
      this.options.invariants,
      (connections) => {
        place.run = undefined;
        for (const connection of connections) connection.closeByRouter();
      },
    );
    place.run = process;
  }

  readonly #connect = (peerName: string, endpoint: string, end: PeerEnd, identity?: string): Connection => {
    const place = this.#brokers.get(endpoint);
    return this.#network.connect(peerName, end, place?.run ? place.end : undefined, identity);
  };

  #startClient(name: string): void {
    const place = this.#clients.get(name);
    if (!place || place.run) return;
    const runs = ++place.runs;
    const run = { clockMs: this.#clockMs(name, runs), random: this.#random.stream(`client ${name} ${runs}`) };
    place.run = new ClientProcess(
      this.agenda,
      place.plan,
      run,
      this.#connect,
      this.#checks.sight,
      this.options.invariants,
    );
  }

  #startWorker(name: string): void {
    const place = this.#workers.get(name);
    if (!place || place.run) return;
    const runs = ++place.runs;
    place.run = new WorkerProcess(
      this.agenda,
      place.plan,
      {
        clockMs: this.#clockMs(name, runs),
        random: this.#random.stream(`worker ${name} ${runs}`),
        nextRun: () => ++this.#handlerRuns,
        crashed: () => this.#kill(name, 50, true),
        stumbles: (number) => !this.#stumbled.has(number) && this.#stumbled.add(number) !== undefined,
      },
      this.#connect,
      this.#checks.sight,
      this.options.invariants,
    );
  }

  #addForeign(plan: ForeignPlan): void {
    const world: ForeignWorld = {
      agenda: this.agenda,
      connect: this.#connect,
      random: this.#random,
      nextRun: () => ++this.#handlerRuns,
      nextNumber: () => ++this.#foreignNumbers,
      leaked: this.#leaked,
    };
    this.#foreign.push(makeForeign(plan, world));
  }

  readonly #leaked: (string | number)[] = [];

  #strike(fault: FaultPlan): void {
    this.#checks.sight.fault(fault.kind);
    switch (fault.kind) {
      case 'crash':
        this.#kill(fault.process, fault.downMs, fault.noticed);
        return;
      case 'freeze':
        this.#freeze(fault.process, fault.forMs);
        return;
      case 'cut':
        this.#network.cut(fault.peer, fault.broker, fault.peerAfterMs, fault.brokerAfterMs);
        return;
      case 'partition': {
        const { peer, broker, forMs, lossy } = fault;
        this.#network.partition(peer, broker);
        this.agenda.at(Math.min(this.agenda.now + forMs, this.plan.calmAt), () =>
          this.#network.heal(peer, broker, lossy),
        );
        return;
      }
      case 'drain':
      case 'close':
        this.#stop(fault.process, fault.kind, fault.downMs);
        return;
      case 'resize':
        this.#workers.get(fault.process)?.run?.resize(fault.concurrency);
        return;
    }
  }

  #process(name: string): BrokerProcess | ClientProcess | WorkerProcess | undefined {
    return this.#brokers.get(name)?.run ?? this.#clients.get(name)?.run ?? this.#workers.get(name)?.run;
  }

  #start(name: string): void {
    this.#startBroker(name);
    this.#startClient(name);
    this.#startWorker(name);
  }

  #freeze(name: string, forMs: number): void {
    const process = this.#process(name);
    if (!process) return;
    process.freeze();
    this.agenda.at(Math.min(this.agenda.now + forMs, this.plan.calmAt), () => process.thaw());
  }

  /** Kills a process, and starts it again; its connections break with it, sooner or later noticed by the others. */
  #kill(name: string, downMs: number, noticed: boolean): void {
    const process = this.#process(name);
    if (!process) return;
    const place = this.#brokers.get(name) ?? this.#clients.get(name) ?? this.#workers.get(name);
    if (place) place.run = undefined;
    const asBroker = this.#brokers.has(name);
    for (const connection of [...this.#network.connections]) {
      if (asBroker ? connection.router.name === name : connection.peerName === name) {
        if (asBroker) connection.break('connection closed', noticed ? 1 : Infinity, 0);
        else connection.break('killed', Infinity, noticed ? 1 : Infinity);
        if (asBroker) connection.routerHolds = false;
        else connection.peerHolds = false;
      }
    }
    process.kill();
    this.agenda.at(Math.min(this.agenda.now + downMs, this.plan.calmAt), () => this.#start(name));
  }

  /** Stops a process in good order, and starts it again once it is gone. */
  #stop(name: string, how: 'drain' | 'close', downMs: number): void {
    const process = this.#process(name);
    if (!process) return;
    if (process instanceof BrokerProcess) {
      if (how === 'drain') process.drain(DRAIN_MS);
      else process.act(() => process.close());
    } else if (process instanceof ClientProcess) {
      process.close();
    } else {
      process.drain(how === 'drain' ? DRAIN_MS : 0);
    }
    this.#restart(name, process, downMs);
  }

  /** Starts a process again once it has come to its end. */
  #restart(name: string, process: BrokerProcess | ClientProcess | WorkerProcess, downMs: number): void {
    this.agenda.in(downMs, () => {
      const isOver = process.dead || (process instanceof WorkerProcess && process.left);
      if (!isOver) {
        this.#restart(name, process, RESTART_MS);
        return;
      }
      const place = this.#clients.get(name) ?? this.#workers.get(name);
      if (place?.run === process) place.run = undefined;
      if (process instanceof WorkerProcess) process.kill();
      this.#start(name);
    });
  }

  /** The last fault is over: everything runs, nobody misbehaves, the network carries everything. */
  #calmDown(): void {
    for (const peer of this.#foreign) peer.finish();
  }

  /** Every client calls every service once more: that has to succeed. */
  #probe(): void {
    if (this.#checks.mayRefuse) return;
    let number = PROBE_NUMBERS;
    const services = [...new Set([...this.#workers.values()].map(({ plan }) => plan.service))];
    for (const { run, plan } of this.#clients.values()) {
      for (const service of services) {
        if (!run) throw new Violation('recovery', `${plan.name} does not run`);
        run.call({ ...PROBE, number: ++number, client: plan.name, service, at: this.agenda.now });
      }
    }
  }

  #leave(): void {
    this.#checks.leaving();
    for (const { run } of this.#clients.values()) run?.close();
    for (const { run } of this.#workers.values()) run?.drain(DRAIN_MS);
  }

  /** Nobody is there any more but the brokers, and they have nothing. */
  #inspect(): void {
    for (const { plan, run } of this.#workers.values()) {
      if (!run || run.dead || (run.left && run.held === 0 && run.places.taken === 0)) continue;
      const what = `${run.held} requests and ${run.places.taken} places taken`;
      throw new Violation('left behind', `${plan.name} has ${run.left ? '' : 'not '}left, with ${what}`);
    }
    for (const { plan, run } of this.#brokers.values()) {
      if (!run) throw new Violation('recovery', `${plan.name} does not run`);
      const { services, workers, clients, queued, inFlight } = run.core.describe(run.now);
      const left = { services, workers, clients, queued, inFlight };
      const bytes = { pending: run.core.pendingBytes, retained: run.core.retainedBytes };
      for (const [what, count] of [...Object.entries(left), ...Object.entries(bytes)]) {
        if (count !== 0) throw new Violation('left behind', `${plan.name} has ${count} ${what} at the end`);
      }
    }
  }
}

const PROBE = {
  timeoutMs: PROBE_MS,
  retries: 3,
  idempotent: true,
  stream: false,
  priority: 4,
  failFast: false,
  work: { ms: 1, partials: 0, end: 'reply', padding: 0 },
  bytes: 0,
  readMs: 0,
  abortMs: 0,
} as const;

function makeForeign(plan: ForeignPlan, world: ForeignWorld): ForeignPeer {
  switch (plan.kind) {
    case 'worker-0.1':
    case 'worker-0.2':
      return new ForeignPlainWorker(plan, world);
    case 'worker-packed':
      return new ForeignPackedWorker(plan, world);
    case 'client-0.1':
    case 'client-0.2':
      return new ForeignPlainClient(plan, world);
    case 'client-packed':
      return new ForeignPackedClient(plan, world);
    case 'noise':
      return new Noise(plan, world);
  }
}
