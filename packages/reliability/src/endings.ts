/** The counters that a request of a broker without a policy ends in; docs/PROTOCOL.md, "Management services". */
const ENDINGS = [
  'answered',
  'refused',
  'refusedDraining',
  'expired',
  'unserved',
  'cancelled',
  'failed',
  'overflowed',
  'exhausted',
  'withdrawn',
] as const;

/** How many requests have ended. */
export function endedOf(counters: Readonly<Record<string, number>>): number {
  return ENDINGS.reduce((sum, name) => sum + (counters[name] ?? 0), 0);
}
