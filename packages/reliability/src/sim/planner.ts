import type { HandlerEnd, Work } from './bodies';
import type { Weather } from './network';
import type {
  BrokerPlan,
  CallPlan,
  ClientPlan,
  FaultPlan,
  ForeignKind,
  ForeignPlan,
  Plan,
  WorkerPlan,
} from './plan';
import { Random } from './random';

/** Which kinds of things may happen in a world: each seed has some of them only, so that none hides another. */
const FEATURES = [
  'crash',
  'freeze',
  'cut',
  'partition',
  'drain',
  'close',
  'resize',
  'foreign',
  'streams',
  'aborts',
  'tiny',
  'slowReaders',
  'plainOnly',
  'poison',
  'throws',
  'hangs',
  'large',
  'once',
  'deadlines',
  'priorities',
  'failFast',
  'stragglers',
  'bursts',
  'unnoticed',
] as const;
type Feature = (typeof FEATURES)[number];

/** What has no place in a world where nothing goes wrong. */
const ROUGH: readonly Feature[] = [
  'crash',
  'freeze',
  'cut',
  'partition',
  'drain',
  'close',
  'foreign',
  'poison',
  'plainOnly',
  'tiny',
  'stragglers',
];

const SERVICES = ['alpha', 'beta', 'gamma'] as const;
/** Nobody ever serves it. */
const UNSERVED = 'void';

/** Numbers of calls are those of their clients and their own. */
const CALLS_PER_CLIENT = 10_000;
/** Numbers of the last calls, which all have to succeed. */
export const PROBE_NUMBERS = 900_000_000;

/** A share of worlds in which nothing goes wrong. */
const CALM_SHARE = 0.25;

/** How long sessions of those who are gone may last after the last fault, in ms: longer than any silence. */
const RECOVERY_MS = 1_600;
const CALM_MS = 100;

/** Later than any world ends. */
const NEVER_MS = 1_000_000_000;

/** Draws the plan of a world from its seed. */
export function makePlan(seed: number): Plan {
  return new Planner(seed).plan();
}

class Planner {
  readonly #random: Random;
  readonly #calm: boolean;
  readonly #features: ReadonlySet<Feature>;
  readonly #activeMs: number;
  readonly #services: readonly string[];

  constructor(private readonly seed: number) {
    this.#random = new Random(seed, 'plan');
    this.#calm = this.#random.chance(CALM_SHARE);
    const density = this.#random.fraction();
    this.#features = new Set(
      FEATURES.filter((feature) => this.#random.chance(density) && !(this.#calm && ROUGH.includes(feature))),
    );
    this.#activeMs = this.#random.between(600, 2_000);
    this.#services = SERVICES.slice(0, this.#random.between(1, SERVICES.length));
  }

