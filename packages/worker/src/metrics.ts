import {
  MetricFamily,
  RegistryMeters,
  TimeHistogram,
  timeSamples,
  type MetricSample,
  type MetricsRegistry,
  type MetricType,
} from '@majordomo/protocol';
import type { WorkerStats } from './stats';

/** A worker that is measured. */
export interface Measured {
  readonly service: string;
  readonly stats: WorkerStats;
  readonly concurrency: number;
}

/** What is counted, and stays when a worker is closed. */
const COUNTED = ['handled', 'failed', 'dropped', 'reconnects'] as const;
type Counted = Record<(typeof COUNTED)[number], number>;

const newCounted = (): Counted => ({ handled: 0, failed: 0, dropped: 0, reconnects: 0 });

/** What the workers of one service have done, all together. */
class ServiceMeter {
  /** How long handlers ran. */
  readonly times = new TimeHistogram();
  readonly #workers = new Set<Measured>();
  /** Of workers that are closed. */
  readonly #before = newCounted();

  add(worker: Measured): void {
    this.#workers.add(worker);
  }

  remove(worker: Measured): void {
    if (!this.#workers.delete(worker)) return;
    for (const name of COUNTED) this.#before[name] += worker.stats[name];
  }

  counted(name: keyof Counted): number {
    return this.#before[name] + this.sum(({ stats }) => stats[name]);
  }

  sum(of: (worker: Measured) => number): number {
    return [...this.#workers].reduce((total, worker) => total + of(worker), 0);
  }
}

const DURATION = 'majordomo_worker_job_duration_seconds';

/** What the workers of one registry have done, by service. */
export class WorkerMeter {
  readonly #services = new Map<string, ServiceMeter>();
  /** What is shown of it. */
  readonly families = this.#newFamilies();

  static readonly #meters = new RegistryMeters('Majordomo workers', () => new WorkerMeter());

  /**
   * The meter of a registry.
   * @throws InvalidOptionsError where it has such metrics of somebody else
   */
  static of(registry: MetricsRegistry): WorkerMeter {
    return WorkerMeter.#meters.of(registry);
  }

  /** Where the times of the jobs of a service go. */
  timesOf(service: string): TimeHistogram {
    return this.#of(service).times;
  }

  add(worker: Measured): void {
    this.#of(worker.service).add(worker);
  }

  remove(worker: Measured): void {
    this.#of(worker.service).remove(worker);
  }

  #of(service: string): ServiceMeter {
    const meter = this.#services.get(service) ?? new ServiceMeter();
    this.#services.set(service, meter);
    return meter;
  }

  #newFamilies(): MetricFamily[] {
    const family = (
      type: MetricType,
      name: string,
      help: string,
      labels: readonly string[],
      collect: (service: string, meter: ServiceMeter) => Iterable<MetricSample>,
    ): MetricFamily =>
      new MetricFamily({ type, name, help, labelNames: ['service', ...labels] }, () =>
        [...this.#services].flatMap(([service, meter]) => [...collect(service, meter)]),
      );
    const gauge = (name: string, help: string, of: (worker: Measured) => number): MetricFamily =>
      family('gauge', name, help, [], (service, meter) => [{ labels: { service }, value: meter.sum(of) }]);
    return [
      family(
        'counter',
        'majordomo_worker_jobs_total',
        'Requests that ended.',
        ['outcome'],
        (service, meter) =>
          (['handled', 'failed', 'dropped'] as const).map((outcome) => ({
            labels: { service, outcome },
            value: meter.counted(outcome),
          })),
      ),
      family('histogram', DURATION, 'How long handlers ran.', [], (service, { times }) =>
        timeSamples(DURATION, { service }, times),
      ),
      gauge('majordomo_worker_running', 'Handlers that run.', ({ stats }) => stats.running),
      gauge('majordomo_worker_waiting', 'Requests that wait for a place.', ({ stats }) => stats.waiting),
      gauge(
        'majordomo_worker_concurrency',
        'Handlers that run at once at the most.',
        ({ concurrency }) => concurrency,
      ),
      gauge(
        'majordomo_worker_sessions',
        'Sessions registered with brokers.',
        ({ stats }) => stats.registered,
      ),
      family(
        'counter',
        'majordomo_worker_reconnects_total',
        'Connections beyond the first of each session.',
        [],
        (service, meter) => [{ labels: { service }, value: meter.counted('reconnects') }],
      ),
    ];
  }
}

/** The names, types and labels of the metrics of workers. */
export function workerMetrics(): readonly MetricFamily[] {
  return new WorkerMeter().families;
}
