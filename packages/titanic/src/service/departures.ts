/** A request that is to leave. */
interface Departure {
  /** In ms, of `performance.now()`. */
  readonly at: number;
  readonly leave: () => void;
}

/**
 * Requests that were claimed ahead of their pace: each leaves when its time has come and there is a place, the one whose
 * time came first before the others.
 */
export class Departures {
  readonly #hasPlace: () => boolean;
  /** By time. */
  #waiting: Departure[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;

  /** @param hasPlace - whether one more may leave now */
  constructor(hasPlace: () => boolean) {
    this.#hasPlace = hasPlace;
  }

  /** Those that wait for a place alone. */
  get ready(): number {
    const now = performance.now();
    const first = this.#waiting.findIndex(({ at }) => at > now);
    return first === -1 ? this.#waiting.length : first;
  }

  /** One more; it leaves at once where there is nothing to wait for. @param at - in ms, of `performance.now()` */
  add(at: number, leave: () => void): void {
    const now = performance.now();
    const [first] = this.#waiting;
    if (at <= now && (!first || first.at > now) && this.#hasPlace()) {
      leave();
      return;
    }
    const last = this.#waiting.at(-1);
    this.#waiting.push({ at, leave });
    if (last && last.at > at) this.#waiting.sort((one, other) => one.at - other.at);
    this.depart();
  }

  /** Has all leave whose time has come, as far as there are places; called whenever one becomes free. */
  depart(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const waitMs = next.at - performance.now();
      if (waitMs > 0) {
        this.#wakeIn(waitMs, next.at);
        return;
      }
      if (!this.#hasPlace()) return;
      this.#waiting.shift();
      next.leave();
    }
  }

  /** Has all leave now: nothing is waited for any more. */
  departAll(): void {
    clearTimeout(this.#timer);
    this.#timerAt = Infinity;
    for (const { leave } of this.#waiting.splice(0)) leave();
  }

  #wakeIn(waitMs: number, at: number): void {
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.depart();
    }, Math.ceil(waitMs));
  }
}
