import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

/** How often Node looks at the loop, in ms. */
const RESOLUTION_MS = 20;
const SECOND_MS = 1_000;
/** How many seconds are remembered. */
const REMEMBERED = 15;

/** How late the event loop is: what every request waits for that finds the process busy with something else. */
export class LoopWatch {
  #delays: IntervalHistogram | undefined;
  /** The longest delay of each of the last seconds, in ms, the latest last. */
  #longest: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#delays.enable();
    this.#timer = setInterval(() => this.#roll(), SECOND_MS);
    this.#timer.unref();
  }

  #roll(): void {
    this.#longest = [...this.#longest.slice(1 - REMEMBERED), this.#now];
    this.#delays?.reset();
  }

  /** The longest delay of the second that has not ended yet. What was measured of an idle loop is the resolution. */
  get #now(): number {
    const max = this.#delays?.max ?? 0;
    return max > 0 ? Math.max(0, max / 1e6 - RESOLUTION_MS) : 0;
  }

  /** The longest delay of the last so many seconds, at most 15, in ms. */
  longestMs(seconds: number): number {
    return Math.max(this.#now, ...this.#longest.slice(-seconds));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#delays?.disable();
  }
}
