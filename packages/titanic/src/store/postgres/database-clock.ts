/** What passes by itself, in ms. */
export interface LocalTime {
  /** The clock of this machine, which may be set. */
  wall(): number;
  /** Time that has passed since some moment: nobody sets it, and it may stand still while the machine sleeps. */
  passed(): number;
}

/** More than clocks go apart by themselves in a minute, in ms: one of them was set, or the machine was asleep. */
const APART_MS = 250;
/** A database that took longer to answer, in ms, is asked again next time where the time is known well enough. */
const SLOW_MS = 100;
/** The least time between two questions that clocks which are apart lead to, in ms. */
const BETWEEN_MS = 1_000;

const LOCAL: LocalTime = { wall: () => Date.now(), passed: () => performance.now() };

/**
 * The clock of the database, which all titanics share: its time when it was asked, and what has passed since. Setting the
 * clock of this machine changes nothing. It is never ahead: what the answer took on its way is left out.
 */
export class DatabaseClock {
  readonly #ask: () => Promise<number>;
  readonly #local: LocalTime;
  #time = 0;
  #passedThen = 0;
  #wallThen = 0;
  #isKnown = false;
  #isAsking = false;
  #askedAt = -Infinity;

  /** @param ask - gives the time of the database, in ms */
  constructor(ask: () => Promise<number>, local = LOCAL) {
    this.#ask = ask;
    this.#local = local;
  }

  now(): number {
    const { passed, wall } = this.#local;
    const passedNow = passed();
    if (this.#isApart(passedNow, wall()) && !this.#isAsking && passedNow - this.#askedAt >= BETWEEN_MS) {
      void this.look().catch(() => undefined);
    }
    return Math.floor(this.#time + passedNow - this.#passedThen);
  }

  /** Asks what time it is. */
  async look(): Promise<void> {
    const { passed, wall } = this.#local;
    const from = (this.#askedAt = passed());
    this.#isAsking = true;
    try {
      const time = await this.#ask();
      const [passedNow, wallNow] = [passed(), wall()];
      if (this.#isKnown && passedNow - from > SLOW_MS && !this.#isApart(passedNow, wallNow)) return;
      this.#time = time;
      this.#passedThen = passedNow;
      this.#wallThen = wallNow;
      this.#isKnown = true;
    } finally {
      this.#isAsking = false;
    }
  }

  #isApart(passed: number, wall: number): boolean {
    return Math.abs(wall - this.#wallThen - (passed - this.#passedThen)) > APART_MS;
  }
}
