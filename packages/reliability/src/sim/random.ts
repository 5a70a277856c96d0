import { mix, Sfc32 } from '../sfc32';

/** 32 well mixed bits of a text (FNV-1a). */
function hashText(text: string, seed: number): number {
  let hash = 0x811c_9dc5 ^ seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  return mix(hash);
}

/**
 * Random numbers from a seed, the same on every machine. Each purpose has a stream of its own, named: what one draws
 * does not shift what another will.
 */
export class Random extends Sfc32 {
  /** @param purpose - names the stream */
  constructor(
    private readonly seed: number,
    purpose: string,
  ) {
    super(seed, hashText(purpose, seed), 0x9e37_79b9);
  }

  /** Another stream of the same seed. */
  stream(purpose: string): Random {
    return new Random(this.seed, purpose);
  }

  /** From 0 up to 1, without it. */
  fraction(): number {
    return this.u32() / 0x1_0000_0000;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One of the items, of which there has to be one at least. */
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.fraction() * items.length)] as T;
  }
}
