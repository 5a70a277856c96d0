import { isEnded } from '../core/lifecycle';
import type { RequestStore } from '../store/store';

/**
 * Those who wait for requests to end. Nothing is asked again and again: the store tells, and where it may have missed an
 * end of another's making, it says that.
 */
export class Waiters {
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #store: RequestStore;
  readonly #unsubscribe: () => void;
  #count = 0;
  #isLooking = false;

  constructor(store: RequestStore) {
    this.#store = store;
    this.#unsubscribe = store.subscribe({
      ended: (ids) => this.#ended(ids),
      missed: () => void this.#look(),
    });
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

  /** Looks for those that have ended, or are gone. A store that fails now is looked at when it says so again. */
  async #look(): Promise<void> {
    if (this.#isLooking || this.#count === 0) return;
    this.#isLooking = true;
    const ids = [...this.#waiting.keys()];
    const found = await this.#store.read(ids, []).catch(() => undefined);
    this.#isLooking = false;
    this.#ended(ids.filter((_, index) => found && isEnded(found[index]?.state ?? 'done')));
  }

  /** Lets all go. */
  close(): void {
    this.#unsubscribe();
    for (const waiters of [...this.#waiting.values()]) for (const leave of [...waiters]) leave();
  }
}
