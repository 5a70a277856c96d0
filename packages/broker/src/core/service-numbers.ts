/** Services that one packed client may give numbers to. It may ask for others all the same, by their names. */
export const INTERNED_PER_SESSION_MAX = 1_024;

/**
 * Numbers that all packed clients together are granted, each of which keeps a name of at most 255 bytes in memory:
 * less than 100 MB in all.
 */
export const INTERNED_MAX_IN_ALL = 262_144;

/** One session is granted at most this share of what is left, so that something is left for those who come later. */
const SHARE = 16;

/**
 * How many services each packed client may give numbers to (`internedMax` of WELCOME). The broker keeps the names for as
 * long as the session lasts, so what is granted has a bound for one session and for all.
 */
export class ServiceNumbers {
  #left = INTERNED_MAX_IN_ALL;

  /** Numbers that may still be granted. */
  get left(): number {
    return this.#left;
  }

  /** What a session that begins is granted; nothing where nearly all is granted already. */
  grant(): number {
    const granted = Math.min(INTERNED_PER_SESSION_MAX, Math.floor(this.#left / SHARE));
    this.#left -= granted;
    return granted;
  }

  /** A session that was granted so many is over. */
  giveBack(granted: number): void {
    this.#left += granted;
  }
}
