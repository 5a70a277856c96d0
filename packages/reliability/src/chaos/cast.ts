import { join } from 'node:path';
import { eventually } from '@majordomo/testkit';
import { RunError } from '../errors';
import type { BrokerSample, Said, Told } from './parts/messages';
import type { Dialect, MixName, PartParams, Rhythm } from './parts/params';
import type { Ending } from '../processes/ending';
import { Role, type RoleEvents } from '../processes/role';

/** A broker, worker or client. */
export type PartRole = Role<{ readonly params: PartParams; readonly said: Said; readonly told: Told }>;

/** What is known of a broker while it is watched. */
export interface WatchedSample extends BrokerSample {
  readonly life: string;
  /** When it came, in ms on the clock of `performance.now()`. */
  readonly at: number;
}

/** How a cast is made. */
export interface CastOptions {
  readonly seed: number;
  /** Where the ledgers go. */
  readonly folder: string;
  /** Found in the environment of every process of this run. */
  readonly mark: string;
  readonly brokers: number;
  readonly rhythm: Rhythm;
  /** Where clients find a broker that listens at an endpoint, and where workers do. */
  readonly clientsVia: (endpoint: string) => string;
  readonly workersVia: (endpoint: string) => string;
  /** What a client asks for. */
  readonly mixOf: (dialect: Dialect) => MixName;
  readonly lanes: number;
  readonly pauseMsMax: number;
  readonly patienceMs: number;
}

const SERVICE = 'chaos';
/** The program of every child. */
const PROGRAM = 'chaos-child.js';

const WORKERS: readonly { readonly protocol: Dialect; readonly concurrency: number }[] = [
  { protocol: 'packed', concurrency: 8 },
  { protocol: 'packed', concurrency: 4 },
  { protocol: 'auto', concurrency: 4 },
  { protocol: 'mdp/0.2', concurrency: 2 },
  { protocol: 'mdp/0.2', concurrency: 1 },
  { protocol: 'mdp/0.1', concurrency: 2 },
];
const CLIENTS: readonly Dialect[] = ['packed', 'auto', 'mdp/0.2', 'mdp/0.1'];

/** Sessions that all workers together have with one broker: a plain one has as many as places for handlers. */
const SESSIONS = WORKERS.map(({ protocol, concurrency }) =>
  protocol === 'packed' || protocol === 'auto' ? 1 : concurrency,
).reduce((sum, sessions) => sum + sessions, 0);

const ATTEMPTS_MAX = 10;
const JOB_DEADLINE_MS = 15_000;

/** How long something that must come may take, in ms: the machine may be loaded. */
const PATIENCE_MS = 60_000;

/** The processes of a run: brokers, six workers, four clients of all dialects. */
export class Cast {
  readonly brokers: readonly PartRole[];
  readonly workers: readonly PartRole[];
  readonly clients: readonly PartRole[];
  readonly endings: Ending[] = [];
  readonly samples: WatchedSample[] = [];
  /** How long brokers took from their start until all workers had registered, in ms, by life. */
  readonly registeredAfterMs = new Map<string, number>();
  readonly #endpoints = new Map<string, string>();
  readonly #serving = new Map<string, ReadonlySet<string>>();
  readonly #finished = new Set<string>();

  constructor(private readonly options: CastOptions) {
    const { seed, rhythm, mark } = options;
    const events: RoleEvents<{ params: PartParams; said: Said; told: Told }> = {
      said: (role, life, said) => this.#heard(role, life, said),
      ended: (ending) => void this.endings.push(ending),
    };
    const role = (name: string, paramsOf: (life: string) => PartParams): PartRole =>
      new Role(name, { program: PROGRAM, mark, paramsOf, events });
    const ledgerOf = (life: string): string => join(options.folder, `${life}.jsonl`);
    this.brokers = ['broker-A', 'broker-B'].slice(0, options.brokers).map((name) =>
      role(name, () => ({
        part: 'broker',
        bind: this.#endpoints.get(name) ?? 'tcp://127.0.0.1:0',
        rhythm,
        attemptsMax: ATTEMPTS_MAX,
        jobDeadlineMs: JOB_DEADLINE_MS,
      })),
    );
    this.workers = WORKERS.map(({ protocol, concurrency }, at) =>
      role(`worker-${at + 1}`, (life) => ({
        part: 'worker',
        life,
        service: SERVICE,
        brokers: this.#brokersVia(options.workersVia),
        protocol,
        concurrency,
        rhythm,
        ledger: ledgerOf(life),
      })),
    );
    this.clients = CLIENTS.map((protocol, at) =>
      role(`client-${at + 1}`, (life) => ({
        part: 'client',
        life,
        service: SERVICE,
        brokers: this.#brokersVia(options.clientsVia),
        protocol,
        rhythm,
        ledger: ledgerOf(life),
        seed,
        mix: options.mixOf(protocol),
        lanes: options.lanes,
        pauseMsMax: options.pauseMsMax,
        patienceMs: options.patienceMs,
      })),
    );
  }

