import type { MetricSample } from '@majordomo/protocol';
import { SIZE_BOUNDS, type SizeHistogram } from './service-meter';

/** Values by their labels, those of the same labels added up, or joined otherwise. */
export class Sums {
  readonly #samples = new Map<string, { labels: Readonly<Record<string, string>>; value: number }>();

  constructor(private readonly join: (one: number, other: number) => number = (one, other) => one + other) {}

  add(labels: Readonly<Record<string, string>>, value: number): void {
    const key = JSON.stringify(labels);
    const before = this.#samples.get(key);
    if (before) before.value = this.join(before.value, value);
    else this.#samples.set(key, { labels, value });
  }

  get samples(): MetricSample[] {
    return [...this.#samples.values()];
  }
}

/** A histogram of sizes as Prometheus has it. */
export function sizeSamples(name: string, { buckets, sum, count }: SizeHistogram): MetricSample[] {
  let upTo = 0;
  const samples: MetricSample[] = SIZE_BOUNDS.map((le, bucket) => ({
    metricName: `${name}_bucket`,
    labels: { le },
    value: (upTo += buckets[bucket] ?? 0),
  }));
  samples.push({ metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: count });
  samples.push({ metricName: `${name}_sum`, labels: {}, value: sum });
  samples.push({ metricName: `${name}_count`, labels: {}, value: count });
  return samples;
}
