import { build } from 'hdr-histogram-js';

/** Percentiles of latencies, in µs. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The unit of the histogram is 0.1 µs: what `performance.now()` can tell apart at all. */
const UNITS_PER_MS = 10_000;
const UNITS_PER_US = 10;
/** Latencies beyond this, in minutes, count as this. */
const LONGEST_MIN = 10;
const UNITS_MAX = LONGEST_MIN * 60_000 * UNITS_PER_MS;

/** An HDR histogram of latencies, three digits exact. */
export class Latencies {
  readonly #histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: UNITS_MAX,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  });

  record(ms: number): void {
    this.#histogram.recordValue(Math.min(UNITS_MAX, Math.round(ms * UNITS_PER_MS)));
  }

  reset(): void {
    this.#histogram.reset();
  }

  /** How many were recorded. */
  get count(): number {
    return this.#histogram.totalCount;
  }

  percentiles(): Percentiles {
    const at = (percentile: number): number =>
      this.#histogram.getValueAtPercentile(percentile) / UNITS_PER_US;
    return {
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: this.#histogram.maxValue / UNITS_PER_US,
    };
  }
}
