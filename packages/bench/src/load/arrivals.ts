import type { Received } from '../processes/questions';
import { sharedNowMs } from './one-way';

/** Counts one-way messages as they arrive, and notes when the first and the last of a run did. */
export class Arrivals {
  #count = 0;
  #firstAtMs = 0;
  #expected = Infinity;
  #complete: (received: Received) => void = () => undefined;

  /** A message is here, or several at once. */
  add(count = 1): void {
    if (this.#count === 0) this.#firstAtMs = sharedNowMs();
    this.#count += count;
    if (this.#count < this.#expected) return;
    this.#expected = Infinity;
    this.#complete({ count: this.#count, firstAtMs: this.#firstAtMs, lastAtMs: sharedNowMs() });
  }

  /** Resolves once so many more have arrived. */
  expect(count: number): Promise<Received> {
    this.#count = 0;
    this.#expected = count;
    return new Promise((resolve) => {
      this.#complete = resolve;
    });
  }
}
