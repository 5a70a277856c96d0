/** How often the clock is looked at, in ms. */
const EVERY_MS = 20;

/**
 * Watches how long this machine keeps its processes waiting: a timer that rings late was due while something else ran.
 * What took longer than it should, took so much longer for that reason.
 */
export class Lateness {
  #lateMs = 0;
  #dueAt = performance.now() + EVERY_MS;
  readonly #timer = setInterval(() => {
    const now = performance.now();
    this.#lateMs += Math.max(0, now - this.#dueAt);
    this.#dueAt = now + EVERY_MS;
  }, EVERY_MS);

  /** Ends the watch; the time in ms by which the timers were late, all together. */
  stop(): number {
    clearInterval(this.#timer);
    return Math.round(this.#lateMs);
  }
}
