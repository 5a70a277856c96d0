/** 32 well mixed bits of a text (FNV-1a, then the finalizer of MurmurHash3). */
function hashText(text: string, seed: number): number {
  let hash = 0x811c_9dc5 ^ seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Draws that are thrown away first, so that seeds that look alike lead apart. */
const WARM_UP = 12;

/**
 * Random numbers from a seed: sfc32 (Chris Doty-Humphrey's Small Fast Counting generator), the same on every machine.
 * Each purpose has a stream of its own, named: what one draws does not shift what another will.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param purpose - names the stream */
  constructor(
    private readonly seed: number,
    purpose: string,
  ) {
    this.#a = seed | 0;
    this.#b = hashText(purpose, seed) | 0;
    this.#c = 0x9e37_79b9 | 0;
    for (let draw = 0; draw < WARM_UP; draw++) this.u32();
  }

  /** Another stream of the same seed. */
  stream(purpose: string): Random {
    return new Random(this.seed, purpose);
  }

  /** 32 random bits. */
  u32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
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
