import type { Latency } from './latencies';

/** Something that must hold, and what was seen. */
export interface Check {
  readonly what: string;
  readonly holds: boolean;
  readonly seen: string;
  readonly bound: string;
}

/** What came of one scenario. */
export interface ScenarioReport {
  readonly name: string;
  readonly summary: string;
  /** What cuts the offender off, or keeps it from harming others. */
  readonly rule: string;
  readonly latencies: readonly { readonly of: string; readonly when: string; readonly latency: Latency }[];
  readonly figures: readonly { readonly what: string; readonly seen: string }[];
  readonly checks: readonly Check[];
}

/** A check that a number is no more than a bound. */
export function atMost(what: string, seen: number, bound: number, unit = ''): Check {
  return { what, holds: seen <= bound, seen: number(seen, unit), bound: `≤ ${number(bound, unit)}` };
}

/** A check that a number is no less than a bound. */
export function atLeast(what: string, seen: number, bound: number, unit = ''): Check {
  return { what, holds: seen >= bound, seen: number(seen, unit), bound: `≥ ${number(bound, unit)}` };
}

/** A number for people. */
export function number(value: number, unit = ''): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : 2;
  const text = value.toLocaleString('en-US', { maximumFractionDigits: digits });
  return unit === '' ? text : `${text} ${unit}`;
}

/** Bytes for people, in MiB. */
export function mib(bytes: number): number {
  return bytes / (1_024 * 1_024);
}

/** Names with counts, for people. */
export function tally(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).filter(([, count]) => count > 0);
  return entries.length === 0
    ? 'none'
    : entries.map(([name, count]) => `${name} ${number(count)}`).join(', ');
}
