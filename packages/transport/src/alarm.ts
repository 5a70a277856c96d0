import { TIMER_MS_MAX } from '@majordomo/protocol';

/**
 * One timer for any number of deadlines: it rings no later than the earliest, and whoever has more to wait
 * for asks again. Deadlines that move back, as they do with every message, cost nothing.
 *
 * It rings only after what had arrived on sockets by then was delivered: after a handler has blocked the
 * event loop, the timer is due before the messages that came meanwhile are read, and a broker would be taken
 * for silent that was not.
 */
export class Alarm {
  readonly #ring: () => void;
  #ringsAt = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #afterSockets: NodeJS.Immediate | undefined;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings at `at` or before; `at` is on the clock of `performance.now()`, in ms. */
  wakeBy(at: number): void {
    if (at >= this.#ringsAt) return;
    this.#ringsAt = at;
    clearTimeout(this.#timer);
    const delayMs = Math.min(Math.max(Math.ceil(at - performance.now()), 0), TIMER_MS_MAX);
    this.#timer = setTimeout(() => {
      this.#afterSockets = setImmediate(() => {
        this.#ringsAt = Infinity;
        this.#ring();
      });
    }, delayMs);
  }

  /** Rings no more, until it is asked again. */
  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#afterSockets);
    this.#ringsAt = Infinity;
  }
}
