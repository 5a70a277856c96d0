import type { Backlog, RequestStore, StoreCount } from '../store/store';

/** How long what was seen of a store is as good as new, in ms: all metrics of one scrape show the same. */
const FRESH_MS = 1_000;
/** How long a store may take to say what it has, in ms. */
const PATIENCE_MS = 2_000;

/** What a store has at one moment. */
export interface StoreLook {
  readonly counts: readonly StoreCount[];
  readonly backlog: readonly Backlog[];
  /** By the clock of the store, in ms. */
  readonly at: number;
}

/** Looks at a store for those who watch: one look at a time, and one for all who come within a second. */
export class StoreLooks {
  #latest: Promise<StoreLook | undefined> | undefined;
  #until = 0;

  constructor(private readonly store: RequestStore) {}

  /** What the store has; `undefined` where it does not say so in time. */
  look(): Promise<StoreLook | undefined> {
    if (this.#latest && performance.now() < this.#until) return this.#latest;
    this.#until = Infinity;
    this.#latest = this.#look().finally(() => (this.#until = performance.now() + FRESH_MS));
    return this.#latest;
  }

  async #look(): Promise<StoreLook | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    });
    const both = Promise.all([this.store.stats(), this.store.backlog()]);
    const look = both.then(
      ([counts, backlog]) => ({ counts, backlog, at: this.store.now() }),
      () => undefined,
    );
    try {
      return await Promise.race([look, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
