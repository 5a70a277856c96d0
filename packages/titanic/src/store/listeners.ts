import type { MajordomoError } from '@majordomo/protocol';
import type { StoreEvents } from './store';

/** Those who want to hear of a store's events. */
export class Listeners {
  readonly #all = new Set<StoreEvents>();

  /** @returns ends it */
  add(events: StoreEvents): () => void {
    this.#all.add(events);
    return () => this.#all.delete(events);
  }

  due(at: number): void {
    for (const { due } of this.#all) due?.(at);
  }

  committed(operations: number): void {
    for (const { committed } of this.#all) committed?.(operations);
  }

  ended(ids: readonly string[]): void {
    for (const { ended } of this.#all) ended?.(ids);
  }

  missed(): void {
    for (const { missed } of this.#all) missed?.();
  }

  lost(error: MajordomoError): void {
    for (const { lost } of this.#all) lost?.(error);
  }
}
