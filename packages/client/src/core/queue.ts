/** Something that can stand in a {@link Queue}, in one at a time; only the queue writes these. */
export interface Queued<T extends Queued<T>> {
  /** The queue that it stands in. */
  queue: Queue<T> | undefined;
  ahead: T | undefined;
  behind: T | undefined;
}

/**
 * Items in order, linked through themselves: adding at either end and leaving from anywhere take constant
 * time. Ten thousand calls that time out together would each search and shift an array.
 */
export class Queue<T extends Queued<T>> implements Iterable<T> {
  #first: T | undefined;
  #last: T | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): T | undefined {
    return this.#first;
  }

  get last(): T | undefined {
    return this.#last;
  }

  /** Adds at the end. */
  push(item: T): void {
    item.queue = this;
    item.ahead = this.#last;
    if (this.#last) this.#last.behind = item;
    else this.#first = item;
    this.#last = item;
    this.#length++;
  }

  /** Adds in front of all others. */
  unshift(item: T): void {
    item.queue = this;
    item.behind = this.#first;
    if (this.#first) this.#first.ahead = item;
    else this.#last = item;
    this.#first = item;
    this.#length++;
  }

  /** Takes an item out; does nothing where it does not stand in this queue. */
  remove(item: T): void {
    if (item.queue !== this) return;
    if (item.ahead) item.ahead.behind = item.behind;
    else this.#first = item.behind;
    if (item.behind) item.behind.ahead = item.ahead;
    else this.#last = item.ahead;
    item.queue = undefined;
    item.ahead = undefined;
    item.behind = undefined;
    this.#length--;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let item = this.#first; item; item = item.behind) yield item;
  }
}
