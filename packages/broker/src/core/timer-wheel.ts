import { LinkedList, type ListNode } from './linked-list';

/** Something that is due at a time. */
export interface Timed {
  /** When, in ms; `Infinity` for never. */
  readonly dueAt: number;
  /** Its place in a {@link TimerWheel}; only the wheel writes it. */
  timer: ListNode<Timed> | undefined;
}

/** Times within one slot are not told apart, in ms. */
const SLOT_MS = 8;
const SLOTS = 4_096;

/**
 * What is due when, in slots of some milliseconds that come round again and again: adding and removing take constant
 * time, however many wait, and looking for what is due costs as much as there are slots passed and items in them.
 * Nothing is due early, and nothing is left out of a look at its time or later.
 */
export class TimerWheel<T extends Timed> {
  readonly #slots: (LinkedList<Timed> | undefined)[] = new Array<LinkedList<Timed> | undefined>(SLOTS).fill(
    undefined,
  );
  #length = 0;
  /** The first slot in which something may still be due, counted from time 0. */
  #next: number;

  constructor(now: number) {
    this.#next = Math.floor(now / SLOT_MS);
  }

  get length(): number {
    return this.#length;
  }

  /** Adds an item; one that is never due is not kept. */
  add(item: T): void {
    if (item.dueAt === Infinity) return;
    const slot = Math.max(this.#next, Math.floor(item.dueAt / SLOT_MS)) % SLOTS;
    const list = (this.#slots[slot] ??= new LinkedList<Timed>());
    item.timer = list.push(item);
    this.#length++;
  }

  /** Takes an item out; does nothing where it is not there. */
  remove(item: T): void {
    if (!item.timer) return;
    item.timer.remove();
    item.timer = undefined;
    this.#length--;
  }

  /** Takes out all that is due by `now`, in about the order of its time. */
  takeDue(now: number): T[] {
    const due: T[] = [];
    const end = Math.floor(now / SLOT_MS);
    const first = Math.max(this.#next, end - SLOTS + 1);
    this.#next = Math.max(this.#next, end);
    if (this.#length === 0) return due;
    for (let slot = first; slot <= end; slot++) {
      for (const item of this.#slots[slot % SLOTS] ?? []) if (item.dueAt <= now) due.push(item as T);
    }
    for (const item of due) this.remove(item);
    return due;
  }
}
