const MANTISSAS = [1, 1.5, 2, 2.5, 3.5, 5, 7] as const;
/** From 0.1 ms to 1,000 s. */
const EXPONENT_MIN = -1;
const EXPONENT_MAX = 6;

/** `2.5e-1` and not `2.5 * 0.1`: the bounds are the numbers that their decimal texts say. */
function newBounds(): Float64Array {
  const bounds: number[] = [];
  for (let exponent = EXPONENT_MIN; exponent < EXPONENT_MAX; exponent++)
    for (const mantissa of MANTISSAS) bounds.push(Number(`${mantissa}e${exponent}`));
  bounds.push(Number(`1e${EXPONENT_MAX}`));
  return Float64Array.from(bounds);
}

/** The upper bounds of the buckets of every {@link TimeHistogram}, in ms, each included; one more bucket takes the rest. */
export const TIME_BOUNDS_MS: Float64Array = newBounds();

/** How many buckets a {@link TimeHistogram} has. */
export const TIME_BUCKETS: number = TIME_BOUNDS_MS.length + 1;

/** Which bucket a time belongs in. */
function bucketOf(ms: number): number {
  let low = 0;
  let high = TIME_BOUNDS_MS.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ms <= (TIME_BOUNDS_MS[middle] ?? Infinity)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Times by how long they were, in buckets that are the same for all histograms: seven to a decade from 0.1 ms to
 * 1,000 s, so that a percentile is off by a quarter at the most. To record one is a few comparisons and no garbage.
 */
export class TimeHistogram {
  /** How many times fell into each bucket. */
  readonly buckets = new Float64Array(TIME_BUCKETS);
  /** All times together, in ms. */
  sumMs = 0;
  /** The bucket of the last time, and its bounds: it takes what is above the one and not above the other. */
  #bucket = 0;
  #low = -Infinity;
  #high = TIME_BOUNDS_MS[0] ?? Infinity;

  /** @param times - how often it is to count */
  record(ms: number, times = 1): void {
    if (ms > this.#high || ms <= this.#low) this.#find(ms);
    const bucket = this.#bucket;
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + times;
    this.sumMs += ms * times;
  }

  /** What comes together has mostly taken as long: so the last bucket is looked at first. */
  #find(ms: number): void {
    const bucket = bucketOf(ms);
    this.#bucket = bucket;
    this.#low = TIME_BOUNDS_MS[bucket - 1] ?? -Infinity;
    this.#high = TIME_BOUNDS_MS[bucket] ?? Infinity;
  }

  /** How many times there are. */
  get count(): number {
    return this.buckets.reduce((sum, count) => sum + count, 0);
  }

  /** Takes over what another one has recorded. */
  add(other: TimeHistogram): void {
    for (const [bucket, count] of other.buckets.entries())
      this.buckets[bucket] = (this.buckets[bucket] ?? 0) + count;
    this.sumMs += other.sumMs;
  }
}

/**
 * The time that a share of all times is not longer than, in ms, taken as spread evenly within its bucket; `undefined`
 * where there are none. What is beyond the last bound counts as that bound.
 * @param buckets - as in {@link TimeHistogram}
 * @param share - 0 to 1, such as 0.99
 */
export function percentileMs(buckets: ArrayLike<number>, share: number): number | undefined {
  let total = 0;
  for (let bucket = 0; bucket < TIME_BUCKETS; bucket++) total += buckets[bucket] ?? 0;
  if (total === 0) return undefined;
  const wanted = share * total;
  let below = 0;
  for (let bucket = 0; bucket < TIME_BOUNDS_MS.length; bucket++) {
    const count = buckets[bucket] ?? 0;
    if (count > 0 && below + count >= wanted) {
      const from = TIME_BOUNDS_MS[bucket - 1] ?? 0;
      const to = TIME_BOUNDS_MS[bucket] ?? from;
      return from + ((to - from) * Math.max(0, wanted - below)) / count;
    }
    below += count;
  }
  return TIME_BOUNDS_MS.at(-1);
}
