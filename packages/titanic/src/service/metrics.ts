import {
  ERROR_CODES,
  MetricFamily,
  RegistryMeters,
  TimeHistogram,
  timeSamples,
  type MetricSample,
  type MetricsRegistry,
  type MetricType,
} from '@majordomo/protocol';
import { CRON_SERVICE } from '../core/terms';
import type { Backlog, RequestStore } from '../store/store';
import { sizeSamples, Sums } from './samples';
import { ENDED, LEASES, ServiceMeter, SizeHistogram, SUBMITTED } from './service-meter';
import { StoreLooks, type StoreLook } from './store-looks';

/** The label of all services without one of their own. */
export const OTHER = 'other';

/** A titanic that is measured. */
export interface Measured {
  readonly store: RequestStore;
  /** Requests in hand. */
  readonly running: number;
  /** Clients that wait for a reply. */
  readonly waiting: number;
}

/** The codes that a dead letter may have as a label: a worker's own are none. */
const CODES = new Set<string>([...ERROR_CODES, 'LEASE_LOST']);

const PREFIX = 'majordomo_titanic_';

/** What the titanics of one registry have done, all together: what is counted stays when one is closed. */
export class TitanicMeter {
  readonly commits = new SizeHistogram();
  readonly #other = new ServiceMeter();
  readonly #services = new Map<string, ServiceMeter>([[CRON_SERVICE, new ServiceMeter()]]);
  #servicesMax = 0;
  readonly #operations = new Map<string, TimeHistogram>();
  readonly #errors = new Map<string, { operation: string; code: string; count: number }>();
  readonly #titanics = new Set<Measured>();
  readonly #looks = new Map<RequestStore, StoreLooks>();
  /** What is shown of it. */
  readonly families = this.#newFamilies();

  static readonly #meters = new RegistryMeters('titanics', () => new TitanicMeter());

  /**
   * The meter of a registry.
   * @throws InvalidOptionsError where it has such metrics of somebody else
   */
  static of(registry: MetricsRegistry): TitanicMeter {
    return TitanicMeter.#meters.of(registry);
  }

