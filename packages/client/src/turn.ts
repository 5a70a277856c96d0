import { nextTick } from 'node:process';

/** So many requests of one turn have each a look at the clock; after that, one in so many has. */
const LOOKS = 8;

/** The time in whole ms: small integers cost no memory of their own. */
export function clock(): number {
  return Math.floor(performance.now());
}

/**
 * What is done once per turn of the loop, however much happens in it: messages leave, the timer is set. And the time,
 * for a look at the clock costs a twentieth of a whole request.
 */
export class Turn {
  #now = 0;
  #looks = 0;
  #ending = false;

  /** @param ended - called once all that this turn was to do is done, promises included */
  constructor(private readonly ended: () => void) {}

  /** The time of something that happens seldom in a turn, in whole ms. */
  get now(): number {
    if (!this.#ending) {
      this.#ending = true;
      nextTick(this.#end);
    }
    this.#now = clock();
    return this.#now;
  }

  /** The time when it was last looked at, in ms. */
  get last(): number {
    return this.#now;
  }

  /** The time of one of many things, in whole ms: in a burst it may be that of one shortly before. */
  get roughNow(): number {
    const looks = this.#looks++;
    return looks < LOOKS || looks % LOOKS === 0 ? this.now : this.#now;
  }

  readonly #end = (): void => {
    this.#ending = false;
    this.#looks = 0;
    this.ended();
  };
}