  get all(): readonly PartRole[] {
    return [...this.brokers, ...this.workers, ...this.clients];
  }

  /** Where a broker listens. */
  endpointOf(broker: PartRole): string {
    const endpoint = this.#endpoints.get(broker.name);
    if (endpoint === undefined) throw new RunError(`${broker.name} was never ready`);
    return endpoint;
  }

  #brokersVia(via: (endpoint: string) => string): string[] {
    return this.brokers.map((broker) => via(this.endpointOf(broker)));
  }

  #heard(role: PartRole, life: string, said: Said): void {
    switch (said.kind) {
      case 'ready':
        if (said.endpoint !== undefined) this.#endpoints.set(role.name, said.endpoint);
        return;
      case 'sample':
        this.samples.push({ ...said.sample, life, at: performance.now() });
        return;
      case 'registered':
        if (said.workers >= SESSIONS && !this.registeredAfterMs.has(life))
          this.registeredAfterMs.set(life, said.afterMs);
        return;
      case 'serving':
        this.#serving.set(life, new Set(said.brokers));
        return;
      case 'finished':
        this.#finished.add(life);
        return;
    }
  }

  /** Starts the brokers. */
  async startBrokers(): Promise<void> {
    await Promise.all(this.brokers.map((broker) => broker.start()));
  }

  /** Starts workers and clients, and resolves once every worker serves every broker. */
  async startOthers(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.start()));
    await this.untilAllServe();
    await Promise.all(this.clients.map((client) => client.start()));
  }

  /** Resolves once every worker serves every broker that runs, by its own word and by the broker's. */
  async untilAllServe(): Promise<void> {
    await this.#until('every worker to be registered with every broker', () => {
      for (const broker of this.brokers) broker.tell({ kind: 'sample' });
      const serve = this.workers.every(
        ({ life }) => (this.#serving.get(life)?.size ?? 0) === this.options.brokers,
      );
      return serve && this.brokers.every((broker) => this.latest(broker)?.workers === SESSIONS);
    });
  }

  /** What a broker said of itself last, in this life. */
  latest({ life }: PartRole): BrokerSample | undefined {
    return this.samples.findLast((sample) => sample.life === life);
  }

  /** Has every client come to its end; false where one has not within its patience. */
  async finishClients(): Promise<boolean> {
    for (const client of this.clients) client.tell({ kind: 'finish' });
    return this.#until(
      'every request to have an outcome',
      () => this.clients.every(({ life }) => this.#finished.has(life)),
      2 * this.options.patienceMs,
    ).then(
      () => true,
      () => false,
    );
  }

  /** True once no broker has anything left to do; false where that does not come. */
  async untilIdle(): Promise<boolean> {
    return this.#until('every broker to be idle', () => {
      for (const broker of this.brokers) broker.tell({ kind: 'sample' });
      return this.brokers.every((broker) => {
        const sample = this.latest(broker);
        return sample?.queued === 0 && sample.inFlight === 0;
      });
    }).then(
      () => true,
      () => false,
    );
  }

  /** SIGTERM for everybody: clients, then workers, then brokers. */
  async terminate(): Promise<void> {
    for (const roles of [this.clients, this.workers, this.brokers])
      await Promise.all(roles.map((role) => role.terminate()));
  }

  /** SIGKILL for everybody. */
  async kill(): Promise<void> {
    await Promise.all(this.all.map((role) => role.kill()));
  }

  async #until(what: string, condition: () => boolean, timeoutMs = PATIENCE_MS): Promise<void> {
    await eventually(
      () => {
        const died = this.endings.find(({ how }) => how === 'died');
        return condition() || died !== undefined;
      },
      { timeoutMs, everyMs: 20, what },
    );
  }
}
