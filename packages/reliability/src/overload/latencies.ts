import { build, type Histogram } from 'hdr-histogram-js';

/** Percentiles of some latencies, in ms. */
export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Collects latencies. */
export class Latencies {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });

  add(ms: number): void {
    this.#histogram.recordValue(Math.max(1, Math.round(ms * 1_000)));
  }

  /** The percentiles so far; what comes next counts anew. */
  take(): Latency {
    const at = (percentile: number) => this.#histogram.getValueAtPercentile(percentile) / 1_000;
    const latency = {
      count: this.#histogram.totalCount,
      p50Ms: at(50),
      p90Ms: at(90),
      p99Ms: at(99),
      maxMs: this.#histogram.totalCount === 0 ? 0 : this.#histogram.maxValue / 1_000,
    };
    this.#histogram.reset();
    return latency;
  }
}
