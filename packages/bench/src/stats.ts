/** Several measurements of one thing: the median, and how far the rounds lay apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle]!;
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
}

/** Median, least and greatest of the values. */
export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * How many times `over` the values of `of` are. Both are in the order of the rounds: each round gives one ratio, for
 * what disturbs a round disturbs both of its measurements.
 */
export function ratio(of: readonly number[], over: readonly number[]): Spread {
  const rounds = Math.min(of.length, over.length);
  return spread(Array.from({ length: rounds }, (_, round) => of[round]! / over[round]!));
}

/** The items, beginning with the one at `by` and coming round: nobody is always first. */
export function rotated<Item>(items: readonly Item[], by: number): Item[] {
  if (items.length === 0) return [];
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
