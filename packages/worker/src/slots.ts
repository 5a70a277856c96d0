/** Somebody who may have to wait for a place. */
export interface Waiter {
  /** A place is free, and now the waiter's: it is to be given back with {@link Slots.release}. */
  enter(): void;
}

/** A bounded number of places, given out in the order in which they were asked for. */
export class Slots {
  #count: number;
  #taken = 0;
  /** True while places are given to those who wait: they may give them back before they return. */
  #admitting = false;
  readonly #waiting = new Set<Waiter>();

  constructor(count: number) {
    this.#count = count;
  }

  /** How many places there are. */
  get count(): number {
    return this.#count;
  }

  /** How many wait for a place. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** True where there was a place, which is now the waiter's; otherwise it is told to {@link Waiter.enter} later. */
  take(waiter: Waiter): boolean {
    if (this.#taken < this.#count) {
      this.#taken++;
      return true;
    }
    this.#waiting.add(waiter);
    return false;
  }

  /** The waiter waits no more. */
  giveUp(waiter: Waiter): void {
    this.#waiting.delete(waiter);
  }

  /** Gives a place back; whoever has waited longest gets it. */
  release(): void {
    this.#taken--;
    if (this.#waiting.size > 0) this.#admit();
  }

  /** Sets the number of places. Where more are taken, those are not given out again. */
  resize(count: number): void {
    this.#count = count;
    this.#admit();
  }

  #admit(): void {
    if (this.#admitting) return;
    this.#admitting = true;
    for (const waiter of this.#waiting) {
      if (this.#taken >= this.#count) break;
      this.#waiting.delete(waiter);
      this.#taken++;
      waiter.enter();
    }
    this.#admitting = false;
  }
}
