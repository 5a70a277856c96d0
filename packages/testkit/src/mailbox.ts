import { clearTimeout, setTimeout } from 'node:timers';
import { errorAt } from './error-at';

interface Waiter<T> {
  match: (item: T) => boolean;
  /** A peeking waiter learns of the item but leaves it for others. */
  peek: boolean;
  found: (item: T) => void;
  failed: (reason: string) => void;
}

/** A queue that keeps everything until somebody asks for it; several may wait at once, first come first served. */
export class Mailbox<T> {
  readonly #name: string;
  readonly #show: (item: T) => string;
  readonly #items: T[] = [];
  readonly #waiters = new Set<Waiter<T>>();
  #closedBecause: string | undefined;

  /** `name` and `show` make the messages of failures readable. */
  constructor(name: string, show: (item: T) => string) {
    this.#name = name;
    this.#show = show;
  }

  /** Items that nobody has taken yet. */
  get length(): number {
    return this.#items.length;
  }

  /** Hands the item to the first waiter it matches, or keeps it. */
  push(item: T): void {
    for (const waiter of [...this.#waiters]) {
      if (!waiter.match(item)) continue;
      waiter.found(item);
      if (!waiter.peek) return;
    }
    this.#items.push(item);
  }

  /**
   * The oldest item that matches, removed; throws, naming `what`, when none arrives in `timeoutMs`.
   * With `dropEarlier` the items in front of it are removed as well.
   */
  async take(
    what: string,
    timeoutMs: number,
    match: (item: T) => boolean = () => true,
    dropEarlier = false,
  ): Promise<T> {
    const remove = (index: number): T =>
      (dropEarlier ? this.#items.splice(0, index + 1) : this.#items.splice(index, 1)).at(-1) as T;
    const index = this.#items.findIndex(match);
    if (index >= 0) return remove(index);
    const trace = new Error();
    return new Promise<T>((resolve, reject) => {
      const fail = (reason: string): void =>
        reject(errorAt(trace, `${this.#name}: no ${what} ${reason}${this.#left()}`));
      const found = (item: T): void => resolve(remove(this.#items.push(item) - 1));
      this.#wait(match, false, timeoutMs, found, fail, () => fail(`within ${timeoutMs} ms`));
    });
  }

  /** Resolves after `ms` in which no item matched, old or new; throws at once otherwise. The item stays. */
  async quiet(what: string, ms: number, match: (item: T) => boolean = () => true): Promise<void> {
    const early = this.#items.find(match);
    const trace = new Error();
    const complaint = (item: T): string => `${this.#name}: expected no ${what}, got ${this.#show(item)}`;
    if (early !== undefined) throw errorAt(trace, complaint(early));
    await new Promise<void>((resolve, reject) => {
      const found = (item: T): void => reject(errorAt(trace, complaint(item)));
      this.#wait(match, true, ms, found, () => resolve(), resolve);
    });
  }

  /** Everything kept, removed. */
  drain(): T[] {
    return this.#items.splice(0);
  }

  /** Fails everyone who waits, and everyone who would have to wait from now on. */
  close(because: string): void {
    this.#closedBecause ??= because;
    for (const waiter of [...this.#waiters]) waiter.failed(`: ${this.#closedBecause}`);
  }

  #wait(
    match: (item: T) => boolean,
    peek: boolean,
    timeoutMs: number,
    found: (item: T) => void,
    failed: (reason: string) => void,
    timedOut: () => void,
  ): void {
    if (this.#closedBecause !== undefined) return failed(`: ${this.#closedBecause}`);
    const settle = (): void => {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    };
    const waiter: Waiter<T> = {
      match,
      peek,
      found: (item) => (settle(), found(item)),
      failed: (reason) => (settle(), failed(reason)),
    };
    const timer = setTimeout(() => (settle(), timedOut()), timeoutMs);
    this.#waiters.add(waiter);
  }

  #left(): string {
    if (this.#items.length === 0) return '';
    return `; not taken: ${this.#items.slice(0, 5).map(this.#show).join(', ')} (${this.#items.length} in all)`;
  }
}
