import { Client } from '@majordomo/client';
import { Worker } from '@majordomo/worker';
import { build, type Histogram } from 'hdr-histogram-js';
import { explain } from './finding';

/** What well-behaved clients and workers speak. */
const CLIENT_PROTOCOLS = ['packed', 'mdp/0.2', 'mdp/0.1'] as const;
const WORKER_PROTOCOLS = ['packed', 'mdp/0.2', 'mdp/0.1'] as const;

/** A request that is not answered within this is one that was not answered. */
const TIMEOUT_MS = 10_000;
/** Failures that are told of; all are counted. */
const FAILURES_MAX = 10;

const serviceOf = (protocol: string): string => `bystander ${protocol}`;

/** Clients and workers of every dialect that go on with their work, whatever others do to their broker. */
export class Bystanders {
  /** Answered requests by their time, in µs. */
  readonly latency: Histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 120_000_000 });
  /** Requests that failed, or had the answer of another one. */
  readonly failures: string[] = [];
  failed = 0;
  readonly #clients: readonly Client[];
  readonly #workers: readonly Worker[];
  #running = true;
  #loops: Promise<unknown> = Promise.resolve();

  private constructor(brokers: readonly string[]) {
    const common = { brokers: [...brokers], reconnectMinMs: 10, heartbeatMs: 1_000, liveness: 10 };
    this.#clients = CLIENT_PROTOCOLS.map((protocol) => new Client({ ...common, protocol, retries: 0 }));
    this.#workers = WORKER_PROTOCOLS.map(
      (protocol) =>
        new Worker(serviceOf(protocol), ({ body }) => body, { ...common, protocol, concurrency: 4 }),
    );
  }

  /** Connects, waits until every worker is registered, and begins to ask. */
  static async start(broker: string): Promise<Bystanders> {
    const bystanders = new Bystanders([broker]);
    await Promise.all(
      bystanders.#workers.map(async (worker) => {
        const registered = new Promise((resolve) => worker.once('registered', resolve));
        await worker.start();
        await registered;
      }),
    );
    bystanders.#begin();
    return bystanders;
  }

  /** How many workers they are: plain ones register once for each request that they take at a time. */
  readonly workers = WORKER_PROTOCOLS.length - 2 + 2 * 4;
  /** Packed clients among them. */
  readonly sessions = 1;
  readonly services = WORKER_PROTOCOLS.length;

  #begin(): void {
    this.#loops = Promise.all(
      this.#clients.flatMap((client, number) =>
        WORKER_PROTOCOLS.map((protocol) => this.#ask(client, serviceOf(protocol), `${number} ${protocol}`)),
      ),
    );
  }

  async #ask(client: Client, service: string, name: string): Promise<void> {
    for (let number = 0; this.#running; number++) {
      const body = `${name}, ${number}`;
      const startedAt = performance.now();
      try {
        const reply = await client.request(service, body, { timeoutMs: TIMEOUT_MS });
        if (reply.text() !== body) throw new Error(`answered with ${reply.text()}`);
        this.latency.recordValue(Math.max(1, Math.round((performance.now() - startedAt) * 1_000)));
      } catch (error) {
        this.failed++;
        if (this.failures.length < FAILURES_MAX) this.failures.push(`${body}: ${explain(error)}`);
      }
      // One client after another, and not as fast as they can: they are here to be disturbed.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Finishes what was asked, and asks no more. */
  async pause(): Promise<void> {
    this.#running = false;
    await this.#loops;
  }

  resume(): void {
    this.#running = true;
    this.#begin();
  }

  /** Leaves; what is still under way fails. */
  async stop(): Promise<void> {
    this.#running = false;
    for (const client of this.#clients) client.close();
    await this.#loops;
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }
}
