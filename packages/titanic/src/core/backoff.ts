/** Waits that double. */
export interface Backoff {
  /** The first wait, in ms. */
  readonly minMs: number;
  /** The longest wait, in ms. */
  readonly maxMs: number;
}

/** Doublings after which any wait is at its longest. */
const DOUBLINGS_MAX = 40;

/**
 * The wait after so many failures in a row: it doubles with each, and half of it is random, so that what failed
 * together is not tried again together.
 * @param failures - 1 and more
 * @param random - from 0 to below 1
 */
export function backoffMs(failures: number, { minMs, maxMs }: Backoff, random: number): number {
  const doublings = Math.min(DOUBLINGS_MAX, Math.max(0, failures - 1));
  const ceiling = Math.min(maxMs, minMs * 2 ** doublings);
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
