import type { BrokerSample, Said, Told } from '../parts/messages';
import type { PartParams } from '../parts/params';
import { END_TIMEOUT_MS, type Ending } from './ending';
import { Life } from './life';

/** What is known of a broker while it is watched. */
export interface WatchedSample extends BrokerSample {
  readonly life: string;
  /** When it came, in ms on the clock of `performance.now()`. */
  readonly at: number;
}

/** What a role tells of its processes. */
export interface RoleEvents {
  said(role: Role, life: string, said: Said): void;
  ended(ending: Ending): void;
}

/** One broker, worker or client of the cast: a process, and after its end another one in its place. */
export class Role {
  #lives = 0;
  #life: Life | undefined;
  #ready: (() => void) | undefined;
  /** What we have done to end the process. */
  #ending: 'killed' | 'terminated' | undefined;
  #forced = false;

  /** @param paramsOf - the part of a life, by its name */
  constructor(
    readonly name: string,
    private readonly mark: string,
    private readonly paramsOf: (life: string) => PartParams,
    private readonly events: RoleEvents,
  ) {}

  /** The name of the present life, or of the last. */
  get life(): string {
    return `${this.name}.${this.#lives}`;
  }

  /** Processes that have played this role. */
  get lives(): number {
    return this.#lives;
  }

  /**
   * Starts a process and resolves once it is ready.
   * @throws RunError where it does not get ready
   */
  async start(): Promise<void> {
    this.#lives++;
    this.#ending = undefined;
    this.#forced = false;
    const name = this.life;
    const ready = new Promise<void>((resolve) => (this.#ready = resolve));
    const life = new Life(name, this.paramsOf(name), this.mark, (said) => {
      if (said.kind === 'ready') this.#ready?.();
      this.events.said(this, name, said);
    });
    this.#life = life;
    void life.exit.then((exit) => {
      const how = this.#ending ?? 'died';
      this.events.ended({ life: name, how, exit, forced: this.#forced, lastWords: life.lastWords });
    });
    await life.untilReady(ready);
  }

  tell(told: Told): void {
    this.#life?.tell(told);
  }

  /** SIGSTOP: it stands still, and its connections stay open. */
  freeze(): void {
    this.#life?.signal('SIGSTOP');
  }

  /** SIGCONT. */
  thaw(): void {
    this.#life?.signal('SIGCONT');
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.#life?.alive) return;
    this.#ending = 'killed';
    this.#life.signal('SIGKILL');
    await this.#life.exit;
  }

  /** SIGTERM; resolves when it is gone, by force where it does not go. */
  async terminate(): Promise<void> {
    const life = this.#life;
    if (!life?.alive) return;
    this.#ending = 'terminated';
    life.signal('SIGTERM');
    const timer = setTimeout(() => {
      this.#forced = true;
      life.signal('SIGKILL');
    }, END_TIMEOUT_MS);
    await life.exit;
    clearTimeout(timer);
  }
}
