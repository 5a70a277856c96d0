import type { Client } from '@majordomo/client';
import { setTimeout as delay } from 'node:timers/promises';

/** How long one try to reach a broker may take, in ms. */
const TRY_MS = 2_000;
/** The least time between two tries, in ms. */
const BETWEEN_MS = 250;

/**
 * Knows whether a broker can be reached, and keeps trying while none can. Without one, nothing is claimed: it would only
 * use up attempts.
 */
export class BrokerWatch {
  readonly #client: Client;
  readonly #onUp: () => void;
  readonly #up = new Set<string>();
  readonly #stopped = new AbortController();
  #isTrying = false;

  constructor(client: Client, onUp: () => void) {
    this.#client = client;
    this.#onUp = onUp;
    client.on('brokerUp', ({ endpoint }) => {
      this.#up.add(endpoint);
      this.#onUp();
    });
    client.on('brokerDown', ({ endpoint }) => {
      this.#up.delete(endpoint);
      void this.#try();
    });
  }

  get isUp(): boolean {
    return this.#up.size > 0;
  }

  start(): void {
    void this.#try();
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** A client connects when it is asked for something; what, does not matter. */
  async #try(): Promise<void> {
    const { signal } = this.#stopped;
    if (this.#isTrying) return;
    this.#isTrying = true;
    while (!this.isUp && !signal.aborted) {
      await this.#client
        .request('mmi.service', 'titanic.request', { timeoutMs: TRY_MS, retries: 0, signal })
        .catch(() => undefined);
      if (!this.isUp) await delay(BETWEEN_MS, undefined, { signal }).catch(() => undefined);
    }
    this.#isTrying = false;
  }
}
