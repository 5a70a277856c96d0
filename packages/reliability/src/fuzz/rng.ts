import { mix, Sfc32 } from '../sfc32';

/** The golden ratio in 32 bits: keeps apart what is put into the parts of a seed. */
const GOLDEN = 0x9e37_79b9;

/**
 * Random numbers from a seed, the same on every machine. Two numbers seed it, so that each part of a run has its own
 * numbers and can be had again without all that came before it.
 */
export class Rng extends Sfc32 {
  constructor(seed: number, stream = 0) {
    super(
      mix(seed + GOLDEN),
      mix(stream + 2 * GOLDEN),
      mix(Math.floor(stream / 2 ** 32) + Math.floor(seed / 2 ** 32) + 3 * GOLDEN),
    );
  }

  /** 0 to `count` − 1. */
  below(count: number): number {
    return Math.floor((this.u32() / 2 ** 32) * count);
  }

  /** `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** True once in so many times. */
  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  /** One of them. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  /** 1, and with each further one half as likely, `most` at the most. */
  few(most: number): number {
    let count = 1;
    while (count < most && this.oneIn(2)) count++;
    return count;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at++) bytes[at] = this.u32() >>> 24;
    return bytes;
  }
}
