import { setImmediate } from 'node:timers/promises';
import { addMetrics, type Logger, type MetricFamily } from '@majordomo/protocol';
import { Registry } from 'prom-client';
import { Access, hostOf } from './access';
import { visibilityApp } from './app';
import { DurableDesk } from './durable/desk';
import type { DurableWork } from './durable/durable-work';
import { HttpServer } from './http-server';
import type { Incidents } from './incidents';
import { Live } from './live';
import type { Look } from './look';
import type { LoopWatch } from './loop-watch';
import { newDurablePage, newPage } from './page';
import { readinessOf } from './readiness';
import { Sampler } from './sampler';
import type { Subject } from './subject';

const SECOND_MS = 1_000;

/** All metrics as text, one after the other: with hundreds of services that takes long, and requests come first. */
async function textOf(registry: Registry): Promise<string> {
  const parts: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    parts.push(await registry.getSingleMetricAsString(name));
    await setImmediate();
  }
  return `${parts.join('\n\n')}\n`;
}

/** What is served, and to whom. */
export interface HttpViewOptions {
  /** `HOST:PORT`. */
  readonly http: string;
  readonly httpToken: string | undefined;
  /** How long the broker waits for a word of a peer, in ms. */
  readonly silenceMs: number;
  /** Durable work to be shown, too. */
  readonly durable: DurableWork | undefined;
  readonly logger: Logger;
}

/** A broker shown over HTTP: looks at it once a second, and tells everybody who watches the same. */
export class HttpView {
  readonly #sampler: Sampler;
  readonly #live = new Live();
  readonly #server: HttpServer;
  #timer: NodeJS.Timeout | undefined;
  #address: string | undefined;

  constructor(
    subject: Subject,
    loop: LoopWatch,
    incidents: Incidents,
    families: readonly MetricFamily[],
    look: Look<unknown>,
    private readonly options: HttpViewOptions,
  ) {
    const { http, httpToken, silenceMs, durable, logger } = options;
    const registry = new Registry();
    addMetrics(registry, families);
    this.#sampler = new Sampler(subject, loop, incidents, silenceMs);
    const shown = {
      metrics: async () => ({
        type: registry.contentType,
        text: await look.keep(() => textOf(registry)),
      }),
      readiness: () => readinessOf(subject.facts, loop),
      snapshot: (whole: boolean) => this.#sampler.snapshot(whole),
    };
    const guard = { host: hostOf(http), access: new Access(httpToken) };
    const shownDurable = durable && { desk: new DurableDesk(durable, logger), page: newDurablePage() };
    const page = newPage(shownDurable !== undefined);
    this.#server = new HttpServer(visibilityApp(shown, this.#live, page, guard, shownDurable));
  }

  /** `http://HOST:PORT` as it is bound. */
  get address(): string | undefined {
    return this.#address;
  }

  /** @throws BindError where the address cannot be had */
  async start(): Promise<void> {
    const { http } = this.options;
    this.#address = await this.#server.listen(hostOf(http), Number(http.slice(http.lastIndexOf(':') + 1)));
    this.#timer = setInterval(() => this.#roll(), SECOND_MS);
    this.#timer.unref();
  }

  #roll(): void {
    this.#sampler.roll();
    if (this.#live.listeners > 0) this.#live.tell(JSON.stringify(this.#sampler.snapshot(false)));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#live.close();
    await this.#server.close();
  }
}
