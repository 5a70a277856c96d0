import { percentileMs, TIME_BUCKETS } from '@majordomo/protocol';
import { OUTCOME, type ServiceMeter } from '../core/meters';

/** Seconds of rates that are kept. */
const HISTORY_SECONDS = 60;
/** Seconds that percentiles are of. */
const WINDOW_SECONDS = 10;

/** What becomes of the meter of one service from second to second. */
export class Track {
  rate = 0;
  errorRate = 0;
  #history: number[] = [];
  #served = 0;
  #others = 0;
  /** The times that had been recorded at the end of each of the last seconds, as a ring. */
  readonly #recorded = new Float64Array(WINDOW_SECONDS * TIME_BUCKETS);
  readonly #window = new Float64Array(TIME_BUCKETS);
  #turn = 0;

  /** @param meter - one that had counted nothing a second ago */
  constructor(readonly meter: ServiceMeter) {}

  /** Another second has passed, or about one: `seconds` says how long it was. */
  roll(seconds: number): void {
    const { meter } = this;
    const served = servedBy(meter);
    const others = unanswered(meter);
    this.rate = (served - this.#served) / seconds;
    this.errorRate = (others - this.#others) / seconds;
    this.#served = served;
    this.#others = others;
    this.#history = [...this.#history.slice(1 - HISTORY_SECONDS), this.rate];
    const { buckets } = meter.total;
    const from = this.#turn * TIME_BUCKETS;
    for (let bucket = 0; bucket < TIME_BUCKETS; bucket++) {
      const count = buckets[bucket] ?? 0;
      this.#window[bucket] = count - (this.#recorded[from + bucket] ?? 0);
      this.#recorded[from + bucket] = count;
    }
    this.#turn = (this.#turn + 1) % WINDOW_SECONDS;
  }

  /** Rates, a number a second, the latest last. */
  get history(): readonly number[] {
    return this.#history;
  }

  /** The time that a share of the requests of the last ten seconds took at the most, in ms. */
  percentileMs(share: number): number | undefined {
    return percentileMs(this.#window, share);
  }
}

/** Requests that workers answered or failed at. */
function servedBy({ outcomes }: ServiceMeter): number {
  return (outcomes[OUTCOME.answered] ?? 0) + (outcomes[OUTCOME.failed] ?? 0);
}

/** Requests that ended in any other way than by an answer. */
function unanswered({ outcomes }: ServiceMeter): number {
  return outcomes.reduce((sum, count) => sum + count, 0) - (outcomes[OUTCOME.answered] ?? 0);
}
