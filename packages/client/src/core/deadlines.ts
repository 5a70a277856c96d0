/** Something that is to happen at a time; the queue keeps its place in `slot`. */
export interface Timed {
  /** When, in ms; changed only through {@link Deadlines.set}. */
  dueAt: number;
  /** Where it stands in the queue; −1 where it does not. */
  slot: number;
}

/**
 * What is due when, soonest first: a binary heap in which every item knows its place, so that what has been
 * answered leaves at once and nothing lingers until its time. Set and remove cost O(log n).
 */
export class Deadlines<T extends Timed> {
  readonly #heap: T[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the soonest is due, or `Infinity`. */
  get nextAt(): number {
    return this.#heap[0]?.dueAt ?? Infinity;
  }

  /** Adds an item, or moves it to another time. `Infinity` takes it out. */
  set(item: T, dueAt: number): void {
    this.remove(item);
    item.dueAt = dueAt;
    if (dueAt === Infinity) return;
    item.slot = this.#heap.length;
    this.#heap.push(item);
    this.#rise(item);
  }

  remove(item: T): void {
    const { slot } = item;
    if (slot < 0) return;
    item.slot = -1;
    const last = this.#heap.pop();
    if (!last || last === item) return;
    this.#put(last, slot);
    this.#rise(last);
    this.#sink(last);
  }

  /** Takes out the soonest item where it is due by `now`. */
  takeDue(now: number): T | undefined {
    const item = this.#heap[0];
    if (!item || item.dueAt > now) return undefined;
    this.remove(item);
    return item;
  }

  #put(item: T, slot: number): void {
    this.#heap[slot] = item;
    item.slot = slot;
  }

  #rise(item: T): void {
    while (item.slot > 0) {
      const parent = this.#heap[(item.slot - 1) >> 1];
      if (!parent || parent.dueAt <= item.dueAt) return;
      this.#swap(parent, item);
    }
  }

  #sink(item: T): void {
    for (;;) {
      const left = this.#heap[item.slot * 2 + 1];
      const right = this.#heap[item.slot * 2 + 2];
      const sooner = right && left && right.dueAt < left.dueAt ? right : left;
      if (!sooner || sooner.dueAt >= item.dueAt) return;
      this.#swap(item, sooner);
    }
  }

  #swap(upper: T, lower: T): void {
    const { slot } = upper;
    this.#put(upper, lower.slot);
    this.#put(lower, slot);
  }
}
