import { END_TIMEOUT_MS, type Ending } from './ending';
import { Life, type Play } from './life';

/** What a role tells of its processes. */
export interface RoleEvents<Of extends Play> {
  said(role: Role<Of>, life: string, said: Of['said']): void;
  ended(ending: Ending): void;
}

/** How the processes of a role are made. */
export interface RoleOptions<Of extends Play> {
  /** The script of the process, which lies next to the command in dist. */
  readonly program: string;
  /** Found in the environment of every process of this run. */
  readonly mark: string;
  /** The part of a life, by its name. */
  readonly paramsOf: (life: string) => Of['params'];
  readonly events: RoleEvents<Of>;
}

/** One member of a cast: a process, and after its end another one in its place. */
export class Role<Of extends Play> {
  #lives = 0;
  #life: Life<Of> | undefined;
  #ready: (() => void) | undefined;
  /** What we have done to end the process. */
  #ending: 'killed' | 'terminated' | undefined;
  #forced = false;

  constructor(
    readonly name: string,
    private readonly options: RoleOptions<Of>,
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
    const { program, mark, paramsOf, events } = this.options;
    const name = this.life;
    const ready = new Promise<void>((resolve) => (this.#ready = resolve));
    const life = new Life<Of>(program, name, paramsOf(name), mark, (said) => {
      if (said.kind === 'ready') this.#ready?.();
      events.said(this, name, said);
    });
    this.#life = life;
    void life.exit.then((exit) => {
      const how = this.#ending ?? 'died';
      events.ended({ life: name, how, exit, forced: this.#forced, lastWords: life.lastWords });
    });
    await life.untilReady(ready);
  }

  tell(told: Of['told']): void {
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

  /**
   * Tells it to kill itself at some point, and resolves when it is gone; by our SIGKILL where it does not come to that
   * point in time.
   * @returns true where it came to that point
   */
  async killItself(told: Of['told'], withinMs: number): Promise<boolean> {
    const life = this.#life;
    if (!life?.alive) return false;
    this.#ending = 'killed';
    let came = true;
    const timer = setTimeout(() => {
      came = false;
      life.signal('SIGKILL');
    }, withinMs);
    life.tell(told);
    await life.exit;
    clearTimeout(timer);
    return came;
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
