/**
 * The broker's clock: real time, but for time in which this process did not run. A process that was stopped,
 * starved or busy has heard nobody meanwhile, and would take every worker for silent before it reads what they
 * sent. It has to be read oftener than `stepMaxMs`; a longer step counts as one of that length.
 */
export class Clock {
  #readAt: number;
  #missedMs = 0;

  /** @param time - real time in ms, never going back */
  constructor(
    private readonly stepMaxMs: number,
    private readonly time: () => number,
  ) {
    this.#readAt = time();
  }

  now(): number {
    const time = this.time();
    this.#missedMs += Math.max(0, time - this.#readAt - this.stepMaxMs);
    this.#readAt = time;
    return time - this.#missedMs;
  }
}
