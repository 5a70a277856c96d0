/** Waits that double. */
export interface BackoffOptions {
  /** The first wait, in ms. */
  readonly minMs: number;
  /** The longest wait, in ms. */
  readonly maxMs: number;
}

/** Doublings after which any wait is at its longest. */
const DOUBLINGS_MAX = 40;

/**
 * The wait after so many failures in a row, in ms, fractions included: it doubles from `minMs` up to `maxMs`, with
 * jitter between half of it and all of it, so that those who failed together do not try again together.
 * @param failures - 1 and more
 * @param random - a number from 0 up to 1
 */
export function backoffMs(failures: number, { minMs, maxMs }: BackoffOptions, random: number): number {
  const doublings = Math.min(DOUBLINGS_MAX, Math.max(0, failures - 1));
  return Math.min(maxMs, minMs * 2 ** doublings) * (0.5 + random / 2);
}
