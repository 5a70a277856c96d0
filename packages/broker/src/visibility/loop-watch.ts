import { LoopTimer } from '@majordomo/transport';

/** How often the watch looks whether the loop turns, in ms. */
const PERIOD_MS = 20;
const SECOND_MS = 1_000;
/** How many seconds are remembered. */
const REMEMBERED = 15;

/**
 * How late the event loop is: what every request waits for that finds the process busy with something else. Measured
 * by a timer of our own, because Node's histogram forgets when it last looked each time that it is reset, and with
 * that a delay that lasts over the reset.
 */
export class LoopWatch {
  readonly #timer: LoopTimer;
  /** The longest delays that ended in each of the last seconds, in ms, the second that goes on last. */
  #longest: number[] = [];
  /** The second that goes on, by the clock's seconds. */
  #second = 0;

  /** @param now - a clock that never goes back, in ms */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.#timer = new LoopTimer(PERIOD_MS, (lateMs) => this.#look(lateMs), now);
  }

  start(): void {
    this.#timer.start();
  }

  #look(lateMs: number): void {
    this.#roll();
    const longest = this.#longest;
    longest[longest.length - 1] = Math.max(longest.at(-1) ?? 0, lateMs);
  }

  /** Begins a second where one has ended, with as many before it as went by. */
  #roll(): void {
    const second = Math.floor(this.now() / SECOND_MS);
    const passed = Math.min(second - this.#second, REMEMBERED);
    this.#second = second;
    for (let n = 0; n < passed; n++) this.#longest.push(0);
    this.#longest = this.#longest.slice(-REMEMBERED);
  }

  /**
   * The longest delay of the second that goes on and of so many before it, at most 15 in all, in ms; one that has not
   * ended counts for as long as it has lasted.
   */
  longestMs(seconds: number): number {
    this.#roll();
    return Math.max(this.#timer.lateMs, ...this.#longest.slice(-seconds - 1));
  }

  stop(): void {
    this.#timer.stop();
  }
}
