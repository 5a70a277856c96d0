/** Something that is to happen at a time; the deadlines keep its place in it. */
export interface Timed<T extends Timed<T>> {
  /** When, in ms; changed only through {@link Deadlines.set}. */
  dueAt: number;
  /** Where it stands in the heap; −1 where it does not. */
  slot: number;
  /** The lane that it stands in, and its neighbours there. */
  lane: Lane<T> | undefined;
  sooner: T | undefined;
  later: T | undefined;
}

/** Items in the order of their time, linked through themselves. */
export class Lane<T extends Timed<T>> {
  first: T | undefined = undefined;
  last: T | undefined = undefined;

  /** Adds an item that is due no sooner than the last. */
  push(item: T): void {
    const { last } = this;
    item.lane = this;
    item.sooner = last;
    if (last === undefined) this.first = item;
    else last.later = item;
    this.last = item;
  }

  remove(item: T): void {
    const { sooner, later } = item;
    if (sooner === undefined) this.first = later;
    else sooner.later = later;
    if (later === undefined) this.last = sooner;
    else later.sooner = sooner;
    item.lane = undefined;
    item.sooner = undefined;
    item.later = undefined;
  }
}

/** As many different timeouts in use at one time cost nothing; more cost O(log n) each. */
const LANES = 4;

/**
 * What is due when, soonest first. Most calls have the same timeout, so that each is due after all before it: it
 * is put at the end of a lane, whose last is due no later. An item that fits no lane goes into a heap, in which every
 * item knows its place. What has been answered leaves at once, and nothing lingers until its time.
 */
export class Deadlines<T extends Timed<T>> {
  readonly #lanes: readonly Lane<T>[] = Array.from({ length: LANES }, () => new Lane<T>());
  readonly #heap: T[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** When the soonest is due, or `Infinity`. */
  get nextAt(): number {
    return this.#soonest()?.dueAt ?? Infinity;
  }

  /** Adds an item, or moves it to another time. `Infinity` takes it out. */
  set(item: T, dueAt: number): void {
    this.remove(item);
    item.dueAt = dueAt;
    if (dueAt === Infinity) return;
    this.#size++;
    const lane = this.#fitting(dueAt);
    if (lane !== undefined) {
      lane.push(item);
      return;
    }
    item.slot = this.#heap.length;
    this.#heap.push(item);
    this.#rise(item);
  }

  remove(item: T): void {
    const { lane } = item;
    if (lane !== undefined) lane.remove(item);
    else if (item.slot >= 0) this.#removeFromHeap(item);
    else return;
    this.#size--;
  }

  /** Takes out the soonest item where it is due by `now`. */
  takeDue(now: number): T | undefined {
    const item = this.#soonest();
    if (item === undefined || item.dueAt > now) return undefined;
    this.remove(item);
    return item;
  }

  #soonest(): T | undefined {
    let soonest = this.#heap[0];
    for (const { first } of this.#lanes) {
      if (first !== undefined && (soonest === undefined || first.dueAt < soonest.dueAt)) soonest = first;
    }
    return soonest;
  }

  /** The lane whose last item is due closest before; an empty one where there is none such. */
  #fitting(dueAt: number): Lane<T> | undefined {
    let fitting: Lane<T> | undefined;
    let closest = -Infinity;
    for (const lane of this.#lanes) {
      const lastAt = lane.last === undefined ? -Infinity : lane.last.dueAt;
      if (lastAt > dueAt || (fitting !== undefined && lastAt <= closest)) continue;
      fitting = lane;
      closest = lastAt;
    }
    return fitting;
  }

  #removeFromHeap(item: T): void {
    const { slot } = item;
    item.slot = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === item) return;
    this.#put(last, slot);
    this.#rise(last);
    this.#sink(last);
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
