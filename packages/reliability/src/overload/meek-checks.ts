import type { MeekStats } from './parts/part';
import { atMost, number, tally, type Check } from './report';

/**
 * What a meek peer may notice of others, beside what its calls took at 99 % before: generous, for machines that do other
 * things as well. The figures say what it really was.
 */
const P99_MS = 1_000;
const P99_TIMES = 5;
const MAX_MS = 5_000;

/** Checks that a meek peer was served, and soon. */
export function meekChecks(who: string, before: MeekStats, meanwhile: MeekStats): Check[] {
  const { latency, failures } = meanwhile;
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  const p99 = P99_MS + P99_TIMES * before.latency.p99Ms;
  return [
    atMost(`p99 of the ${who}`, latency.p99Ms, p99, 'ms'),
    atMost(`slowest call of the ${who}`, latency.maxMs, MAX_MS, 'ms'),
    { ...atMost(`failed calls of the ${who}`, failed, 0), seen: tally(failures) },
    { what: `calls of the ${who}`, holds: latency.count > 0, seen: number(latency.count), bound: '> 0' },
  ];
}
