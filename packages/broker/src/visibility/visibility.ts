import { addMetrics, InvalidOptionsError, type MetricFamily } from '@majordomo/protocol';
import type { BrokerEvent } from '../core/outbound';
import type { ResolvedBrokerOptions } from '../shell/options';
import { hostOf, isLoopback } from './access';
import type { HttpView } from './http-view';
import { Incidents } from './incidents';
import { Look } from './look';
import { LoopWatch } from './loop-watch';
import { newLosses } from './losses';
import { brokerMetrics } from './metrics';
import { Scrape } from './scrape';
import type { BrokerFacts, CoreView, Subject } from './subject';
import { Traffic } from './traffic';

type Options = Pick<
  ResolvedBrokerOptions,
  'http' | 'metrics' | 'heartbeatMs' | 'liveness' | 'logger' | 'durable'
>;

/**
 * What is seen of a broker from outside: metrics in a registry of the user's, and over HTTP metrics, health and the
 * dashboard. It reads what the core keeps anyway, and counts what passes through the shell.
 */
export class Visibility {
  readonly received = new Traffic();
  readonly sent = new Traffic();
  readonly #lost = newLosses();
  readonly #incidents = new Incidents();
  readonly #loop = new LoopWatch();
  readonly #subject: Subject;
  readonly #look: Look<Scrape>;
  readonly #families: readonly MetricFamily[];
  /** Those that have been added to the user's registry. */
  #added = false;
  #stopped = false;
  #httpView: HttpView | undefined;

  constructor(
    private readonly options: Options,
    private readonly httpToken: string | undefined,
    core: CoreView,
    facts: BrokerFacts,
  ) {
    const { received, sent } = this;
    this.#subject = { core, facts, received, sent, lost: this.#lost };
    this.#look = new Look(() => new Scrape(core, facts.now()));
    this.#families = brokerMetrics(this.#subject, this.#loop, this.#look);
  }

  /** True where the options ask for anything of this. */
  static isWanted({ http, metrics }: Pick<Options, 'http' | 'metrics'>): boolean {
    return http !== undefined || metrics !== undefined;
  }

  /** Where it is served, `http://HOST:PORT`, once it is. */
  get address(): string | undefined {
    return this.#httpView?.address;
  }

  /**
   * @throws BindError where the address cannot be had
   * @throws InvalidOptionsError where the registry has such metrics already
   */
  async start(): Promise<void> {
    if (this.#stopped) return;
    this.#loop.start();
    this.#register();
    const { http, heartbeatMs, liveness, logger, durable } = this.options;
    const { httpToken } = this;
    if (http === undefined) return;
    // Loaded by those who serve it and nobody else.
    const { HttpView } = await import('./http-view');
    this.#httpView = new HttpView(this.#subject, this.#loop, this.#incidents, this.#families, this.#look, {
      http,
      httpToken,
      silenceMs: heartbeatMs * liveness,
      durable,
      logger,
    });
    await this.#httpView.start();
    if (this.#stopped) await this.#httpView.stop();
    logger.info({ event: 'httpListening', address: this.address }, 'metrics and dashboard');
    if (httpToken === undefined && !isLoopback(hostOf(http)))
      logger.warn(
        { event: 'httpOpen', address: this.address },
        'metrics and dashboard can be read by everybody who reaches this address: give a token, or listen on loopback',
      );
  }

  #register(): void {
    const { metrics: registry } = this.options;
    if (!registry) return;
    try {
      addMetrics(registry, this.#families);
      this.#added = true;
    } catch (cause) {
      throw new InvalidOptionsError(
        'The registry has metrics of a Majordomo broker already: give each broker of a process a registry of its own.',
        { cause },
      );
    }
  }

  /** Something happened in the broker. */
  note(event: BrokerEvent): void {
    if (event.type === 'workerLost') this.#lost[event.reason]++;
    this.#incidents.add(event, Date.now());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#loop.stop();
    if (this.#added) for (const { name } of this.#families) this.options.metrics?.removeSingleMetric(name);
    this.#added = false;
    await this.#httpView?.stop();
  }
}
