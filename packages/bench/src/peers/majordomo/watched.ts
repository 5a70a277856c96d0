import type { ClientOptions } from '@majordomo/client';
import type { PartParams } from '../part';

/** How often the metrics of a broker are read, in ms: fifteen times as often as Prometheus does by default. */
const SCRAPE_MS = 1_000;

/** What client and worker are watched with. */
export type Watching = Pick<ClientOptions, 'metrics' | 'tracing'>;

/** What a part is to be watched with; nothing of it is loaded where nothing is. */
export async function watching({ watched }: PartParams): Promise<Watching> {
  if (watched === 'metrics') {
    const { register } = await import('prom-client');
    return { metrics: register };
  }
  return watched === 'tracing' ? { tracing: await startTracing() } : {};
}

/** Every call is traced, and what is traced is thrown away in batches. */
async function startTracing(): Promise<NonNullable<Watching['tracing']>> {
  const otel = await import('@opentelemetry/api');
  const { BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base');
  const { NodeTracerProvider } = await import('@opentelemetry/sdk-trace-node');
  const nowhere = {
    export: (_spans: unknown, done: (result: { code: 0 }) => void) => done({ code: 0 }),
    shutdown: async () => undefined,
  };
  new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(nowhere)] }).register();
  return otel;
}

/** Reads the metrics that are served at an address again and again; returns what ends it. */
export function scrape(address: string): () => void {
  const timer = setInterval(() => {
    fetch(`${address}/metrics`)
      .then((response) => response.text())
      // The broker may be closing.
      .catch(() => undefined);
  }, SCRAPE_MS);
  return () => clearInterval(timer);
}
