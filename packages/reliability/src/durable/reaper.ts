import { setTimeout as delay } from 'node:timers/promises';
import type { PrivatePostgres } from '@majordomo/testkit';
import type { LedgerFile } from '../ledger-file';
import type { Cast, PartRole } from './cast';
import type { KillLine } from './ledger';
import { killsOf, stepOf, type KillRules, type PlannedKill } from './plan';

/** How long a victim may take to come to the place where it is to die, in ms; then it dies wherever it is. */
const STEP_TIMEOUT_MS = 2_500;
/** How often it is looked how much was submitted, in ms. */
const LOOK_MS = 20;

/** What a reaper needs. */
export interface ReaperOptions {
  readonly seed: number;
  /** Undefined for no kills at all. */
  readonly rules: KillRules | undefined;
  /** Requests that are submitted between two kills, on average. */
  readonly requestsEach: number;
  readonly cast: Cast;
  readonly postgres: PrivatePostgres | undefined;
  readonly ledger: LedgerFile<KillLine>;
}

/** Kills by SIGKILL, as the plan has it, and starts what it killed again. Nobody is killed who is away already. */
export class Reaper {
  /** How many were killed at each step, by `victim: step`. */
  readonly counts = new Map<string, number>();
  readonly #options: ReaperOptions;
  readonly #busy = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  #failure: unknown;
  #loop: Promise<void> | undefined;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** How many were killed. */
  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  start(): void {
    this.#loop = this.#work();
    this.#loop.catch(() => undefined);
  }

  /**
   * Kills no more, and resolves once all are back.
   * @throws RunError where one does not come back
   */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure as Error;
  }

  async #work(): Promise<void> {
    const { seed, rules } = this.#options;
    if (!rules) return;
    const { signal } = this.#stopped;
    for (const kill of killsOf(seed, rules)) {
      if (!kill.isTogether) await this.#untilWork(kill.afterPart);
      await delay(kill.afterMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || this.#failure !== undefined) return;
      const over = this.#kill(kill)
        .catch((error: unknown) => {
          this.#failure ??= error;
        })
        .finally(() => void this.#underWay.delete(over));
      this.#underWay.add(over);
    }
  }

  /** Whatever a machine has time for, some work is done between two kills. */
  async #untilWork(part: number): Promise<void> {
    const { cast, requestsEach } = this.#options;
    const { signal } = this.#stopped;
    await Promise.all(this.#underWay);
    const made = cast.made + part * requestsEach;
    while (cast.made < made && !signal.aborted) {
      await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #kill(kill: PlannedKill): Promise<void> {
    const { cast, postgres } = this.#options;
    if (kill.victim === 'postgres') {
      if (!postgres) return;
      await this.#once('postgres', async () => {
        await this.#note(kill, 'postgres', async () => {
          await postgres.crash();
          return true;
        });
        await delay(kill.awayMs);
        await postgres.run();
      });
      return;
    }
    const roles = cast[ROLES[kill.victim]];
    const role = roles[Math.floor(kill.which * roles.length)]!;
    await this.#once(role.name, async () => {
      await this.#note(kill, role.life, () => end(role, kill));
      await delay(kill.awayMs);
      await role.start();
    });
  }

  async #once(name: string, work: () => Promise<void>): Promise<void> {
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    try {
      await work();
    } finally {
      this.#busy.delete(name);
    }
  }

  async #note({ victim, death }: PlannedKill, life: string, kill: () => Promise<boolean>): Promise<void> {
    const from = Date.now();
    const step = (await kill()) ? stepOf(death) : 'any';
    this.#options.ledger.write({ victim, life, step, from, at: Date.now() });
    const name = `${victim}: ${step}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

const ROLES = { titanic: 'titanics', worker: 'workers', broker: 'brokers' } as const;

/** @returns true where it died where the plan has it */
async function end(role: PartRole, { death }: PlannedKill): Promise<boolean> {
  if (death) return role.killItself({ kind: 'die', death }, STEP_TIMEOUT_MS);
  await role.kill();
  return true;
}
