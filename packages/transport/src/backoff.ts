/** How long to wait before the next try to connect. */
export interface BackoffOptions {
  /** The first wait, in ms. */
  readonly minMs: number;
  /** The longest wait, in ms. */
  readonly maxMs: number;
}

/**
 * The wait before try number `failures + 1`, in ms: doubles from `minMs` up to `maxMs`, with jitter
 * between half of it and all of it, so that peers that lost their broker together do not return together.
 * @param random - a number from 0 up to 1
 */
export function backoffMs(failures: number, { minMs, maxMs }: BackoffOptions, random: number): number {
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(Math.max(failures - 1, 0), 30));
  return ceiling * (0.5 + random / 2);
}