  #has(feature: Feature): boolean {
    return this.#features.has(feature);
  }

  /** Where plans of one kind come from: what another kind draws does not change them. */
  #stream(purpose: string): Random {
    return this.#random.stream(`plan ${purpose}`);
  }

  plan(): Plan {
    const brokers = this.#brokers();
    const names = brokers.map(({ name }) => name);
    const workers = this.#workers(names);
    const clients = this.#clients(names);
    const foreign = this.#foreign(names);
    const calmAt = this.#activeMs + 100;
    return {
      seed: this.seed,
      calm: this.#calm,
      weather: this.#weather(),
      brokers,
      clients,
      workers,
      foreign,
      calls: this.#calls(clients),
      faults: this.#faults(
        [...names],
        [...clients, ...workers].map(({ name }) => name),
        workers,
      ),
      calmAt,
      recoverMs: this.#calm ? CALM_MS : RECOVERY_MS,
    };
  }

  #weather(): Weather {
    const random = this.#stream('weather');
    const stragglers = this.#has('stragglers');
    return {
      leastMs: random.pick([0.0625, 0.25, 1]),
      spreadMs: random.pick([0, 0.5, 3, 10]),
      stragglers: stragglers ? 0.02 : 0,
      stragglerMs: stragglers ? 200 : 0,
      heldMax: this.#has('tiny') ? random.between(3, 20) : 1_100,
    };
  }

  #brokers(): BrokerPlan[] {
    const random = this.#stream('brokers');
    const count = random.pick([1, 1, 1, 2, 2, 3]);
    const tiny = this.#has('tiny');
    const only = this.#has('plainOnly') ? random.pick(['mdp/0.1', 'mdp/0.2'] as const) : undefined;
    return Array.from({ length: count }, (_, index) => ({
      name: `b${index}`,
      heartbeatMs: random.pick([200, 250, 300]),
      liveness: random.pick([3, 4]),
      serviceExpiryMs: random.pick([400, 1_000]),
      jobDeadlineMs: random.pick([600, 1_200]),
      attemptsMax: random.pick([1, 2, 3, 3]),
      queueMax: tiny ? random.pick([0, 1, 4]) : 100_000,
      queueBytesMax: tiny ? random.pick([3_000, 20_000]) : 2 ** 28,
      pendingBytesMax: tiny ? random.pick([6_000, 40_000]) : 2 ** 30,
      servicesMax: tiny ? random.pick([4, 6]) : 1_000,
      workersMax: tiny ? random.pick([3, 20]) : 1_000,
      clientsMax: tiny ? random.pick([1, 3, 20]) : 1_000,
      backlogMax: tiny ? random.between(5, 50) : 10_000,
      turnMs: random.pick([0, 0, 0.5, 5]),
      notices: !this.#has('unnoticed'),
      timersFirst: random.chance(0.5),
      only: random.chance(0.5) ? only : undefined,
    }));
  }

  #workers(brokers: readonly string[]): WorkerPlan[] {
    const random = this.#stream('workers');
    const plans: WorkerPlan[] = [];
    for (const service of this.#services) {
      for (let count = random.between(1, 3); count > 0; count--) {
        plans.push({
          name: `w${plans.length}`,
          service,
          protocol: random.pick(['packed', 'packed', 'auto', 'mdp/0.2', 'mdp/0.1'] as const),
          brokers,
          concurrency: random.pick([1, 1, 2, 5]),
          turnMs: random.pick([0, 0, 1]),
          heedsAbort: random.chance(0.5),
        });
      }
    }
    return this.#has('plainOnly') ? plans.map((plan) => ({ ...plan, protocol: 'auto' as const })) : plans;
  }

  #clients(brokers: readonly string[]): ClientPlan[] {
    const random = this.#stream('clients');
    return Array.from({ length: random.between(1, 4) }, (_, index) => ({
      name: `c${index}`,
      protocol: this.#has('plainOnly')
        ? ('auto' as const)
        : random.pick(['packed', 'packed', 'auto', 'mdp/0.2', 'mdp/0.1'] as const),
      brokers,
      socketsMax: random.pick([4, 10, 100]),
      pendingMax: this.#has('tiny') ? random.pick([5, 100]) : 10_000,
      streamBufferMax: random.pick([1, 4, 64]),
      suspectMs: random.pick([0, 200, 800]),
      idleSocketMs: random.pick([150, 1_000]),
      turnMs: random.pick([0, 0, 1]),
    }));
  }

  #foreign(brokers: readonly string[]): ForeignPlan[] {
    if (!this.#has('foreign')) return [];
    const random = this.#stream('foreign');
    const kinds: ForeignKind[] = [
      'worker-0.1',
      'worker-0.2',
      'worker-packed',
      'client-0.1',
      'client-0.2',
      'client-packed',
      'noise',
    ];
    return Array.from({ length: random.between(1, 5) }, (_, index) => ({
      name: `f${index}`,
      kind: random.pick(kinds),
      broker: random.pick(brokers),
      service: random.pick(this.#services),
      fixedId: random.chance(0.5),
      malice: random.pick([0.05, 0.3, 0.8]),
      steps: random.between(3, 20),
      stepMs: random.between(20, 150),
      startAt: random.between(0, 300),
    }));
  }

  #calls(clients: readonly ClientPlan[]): CallPlan[] {
    const calls: CallPlan[] = [];
    for (const [index, { name }] of clients.entries()) {
      const random = this.#stream(`calls ${name}`);
      const count = random.pick([2, 10, 25, 50]);
      let burstAt = 0;
      for (let each = 1; each <= count; each++) {
        if (!this.#has('bursts') || each % 10 === 1) burstAt = random.between(0, this.#activeMs);
        calls.push(this.#call(name, (index + 1) * CALLS_PER_CLIENT + each, burstAt, random));
      }
    }
    return calls.sort((left, right) => left.at - right.at || left.number - right.number);
  }

  #call(client: string, number: number, at: number, random: Random): CallPlan {
    const stream = this.#has('streams') && random.chance(0.3);
    const large = this.#has('large') && random.chance(0.1);
    const unserved = random.chance(0.03);
    const hurried = this.#has('deadlines') && random.chance(0.4);
    const partials = this.#has('streams') && random.chance(0.4) ? random.pick([1, 3, 12, 40, 120]) : 0;
    return {
      at,
      client,
      number,
      service: unserved ? UNSERVED : random.pick(this.#services),
      timeoutMs: hurried ? random.between(5, 300) : random.between(600, 1_500),
      retries: random.pick([0, 1, 2]),
      idempotent: !(this.#has('once') && random.chance(0.4)),
      stream,
      priority: this.#has('priorities') ? random.between(0, 9) : 4,
      failFast: this.#has('failFast') && random.chance(0.2),
      work: this.#work(partials, large, random),
      bytes: large ? random.pick([300, 9_000, 70_000]) : 0,
      readMs: this.#has('slowReaders') ? random.pick([0, 1, 10]) : 0,
      abortMs: this.#has('aborts') && random.chance(0.2) ? random.between(1, 400) : 0,
    };
  }

  #work(partials: number, large: boolean, random: Random): Work {
    const roll = random.fraction();
    let end: HandlerEnd = 'reply';
    if (this.#has('poison') && roll < 0.01) end = 'crash';
    else if (this.#has('poison') && roll < (partials > 0 ? 0.15 : 0.04)) end = 'stumble';
    else if (this.#has('throws') && roll < 0.1) end = 'throw';
    else if (this.#has('hangs') && roll < 0.15) end = 'hang';
    const ms = partials > 0 ? random.pick([0.25, 1, 4]) : random.pick([0.25, 1, 5, 30]);
    return { ms, partials, end, padding: large ? random.pick([300, 9_000]) : 0 };
  }

  #faults(brokers: string[], peers: string[], workers: readonly WorkerPlan[]): FaultPlan[] {
    const random = this.#stream('faults');
    const kinds = (['crash', 'freeze', 'cut', 'partition', 'drain', 'close', 'resize'] as const).filter(
      (kind) => this.#has(kind),
    );
    if (kinds.length === 0) return [];
    const processes = [...brokers, ...peers];
    const servers = [...brokers, ...workers.map(({ name }) => name)];
    const faults: FaultPlan[] = [];
    for (let count = random.between(1, 8); count > 0; count--) {
      const at = random.between(50, this.#activeMs);
      const broker = random.pick(brokers);
      const peer = random.chance(0.3) ? '*' : random.pick(peers);
      const soon = random.chance(0.7);
      switch (random.pick(kinds)) {
        case 'crash':
          faults.push({
            kind: 'crash',
            at,
            process: random.pick(processes),
            downMs: random.between(1, 500),
            noticed: random.chance(0.7),
          });
          break;
        case 'freeze':
          faults.push({
            kind: 'freeze',
            at,
            process: random.pick(processes),
            forMs: random.pick([5, 60, 400, 1_200]),
          });
          break;
        case 'cut': {
          const peerAfterMs = soon ? random.between(0, 5) : random.pick([100, NEVER_MS]);
          const brokerAfterMs = random.chance(0.7) ? random.between(0, 5) : random.pick([100, NEVER_MS]);
          faults.push({ kind: 'cut', at, peer, broker, peerAfterMs, brokerAfterMs });
          break;
        }
        case 'partition':
          faults.push({
            kind: 'partition',
            at,
            peer,
            broker,
            forMs: random.pick([20, 150, 500, 1_200]),
            lossy: random.chance(0.5),
          });
          break;
        case 'drain':
          faults.push({ kind: 'drain', at, process: random.pick(servers), downMs: random.between(1, 400) });
          break;
        case 'close':
          faults.push({ kind: 'close', at, process: random.pick(processes), downMs: random.between(1, 400) });
          break;
        case 'resize':
          faults.push({
            kind: 'resize',
            at,
            process: random.pick(workers).name,
            concurrency: random.pick([1, 2, 3, 8]),
          });
          break;
      }
    }
    return faults.sort((left, right) => left.at - right.at);
  }
}
