import { duration } from '../format';

/** A time to the second in the notation that `--at` takes, UTC. */
export function moment(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** How far away a time is, such as `in 2 h 5 min` or `3 s ago`. */
export function distance(ms: number, now: number): string {
  const seconds = Math.round(Math.abs(ms - now) / 1_000) * 1_000;
  if (seconds === 0) return 'now';
  return ms > now ? `in ${duration(seconds)}` : `${duration(seconds)} ago`;
}
