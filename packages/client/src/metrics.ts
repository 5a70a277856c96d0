import {
  isMajordomoError,
  MetricFamily,
  RegistryMeters,
  TimeHistogram,
  timeSamples,
  type ErrorCode,
  type MetricSample,
  type MetricsRegistry,
  type MetricType,
} from '@majordomo/protocol';

/** How a call ended: with its reply, or with an error of that code. */
export type CallOutcome = 'replied' | ErrorCode;

/** A client that is measured. */
export interface Measured {
  readonly pending: number;
  readonly sockets: number;
}

const DURATION = 'majordomo_client_call_duration_seconds';

/** What the clients of one registry have done, all together: what is counted stays when a client is closed. */
export class ClientMeter {
  readonly #times = new TimeHistogram();
  #replied = 0;
  readonly #errors = new Map<ErrorCode, number>();
  readonly #clients = new Set<Measured>();
  /** What is shown of it. */
  readonly families = this.#newFamilies();

  static readonly #meters = new RegistryMeters('Majordomo clients', () => new ClientMeter());

  /**
   * The meter of a registry.
   * @throws InvalidOptionsError where it has such metrics of somebody else
   */
  static of(registry: MetricsRegistry): ClientMeter {
    return ClientMeter.#meters.of(registry);
  }

  add(client: Measured): void {
    this.#clients.add(client);
  }

  remove(client: Measured): void {
    this.#clients.delete(client);
  }

  /** A call has ended; it took so long, in ms. */
  ended(outcome: CallOutcome, ms: number): void {
    if (outcome === 'replied') this.#replied++;
    else this.#count(outcome);
    this.#times.record(ms);
  }

  /** A call was not taken: it counts, and took no time. */
  refused(error: unknown): void {
    if (isMajordomoError(error)) this.#count(error.code);
  }

  #count(code: ErrorCode): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  #newFamilies(): MetricFamily[] {
    const sum = (of: (client: Measured) => number): number =>
      [...this.#clients].reduce((total, client) => total + of(client), 0);
    const family = (
      type: MetricType,
      name: string,
      help: string,
      labelNames: readonly string[],
      collect: () => Iterable<MetricSample>,
    ): MetricFamily => new MetricFamily({ type, name, help, labelNames }, collect);
    return [
      family('counter', 'majordomo_client_calls_total', 'Calls that ended.', ['outcome'], () =>
        [['replied', this.#replied] as const, ...this.#errors].map(([outcome, value]) => ({
          labels: { outcome: outcome.toLowerCase() },
          value,
        })),
      ),
      family('histogram', DURATION, 'From the call to its end.', [], () =>
        timeSamples(DURATION, {}, this.#times),
      ),
      family('gauge', 'majordomo_client_pending', 'Calls that have not ended.', [], () => [
        { labels: {}, value: sum(({ pending }) => pending) },
      ]),
      family('gauge', 'majordomo_client_connections', 'Connections, opening ones included.', [], () => [
        { labels: {}, value: sum(({ sockets }) => sockets) },
      ]),
    ];
  }
}

/** The names, types and labels of the metrics of clients. */
export function clientMetrics(): readonly MetricFamily[] {
  return new ClientMeter().families;
}
