import type { Socket } from 'node:net';

/** What a link does to its bytes for now. */
export interface LinkConditions {
  /** How long every byte is under way, in ms. */
  readonly delayMs: number;
  /** True while whatever is sent vanishes. */
  readonly dropping: boolean;
}

/** Bytes under way beyond which the sender is read no further. */
const UNDER_WAY_MAX = 16 * 1_024 * 1_024;

interface Chunk {
  readonly bytes: Buffer;
  /** When it arrives, in ms on the clock of `performance.now()`. */
  readonly dueAt: number;
}

/** One direction of one connection: what `from` sends arrives at `to` in its order, later, or not at all. */
export class LinkDirection {
  readonly #underWay: Chunk[] = [];
  #bytesUnderWay = 0;
  #timer: NodeJS.Timeout | undefined;
  #senderGone = false;
  #torn = false;

  /** @param conditions - those in force, asked for each time */
  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly conditions: () => LinkConditions,
  ) {
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('close', () => {
      this.#senderGone = true;
      this.#deliver();
    });
    to.on('drain', () => this.#readOn());
  }

  /** True once bytes are missing: what comes later would make no sense. */
  get torn(): boolean {
    return this.#torn;
  }

  /** Passes on what is due, and the end that was kept back while bytes vanished. */
  resume(): void {
    this.#deliver();
  }

  /** Forgets what is under way. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#underWay.length = 0;
    this.#bytesUnderWay = 0;
  }

  #take(bytes: Buffer): void {
    const { delayMs } = this.conditions();
    // What was sent before a shorter delay came into force is not overtaken.
    const dueAt = Math.max(this.#underWay.at(-1)?.dueAt ?? 0, performance.now() + delayMs);
    this.#underWay.push({ bytes, dueAt });
    this.#bytesUnderWay += bytes.length;
    this.#deliver();
  }

  #deliver(): void {
    clearTimeout(this.#timer);
    if (this.conditions().dropping) {
      this.#torn ||= this.#underWay.length > 0;
      this.stop();
      return;
    }
    let next = this.#underWay[0];
    for (const now = performance.now(); next && next.dueAt <= now; next = this.#underWay[0]) {
      this.#underWay.shift();
      this.#bytesUnderWay -= next.bytes.length;
      this.to.write(next.bytes);
    }
    if (next) this.#timer = setTimeout(() => this.#deliver(), Math.ceil(next.dueAt - performance.now()));
    else if (this.#senderGone) this.to.destroySoon();
    this.#readOn();
  }

  #readOn(): void {
    if (this.to.writableNeedDrain || this.#bytesUnderWay >= UNDER_WAY_MAX) this.from.pause();
    else this.from.resume();
  }
}
