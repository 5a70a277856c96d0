import type { TimeHistogram } from '@majordomo/protocol';

/** So many jobs that begin in one turn of the loop are measured each; after that, one in so many is. */
const EACH = 8;

/**
 * How long handlers run. Two looks at the clock are a good part of what a small request costs, so where very many begin
 * in one turn of the loop, every eighth is measured, and counts for eight.
 */
export class JobTimes {
  #begun = 0;

  constructor(private readonly times: TimeHistogram) {}

  /** A handler is about to be called: for how many its time is to count, 0 where it is not to be measured. */
  begin(): number {
    if (this.#begun++ === 0) process.nextTick(this.#turnEnded);
    if (this.#begun <= EACH) return 1;
    return this.#begun % EACH === 0 ? EACH : 0;
  }

  /** A handler that was to count for so many has run so long, in ms. */
  end(weight: number, ms: number): void {
    this.times.record(ms, weight);
  }

  readonly #turnEnded = (): void => {
    this.#begun = 0;
  };
}
