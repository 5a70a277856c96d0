/** A bound on what is sent and not yet confirmed. */
export class Window {
  #open = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /** @param size - confirmations that may be missing at one time */
  constructor(private readonly size: number) {}

  /**
   * Counts one more; a promise where the window is full, until it has room. One that fails fails the next wait.
   */
  add(confirmed: Promise<unknown>): Promise<void> | undefined {
    this.#open++;
    confirmed.then(
      () => this.#close(),
      (error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
        this.#close();
      },
    );
    return this.#open < this.size ? undefined : this.#below(this.size);
  }

  /** Resolves once everything is confirmed. */
  empty(): Promise<void> {
    return this.#below(1);
  }

  async #below(limit: number): Promise<void> {
    while (this.#open >= limit && !this.#failure) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure) throw this.#failure;
  }

  #close(): void {
    this.#open--;
    this.#wake?.();
  }
}
