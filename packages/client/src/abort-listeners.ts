/**
 * Who wants to know when a signal fires: one listener per signal, however many calls share it. Node takes
 * more than ten on one signal for a leak and warns.
 */
export class AbortListeners {
  readonly #bySignal = new Map<AbortSignal, Set<() => void>>();

  /** Calls `aborted` when the signal fires, unless the function that is returned was called before. */
  add(signal: AbortSignal, aborted: () => void): () => void {
    const listeners = this.#bySignal.get(signal) ?? this.#listen(signal);
    listeners.add(aborted);
    return () => {
      listeners.delete(aborted);
      if (listeners.size === 0) this.#forget(signal, listeners);
    };
  }

  #listen(signal: AbortSignal): Set<() => void> {
    const listeners = new Set<() => void>();
    this.#bySignal.set(signal, listeners);
    signal.addEventListener('abort', this.#fired, { once: true });
    return listeners;
  }

  readonly #fired = (event: Event): void => {
    const signal = event.target as AbortSignal;
    const listeners = this.#bySignal.get(signal) ?? [];
    this.#bySignal.delete(signal);
    for (const aborted of listeners) aborted();
  };

  #forget(signal: AbortSignal, listeners: Set<() => void>): void {
    if (this.#bySignal.get(signal) !== listeners) return;
    this.#bySignal.delete(signal);
    signal.removeEventListener('abort', this.#fired);
  }
}
