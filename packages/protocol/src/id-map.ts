const CAPACITY_MIN = 16;

/** Odd, so that no id is lost; about 2³² divided by the golden ratio, and by its square (Knuth, TAOCP 6.4). */
const FIRST = 0x9e37_79b1;
const SECOND = 0x61c8_864f;

/** Where an id belongs, as 32 bits of which the upper ones count. */
export function hash(id: number, seed: number): number {
  const mixed = Math.imul(id ^ seed, FIRST);
  return Math.imul(mixed ^ (mixed >>> 15), SECOND);
}

/**
 * A map from ids, 1 to 2³² − 1, that is changed in place: what is added and soon removed again, a million times a
 * second, leaves no garbage behind. A `Map` makes a new table for every so many of them, and each old table keeps
 * alive what was in it.
 */
export class IdMap<T> {
  #keys = new Uint32Array(CAPACITY_MIN);
  #values: (T | undefined)[] = new Array<T | undefined>(CAPACITY_MIN).fill(undefined);
  #mask = CAPACITY_MIN - 1;
  #shift = 32 - Math.log2(CAPACITY_MIN);
  #size = 0;
  /** The largest size, and the values taken out, since the map was last looked at for shrinking. */
  #peak = 0;
  #taken = 0;

  /**
   * @param seed - 32 bits that nobody else knows, where somebody else chooses the ids: who knows them can choose ids
   * that all belong in one place, and make each search as long as the map is large
   */
  constructor(private readonly seed = 0) {}

  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    return this.#values[this.#find(id)];
  }

  has(id: number): boolean {
    return this.#keys[this.#find(id)] === id && id !== 0;
  }

  /** Adds a value, or puts it in the place of another. */
  set(id: number, value: T): void {
    if ((this.#size + 1) * 2 > this.#keys.length) this.#resize(this.#keys.length * 2);
    const slot = this.#find(id);
    if (this.#keys[slot] === 0) {
      this.#keys[slot] = id;
      if (++this.#size > this.#peak) this.#peak = this.#size;
    }
    this.#values[slot] = value;
  }

  /** Takes a value out; false where there is none. */
  delete(id: number): boolean {
    const slot = this.#find(id);
    if (id === 0 || this.#keys[slot] !== id) return false;
    this.#size--;
    this.#closeGap(slot);
    if (++this.#taken > 16 * this.#keys.length) this.#shrink();
    return true;
  }

  clear(): void {
    this.#allocate(CAPACITY_MIN);
  }

  /** The values there are now, in no order; the map may be changed meanwhile. */
  values(): T[] {
    const values: T[] = [];
    for (const value of this.#values) if (value !== undefined) values.push(value);
    return values;
  }

  /** Where an id is, or where it would be added. */
  #find(id: number): number {
    const keys = this.#keys;
    let slot = hash(id, this.seed) >>> this.#shift;
    for (;;) {
      const key = keys[slot];
      if (key === id || key === 0) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }

  /** Moves what stands behind a slot up, as far as it belongs there, so that no search ends too early. */
  #closeGap(gap: number): void {
    const keys = this.#keys;
    const values = this.#values;
    let slot = gap;
    for (;;) {
      slot = (slot + 1) & this.#mask;
      const key = keys[slot] ?? 0;
      if (key === 0) break;
      const home = hash(key, this.seed) >>> this.#shift;
      if (((slot - home) & this.#mask) < ((slot - gap) & this.#mask)) continue;
      keys[gap] = key;
      values[gap] = values[slot];
      gap = slot;
    }
    keys[gap] = 0;
    values[gap] = undefined;
  }

  /** Gives memory back where a long run of changes has needed little of it. */
  #shrink(): void {
    const { length } = this.#keys;
    if (length > CAPACITY_MIN && this.#peak * 8 < length) this.#resize(length / 4);
    this.#peak = this.#size;
    this.#taken = 0;
  }

  #resize(capacity: number): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#allocate(Math.max(CAPACITY_MIN, capacity));
    for (const [slot, id] of keys.entries()) {
      const value = values[slot];
      if (id !== 0 && value !== undefined) this.set(id, value);
    }
  }

  #allocate(capacity: number): void {
    this.#keys = new Uint32Array(capacity);
    this.#values = new Array<T | undefined>(capacity).fill(undefined);
    this.#mask = capacity - 1;
    this.#shift = 32 - Math.log2(capacity);
    this.#size = 0;
  }
}
