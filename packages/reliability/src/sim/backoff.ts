import type { Random } from './random';

const MIN_MS = 20;
const MAX_MS = 320;

/** The wait before the next try to connect, as the shells have it: doubling, with jitter. */
export function backoff(random: Random): (failures: number) => number {
  return (failures) =>
    Math.min(MAX_MS, MIN_MS * 2 ** Math.min(Math.max(failures - 1, 0), 10)) * (0.5 + random.fraction() / 2);
}
