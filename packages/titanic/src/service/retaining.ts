import { isMajordomoError, type Logger } from '@majordomo/protocol';
import type { Retention } from '../core/retention';
import type { RequestStore } from '../store/store';

/** How often old requests are removed, in ms. */
const EVERY_MS = 30_000;
/** The pause between two steps where there is more, in ms. */
const PAUSE_MS = 50;

/** Removes what is to be kept no longer, now and then, in steps. */
export class Retaining {
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(
    private readonly store: RequestStore,
    private readonly retention: Retention,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.#again(PAUSE_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #again(waitMs: number): void {
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#step(), waitMs);
  }

  async #step(): Promise<void> {
    try {
      const { more } = await this.store.purge(this.retention);
      this.#again(more ? PAUSE_MS : EVERY_MS);
    } catch (error) {
      if (isMajordomoError(error, 'CLOSED')) return;
      this.logger.error({ event: 'purgeFailed', err: error }, 'old requests could not be removed');
      this.#again(EVERY_MS);
    }
  }
}
