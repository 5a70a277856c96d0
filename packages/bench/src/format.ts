import type { Spread } from './stats';

/** A number with thousands apart, and three digits that matter where it is small; `–` where there is none. */
export function trimmed(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString(
    'en-US',
    Math.abs(value) < 100 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  );
}

/** Least and greatest of the rounds, such as `9.8–11.2`. */
export function range({ min, max }: Pick<Spread, 'min' | 'max'>): string {
  return `${trimmed(min)}–${trimmed(max)}`;
}

const KIB = 1_024;
const MIB = KIB * KIB;
const GIB = KIB * MIB;

/** A size as people say it: `100 B`, `64 KiB`, `3.5 MiB`. */
export function bytes(count: number): string {
  if (count < KIB) return `${trimmed(count)} B`;
  if (count < MIB) return `${trimmed(count / KIB)} KiB`;
  return count < GIB ? `${trimmed(count / MIB)} MiB` : `${trimmed(count / GIB)} GiB`;
}

/** Microseconds, or ms where that reads better. */
export function latency(us: number): string {
  if (!Number.isFinite(us)) return '–';
  return us < 1_000 ? `${trimmed(us)} µs` : `${trimmed(us / 1_000)} ms`;
}

/** A ratio, such as `10.4x`. */
export function times(value: number): string {
  return Number.isFinite(value) ? `${trimmed(value)}x` : '–';
}
