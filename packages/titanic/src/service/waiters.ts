import type { RequestStore } from '../store/store';

/** Those who wait for requests to end. Nothing is asked again and again: the store tells. */
export class Waiters {
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #unsubscribe: () => void;
  #count = 0;

  constructor(store: RequestStore) {
    this.#unsubscribe = store.subscribe({ ended: (ids) => this.#ended(ids) });
  }

  /** How many wait. */
  get count(): number {
    return this.#count;
  }

  /**
   * Begins to wait at once, so that an end which comes before the first look is not missed.
   * @returns what resolves, never rejects, when the request may have ended, the time is up or the signal fires
   */
  wait(
    id: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): { readonly ended: Promise<void>; readonly leave: () => void } {
    let leave: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      const timer = setTimeout(() => leave(), timeoutMs);
      const waiters = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiters);
      this.#count++;
      leave = () => {
        if (!waiters.delete(leave)) return;
        this.#count--;
        if (waiters.size === 0 && this.#waiting.get(id) === waiters) this.#waiting.delete(id);
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      waiters.add(leave);
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
    return { ended, leave };
  }

  #ended(ids: readonly string[]): void {
    for (const id of ids) for (const leave of [...(this.#waiting.get(id) ?? [])]) leave();
  }

  /** Lets all go. */
  close(): void {
    this.#unsubscribe();
    for (const waiters of [...this.#waiting.values()]) for (const leave of [...waiters]) leave();
  }
}
