import { Violation } from './checks/violation';

/** Something that will happen; it can be called off. */
export interface Entry {
  readonly at: number;
  readonly order: number;
  readonly what: () => void;
  off: boolean;
}

/** As many things may happen at one time: more than any world has to do. */
const AT_ONCE_MAX = 20_000;

/** Times are multiples of this, in ms: a power of two, so that sums of them are exact. */
export const TIME_STEP_MS = 1 / 64;

/** A length of time as a multiple of {@link TIME_STEP_MS}. */
export function quantized(ms: number): number {
  return Math.round(ms / TIME_STEP_MS) * TIME_STEP_MS;
}

/**
 * The clock of a world and all that is still to happen in it, in the order of time; of two things at one time, what was
 * planned first. Nothing else moves the clock.
 */
export class Agenda {
  #now = 0;
  #planned = 0;
  /** A heap: each entry is no later than the two below it. */
  readonly #heap: Entry[] = [];

  /** The time in ms since the world began. */
  get now(): number {
    return this.#now;
  }

  get length(): number {
    return this.#heap.length;
  }

  /** Plans something for a time, now at the earliest. */
  at(time: number, what: () => void): Entry {
    const entry = { at: time > this.#now ? time : this.#now, order: this.#planned++, what, off: false };
    this.#rise(entry);
    return entry;
  }

  /** Plans something for so many ms from now. */
  in(ms: number, what: () => void): Entry {
    return this.at(this.#now + ms, what);
  }

  /** Lets everything happen until a time, which is the time then. */
  runUntil(time: number): void {
    let atOnce = 0;
    for (let next = this.#heap[0]; next && next.at <= time; next = this.#heap[0]) {
      this.#drop();
      if (next.off) continue;
      if (next.at > this.#now) atOnce = 0;
      else if (++atOnce > AT_ONCE_MAX)
        throw new Violation('stuck', 'time does not go on: things happen in circles');
      this.#now = next.at;
      next.what();
    }
    this.#now = time;
  }

  #rise(entry: Entry): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(entry);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = heap[above] as Entry;
      if (!before(entry, other)) break;
      heap[place] = other;
      place = above;
    }
    heap[place] = entry;
  }

  #drop(): void {
    const heap = this.#heap;
    const entry = heap.pop() as Entry;
    const { length } = heap;
    if (length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= length) break;
      if (below + 1 < length && before(heap[below + 1] as Entry, heap[below] as Entry)) below++;
      const other = heap[below] as Entry;
      if (!before(other, entry)) break;
      heap[place] = other;
      place = below;
    }
    heap[place] = entry;
  }
}

function before(left: Entry, right: Entry): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}
