import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Dialect } from '../chaos/parts/params';
import { RunError } from '../errors';
import type { Ending } from '../processes/ending';
import { Role, type RoleEvents } from '../processes/role';
import type { Said, Told } from './parts/messages';
import type { MixName, PartParams, ParamsOf, Plant, StorePlace } from './parts/params';

interface Play {
  readonly params: PartParams;
  readonly said: Said;
  readonly told: Told;
}
/** A broker, titanic, worker or submitter. */
export type PartRole = Role<Play>;

/** How a cast is made. */
export interface CastOptions {
  readonly seed: number;
  /** Where the ledgers go. */
  readonly folder: string;
  /** Found in the environment of every process of this run. */
  readonly mark: string;
  readonly store: StorePlace;
  readonly titanics: number;
  readonly leaseMs: number;
  /** The pace of the service; null for none. */
  readonly perSecondMax: number | null;
  readonly plant: Plant | null;
  readonly mix: MixName;
  readonly requests: number;
  /** Submissions a second, of all submitters together. */
  readonly perSecond: number;
  /** How far ahead what is for later is due at the most, in ms. */
  readonly laterMsMax: number;
  /** How long after the start of the submitters all requests are due, with the mix `one-time`, in ms. */
  readonly leadMs: number;
}

/** The service that all requests are for. */
export const SERVICE = 'durable';

const PROGRAM = 'durable-child.js';
const WORK_MS_MAX = 10;
/** How often it is looked how far submitters have come, in ms. */
const LOOK_MS = 50;
const ATTEMPTS_MAX = 10;
const JOB_DEADLINE_MS = 15_000;
const RHYTHM = { heartbeatMs: 1_000, liveness: 4, reconnectMaxMs: 200 };

const WORKERS: readonly { readonly protocol: Dialect; readonly concurrency: number }[] = [
  { protocol: 'packed', concurrency: 64 },
  { protocol: 'packed', concurrency: 64 },
  { protocol: 'auto', concurrency: 32 },
  { protocol: 'mdp/0.2', concurrency: 4 },
];

const SUBMITTERS: readonly Pick<ParamsOf<'submitter'>, 'by' | 'protocol'>[] = [
  { by: 'client', protocol: 'packed' },
  { by: 'client', protocol: 'mdp/0.2' },
  { by: 'rfc9', protocol: 'mdp/0.1' },
];
/** Of four requests, each of the first two makes so many, the last one. */
const SHARES = [0.5, 0.25, 0.25];

/** The processes of a run: a broker, titanics, four workers, three submitters. */
export class Cast {
  readonly brokers: readonly PartRole[];
  readonly titanics: readonly PartRole[];
  readonly workers: readonly PartRole[];
  readonly submitters: readonly PartRole[];
  readonly endings: Ending[] = [];
  readonly #made = new Map<string, number>();
  readonly #finished = new Set<string>();
  #endpoint: string | undefined;

  constructor(options: CastOptions) {
    const { seed, mark, folder, perSecondMax, mix, requests } = options;
    const events: RoleEvents<Play> = {
      said: (role, life, said) => this.#heard(role, life, said),
      ended: (ending) => void this.endings.push(ending),
    };
    const role = (name: string, paramsOf: (life: string) => PartParams): PartRole =>
      new Role(name, { program: PROGRAM, mark, paramsOf, events });
    const ledgerOf = (life: string): string => join(folder, `${life}.jsonl`);
    this.brokers = [
      role('broker', () => ({
        part: 'broker',
        bind: this.#endpoint ?? 'tcp://127.0.0.1:0',
        rhythm: RHYTHM,
        attemptsMax: ATTEMPTS_MAX,
        jobDeadlineMs: JOB_DEADLINE_MS,
      })),
    ];
    this.titanics = Array.from({ length: options.titanics }, (_, at) =>
      role(`titanic-${at + 1}`, () => ({
        part: 'titanic',
        broker: this.endpoint,
        store: options.store,
        leaseMs: options.leaseMs,
        pace: perSecondMax === null ? null : { service: SERVICE, perSecond: perSecondMax },
        plant: options.plant,
      })),
    );
    this.workers = WORKERS.map((worker, at) =>
      role(`worker-${at + 1}`, (life) => ({
        part: 'worker',
        life,
        service: SERVICE,
        broker: this.endpoint,
        ...worker,
        workMsMax: WORK_MS_MAX,
        ledger: ledgerOf(life),
        seed,
      })),
    );
    // All that is due at one time comes from one submitter, so that it is stored in time.
    const submitters = mix === 'one-time' ? SUBMITTERS.slice(0, 1) : SUBMITTERS;
    this.submitters = submitters.map((submitter, at) =>
      role(`submitter-${at + 1}`, (life) => {
        const share = mix === 'one-time' ? 1 : SHARES[at]!;
        return {
          part: 'submitter',
          life,
          service: SERVICE,
          broker: this.endpoint,
          ...submitter,
          mix,
          dueAt: Date.now() + options.leadMs,
          laterMsMax: options.laterMsMax,
          requests: Math.ceil(requests * share),
          perSecond: options.perSecond * share,
          ledger: ledgerOf(life),
          seed,
        };
      }),
    );
  }

  get all(): readonly PartRole[] {
    return [...this.brokers, ...this.titanics, ...this.workers, ...this.submitters];
  }

  /** Where the broker listens. */
  get endpoint(): string {
    if (this.#endpoint === undefined) throw new RunError('the broker was never ready');
    return this.#endpoint;
  }

  /** Requests that submitters have made, and know the outcome of. */
  get made(): number {
    return [...this.#made.values()].reduce((sum, made) => sum + made, 0);
  }

  /** True once every submitter has made all of its requests, and cares for none any more. */
  get isFinished(): boolean {
    return this.submitters.every(({ life }) => this.#finished.has(life));
  }

  /** A process that has ended by itself, if there is one. */
  get died(): Ending | undefined {
    return this.endings.find(({ how }) => how === 'died');
  }

  #heard(role: PartRole, life: string, said: Said): void {
    if (said.kind === 'ready' && said.endpoint !== undefined) this.#endpoint = said.endpoint;
    if (said.kind === 'progress') this.#made.set(role.name, said.made);
    if (said.kind === 'finished') this.#finished.add(life);
  }

  /** Starts all of them, submitters last. */
  async start(): Promise<void> {
    for (const roles of [this.brokers, [...this.titanics, ...this.workers], this.submitters])
      await Promise.all(roles.map((role) => role.start()));
  }

  /**
   * Resolves once every submitter has finished.
   * @param patienceMs - how long nothing may come of any submission, and how long requests may be cared for after the
   * last of them
   * @returns false where that is over, or a process has ended by itself
   */
  async untilFinished(patienceMs: number): Promise<boolean> {
    let made = -1;
    let until = 0;
    while (!this.isFinished && this.died === undefined) {
      if (this.made > made) until = performance.now() + patienceMs;
      if (performance.now() > until) return false;
      made = this.made;
      await delay(LOOK_MS);
    }
    return this.isFinished;
  }

  /** SIGTERM for everybody: submitters, then titanics, workers, brokers. */
  async terminate(): Promise<void> {
    for (const roles of [this.submitters, this.titanics, this.workers, this.brokers])
      await Promise.all(roles.map((role) => role.terminate()));
  }

  /** SIGKILL for everybody. */
  async kill(): Promise<void> {
    await Promise.all(this.all.map((role) => role.kill()));
  }
}