  add(titanic: Measured): void {
    this.#titanics.add(titanic);
    const { store } = titanic;
    if (!this.#looks.has(store)) this.#looks.set(store, new StoreLooks(store));
  }

  remove(titanic: Measured): void {
    this.#titanics.delete(titanic);
    const isStill = [...this.#titanics].some(({ store }) => store === titanic.store);
    if (!isStill) this.#looks.delete(titanic.store);
  }

  /** Gives services labels of their own, as far as there is room: `max` in all, the schedules aside. */
  label(services: Iterable<string>, max = this.#servicesMax): void {
    this.#servicesMax = Math.max(this.#servicesMax, max);
    for (const service of services) {
      if (this.#services.size > this.#servicesMax) return;
      if (!this.#services.has(service)) this.#services.set(service, new ServiceMeter());
    }
  }

  /** Where a service is counted. */
  of(service: string): ServiceMeter {
    return this.#services.get(service) ?? this.#other;
  }

  /** A request of a service is a dead letter, by an error of that code. */
  died(service: string, code: string): void {
    const { dead } = this.of(service);
    const label = (CODES.has(code) ? code : OTHER).toLowerCase();
    dead.set(label, (dead.get(label) ?? 0) + 1);
  }

  /** An operation of a store took so long, in ms. */
  took(operation: string, ms: number): void {
    let times = this.#operations.get(operation);
    if (!times) this.#operations.set(operation, (times = new TimeHistogram()));
    times.record(ms);
  }

  /** An operation of a store was rejected. */
  failed(operation: string, code: string): void {
    const key = `${operation} ${code}`;
    const entry = this.#errors.get(key);
    if (entry) entry.count++;
    else this.#errors.set(key, { operation, code: code.toLowerCase(), count: 1 });
  }

  #labelOf(service: string): string {
    return this.#services.has(service) ? service : OTHER;
  }

  #newFamilies(): MetricFamily[] {
    return [...this.#aboutRequests(), ...this.#aboutStores(), ...this.#aboutNow(), ...this.#standing()];
  }

  /** A family with a value, or some, of each service. */
  #ofServices(
    type: MetricType,
    name: string,
    help: string,
    labels: readonly string[],
    collect: (service: string, meter: ServiceMeter) => Iterable<MetricSample>,
  ): MetricFamily {
    const definition = { type, name: PREFIX + name, help, labelNames: ['service', ...labels] };
    return new MetricFamily(definition, () =>
      [...this.#services, [OTHER, this.#other] as const].flatMap(([service, meter]) => [
        ...collect(service, meter),
      ]),
    );
  }

  #aboutRequests(): MetricFamily[] {
    const counter = (name: string, help: string, of: (meter: ServiceMeter) => number): MetricFamily =>
      this.#ofServices('counter', name, help, [], (service, meter) => [
        { labels: { service }, value: of(meter) },
      ]);
    const times = (name: string, help: string, of: (meter: ServiceMeter) => TimeHistogram): MetricFamily =>
      this.#ofServices('histogram', name, help, [], (service, meter) =>
        timeSamples(PREFIX + name, { service }, of(meter)),
      );
    return [
      this.#ofServices(
        'counter',
        'submissions_total',
        'Requests that were submitted.',
        ['outcome'],
        (service, meter) =>
          SUBMITTED.map((outcome) => ({ labels: { service, outcome }, value: meter.submitted[outcome] })),
      ),
      counter('claims_total', 'Requests that were claimed.', ({ claimed }) => claimed),
      this.#ofServices('counter', 'attempts_total', 'Claims that ended.', ['outcome'], (service, meter) =>
        ENDED.map((outcome) => ({ labels: { service, outcome }, value: meter.ended[outcome] })),
      ),
      times('lateness_seconds', 'From the due time to the claim.', ({ lateness }) => lateness),
      times('attempt_duration_seconds', 'From the claim to its outcome on disk.', ({ attempts }) => attempts),
      this.#ofServices(
        'counter',
        'dead_letters_total',
        'Requests that failed for good.',
        ['code'],
        (service, { dead }) => [...dead].map(([code, value]) => ({ labels: { service, code }, value })),
      ),
      counter('expired_total', 'Requests that outlived their time.', ({ expired }) => expired),
      this.#ofServices('counter', 'leases_lost_total', 'Leases that were lost.', ['how'], (service, meter) =>
        LEASES.map((how) => ({ labels: { service, how }, value: meter.leases[how] })),
      ),
      counter(
        'throttles_total',
        'Claims that left something due behind, because of a pace or a pause.',
        ({ throttled }) => throttled,
      ),
    ];
  }

  #aboutStores(): MetricFamily[] {
    const operation = `${PREFIX}store_operation_seconds`;
    const commit = `${PREFIX}store_commit_operations`;
    const { commits } = this;
    return [
      new MetricFamily(
        {
          type: 'histogram',
          name: operation,
          help: 'How long operations of the store took.',
          labelNames: ['operation'],
        },
        () =>
          [...this.#operations].flatMap(([name, times]) => [
            ...timeSamples(operation, { operation: name }, times),
          ]),
      ),
      new MetricFamily(
        {
          type: 'counter',
          name: `${PREFIX}store_errors_total`,
          help: 'Operations that the store rejected.',
          labelNames: ['operation', 'code'],
        },
        () =>
          [...this.#errors.values()].map(({ count, ...labels }) => ({ labels: { ...labels }, value: count })),
      ),
      new MetricFamily(
        { type: 'histogram', name: commit, help: 'Operations that shared a commit.', labelNames: [] },
        () => sizeSamples(commit, commits),
      ),
    ];
  }

  #aboutNow(): MetricFamily[] {
    const gauge = (name: string, help: string, of: (titanic: Measured) => number): MetricFamily =>
      new MetricFamily({ type: 'gauge', name: PREFIX + name, help, labelNames: [] }, () => [
        { labels: {}, value: [...this.#titanics].reduce((sum, titanic) => sum + of(titanic), 0) },
      ]);
    return [
      gauge('in_hand', 'Requests that these titanics have in hand.', ({ running }) => running),
      gauge('waits', 'Clients that wait for a reply.', ({ waiting }) => waiting),
    ];
  }

  /** What the stores hold. A store that does not answer is left out. */
  #standing(): MetricFamily[] {
    const family = (
      name: string,
      help: string,
      labels: readonly string[],
      collect: (looks: readonly StoreLook[]) => Sums,
    ): MetricFamily => {
      const labelNames = ['service', ...labels];
      return new MetricFamily({ type: 'gauge', name: PREFIX + name, help, labelNames }, async () => {
        const looks = await Promise.all([...this.#looks.values()].map((store) => store.look()));
        return collect(looks.filter((look) => look !== undefined)).samples;
      });
    };
    const counts = (name: string, help: string, of: 'requests' | 'bytes'): MetricFamily =>
      family(name, help, ['state'], (looks) => {
        const sums = new Sums();
        for (const { counts: found } of looks)
          for (const { service, state, ...count } of found)
            sums.add({ service: this.#labelOf(service), state }, count[of]);
        return sums;
      });
    const backlog = (
      name: string,
      help: string,
      of: (backlog: Backlog, at: number) => number,
      join?: (one: number, other: number) => number,
    ): MetricFamily =>
      family(name, help, [], (looks) => {
        const sums = new Sums(join);
        for (const { backlog: found, at } of looks)
          for (const each of found) sums.add({ service: this.#labelOf(each.service) }, of(each, at));
        return sums;
      });
    return [
      counts('requests', 'Requests in the store.', 'requests'),
      counts('bytes', 'Bytes of bodies and replies in the store.', 'bytes'),
      backlog('due', 'Requests whose time has come, and that have not been tried.', ({ due }) => due),
      backlog('retrying', 'Requests that wait for another attempt.', ({ retrying }) => retrying),
      backlog(
        'oldest_due_seconds',
        'How long the request that was due first has been due.',
        ({ oldestDueAt }, at) => Math.max(0, at - (oldestDueAt ?? at)) / 1_000,
        Math.max,
      ),
    ];
  }
}

/** The names, types and labels of the metrics of titanics. */
export function titanicMetrics(): readonly MetricFamily[] {
  return new TitanicMeter().families;
}
