import { z } from 'zod';
import { InvalidOptionsError } from './errors';
import { TIME_BOUNDS_MS, type TimeHistogram } from './time-histogram';

/** One value of a metric. */
export interface MetricSample {
  /** Where it is not that of the family, as in `…_bucket`. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** What a metric is: what a registry shows of it beside its values. */
export interface MetricDefinition {
  /** By the conventions of Prometheus: the unit last, counters end in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly labelNames: readonly string[];
}

/**
 * One metric with all its labels, as a registry of prom-client takes it. It is read when somebody looks, and costs
 * nothing before.
 */
export class MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly labelNames: readonly string[];
  readonly aggregator = 'sum';

  constructor(
    { name, help, type, labelNames }: MetricDefinition,
    private readonly collect: () => Iterable<MetricSample> | Promise<Iterable<MetricSample>>,
  ) {
    this.name = name;
    this.help = help;
    this.type = type;
    this.labelNames = labelNames;
  }

  /** What it is, and its values now. */
  async get(): Promise<MetricDefinition & { aggregator: string; values: MetricSample[] }> {
    const { name, help, type, labelNames, aggregator } = this;
    const found = this.collect();
    const values = [...(found instanceof Promise ? await found : found)];
    return { name, help, type, labelNames, aggregator, values };
  }

  /** Nothing: what has been counted is not forgotten because somebody else's metrics are. */
  reset(): void {
    return undefined;
  }
}

/** Where metrics are added to: a registry of prom-client, such as its own `register`. */
export interface MetricsRegistry {
  /** Takes a {@link MetricFamily}; declared so that every version of prom-client fits. */
  registerMetric(metric: never): void;
  removeSingleMetric(name: string): void;
}

function isRegistry(value: unknown): value is MetricsRegistry {
  if (typeof value !== 'object' || value === null) return false;
  const { registerMetric, removeSingleMetric } = value as Partial<MetricsRegistry>;
  return typeof registerMetric === 'function' && typeof removeSingleMetric === 'function';
}

/** A registry as an option. */
export const metricsRegistrySchema = z
  .custom<MetricsRegistry>(isRegistry, 'should be a registry of prom-client')
  .optional();

/** Adds metrics to a registry. Throws what the registry does where it has one of that name. */
export function addMetrics(registry: MetricsRegistry, families: Iterable<MetricFamily>): void {
  for (const family of families) registry.registerMetric(family as never);
}

/** What counts, and shows what it has counted. */
export interface Meter {
  readonly families: readonly MetricFamily[];
}

/** A meter for each registry, shared by all who add their metrics to it: what was counted stays when one of them ends. */
export class RegistryMeters<Of extends Meter> {
  readonly #meters = new WeakMap<MetricsRegistry, Of>();

  /**
   * @param whose - whose metrics they are, for the error
   * @param make - makes the meter of one more registry
   */
  constructor(
    private readonly whose: string,
    private readonly make: () => Of,
  ) {}

  /**
   * The meter of a registry, which has its metrics from then on.
   * @throws InvalidOptionsError where it has such metrics of somebody else
   */
  of(registry: MetricsRegistry): Of {
    const meter = this.#meters.get(registry) ?? this.make();
    try {
      addMetrics(registry, meter.families);
    } catch (cause) {
      throw new InvalidOptionsError(
        `The registry has metrics of ${this.whose} already, of another copy of this package: give it another registry.`,
        { cause },
      );
    }
    this.#meters.set(registry, meter);
    return meter;
  }
}

/** Those bounds of a {@link TimeHistogram} that are shown: 1, 2.5 and 5 of each decade from 0.5 ms to 100 s. */
const SHOWN: readonly { readonly bucket: number; readonly le: number }[] = [...TIME_BOUNDS_MS.entries()]
  .filter(([bucket, ms]) => ms >= 0.5 && ms <= 100_000 && [0, 3, 5].includes(bucket % 7))
  .map(([bucket, ms]) => ({ bucket, le: ms / 1_000 }));

/** A histogram of times as Prometheus has it, in seconds. */
export function* timeSamples(
  name: string,
  labels: Readonly<Record<string, string>>,
  { buckets, sumMs, count }: TimeHistogram,
): Generator<MetricSample> {
  let upTo = 0;
  let next = 0;
  for (const { bucket, le } of SHOWN) {
    for (; next <= bucket; next++) upTo += buckets[next] ?? 0;
    yield { metricName: `${name}_bucket`, labels: { ...labels, le }, value: upTo };
  }
  yield { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count };
  yield { metricName: `${name}_sum`, labels, value: sumMs / 1_000 };
  yield { metricName: `${name}_count`, labels, value: count };
}
