import type { Socket } from 'node:net';

/** How fast a network is. */
export interface Pace {
  /** How long every byte is under way, in ms. */
  readonly latencyMs: number;
  /** Bytes per second and direction of one connection. */
  readonly bytesPerSecond: number;
}

/** Bytes under way in one direction beyond which the sender is read no further. */
const UNDER_WAY_MAX = 256 * 1_024;

interface Parcel {
  readonly chunk: Buffer;
  /** When it arrives, in ms on the clock of `performance.now()`. */
  readonly dueAt: number;
}

/**
 * One direction of one connection: what `from` sends arrives at `to` in the order in which it was sent, as late as the
 * pace in force when it was sent says. An end arrives behind all that was sent before it.
 */
export class RelayPipe {
  readonly #underWay: Parcel[] = [];
  #bytesUnderWay = 0;
  /** When the line has taken all that was sent so far. */
  #lineFreeAt = 0;
  #lastDueAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #held = false;
  /** What is to happen once nothing is under way any more. */
  #last: 'end' | 'close' | undefined;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly pace: () => Pace,
  ) {
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.on('end', () => this.#then('end'));
    to.on('drain', () => this.#readOn());
  }

  /** Nothing arrives until `release`. */
  hold(): void {
    this.#held = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.from.pause();
  }

  /** Ends `hold`. */
  release(): void {
    this.#held = false;
    this.#deliver();
    this.#readOn();
  }

  /** `from` is gone: `to` is closed once it has all that was sent. */
  close(): void {
    this.#then('close');
  }

  /** Drops what is under way. */
  discard(): void {
    clearTimeout(this.#timer);
    this.#underWay.length = 0;
  }

  #take(chunk: Buffer): void {
    const { latencyMs, bytesPerSecond } = this.pace();
    const now = performance.now();
    this.#lineFreeAt = Math.max(now, this.#lineFreeAt) + (chunk.length / bytesPerSecond) * 1_000;
    // A pace that got faster lets nothing overtake what was sent before.
    this.#lastDueAt = Math.max(this.#lastDueAt, this.#lineFreeAt + latencyMs);
    this.#underWay.push({ chunk, dueAt: this.#lastDueAt });
    this.#bytesUnderWay += chunk.length;
    this.#deliver();
  }

  #deliver(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#held) return;
    const now = performance.now();
    let next = this.#underWay[0];
    for (; next && next.dueAt <= now; next = this.#underWay[0]) {
      this.#underWay.shift();
      this.#bytesUnderWay -= next.chunk.length;
      this.to.write(next.chunk);
    }
    if (next) this.#timer = setTimeout(() => this.#deliver(), Math.ceil(next.dueAt - now));
    else this.#finish();
    this.#readOn();
  }

  #readOn(): void {
    if (this.#held || this.to.writableNeedDrain || this.#bytesUnderWay >= UNDER_WAY_MAX) this.from.pause();
    else this.from.resume();
  }

  #then(last: 'end' | 'close'): void {
    this.#last = last;
    if (!this.#held && this.#underWay.length === 0) this.#finish();
  }

  #finish(): void {
    if (this.#last === 'end') this.to.end();
    if (this.#last === 'close') this.to.destroySoon();
  }
}
