import type { Book, Entry } from './book';
import type { Finding } from './finding';

/** What a run promises beyond what always holds. */
export interface RunRules {
  /** True where no request may be run twice. */
  readonly noDuplicates: boolean;
}

/**
 * Was what may be sent once only sent once, and was nothing run that nobody asked for?
 *
 * A broker gives a request to a second worker when the first is lost, and counts the attempts. So runs of one sending
 * came from one broker, and one of them at the most is the first attempt.
 */
export function auditRuns({ entries, strays }: Book, { noDuplicates }: RunRules): Finding[] {
  const found: Finding[] = strays.map(({ id, kind }) => ({
    kind: 'stray',
    id,
    text: `a line of kind ${kind}`,
  }));
  for (const { issued, runs } of entries.values()) {
    const { id, idempotent } = issued;
    const brokers = new Set(runs.map(({ broker }) => broker));
    const firsts = runs.filter(({ attempt }) => attempt === 1);
    if (!idempotent && brokers.size > 1) {
      found.push({ kind: 'resent', id, text: `it was run for ${[...brokers].join(' and ')}` });
    } else if (!idempotent && firsts.length > 1) {
      found.push({ kind: 'resent', id, text: `${firsts.length} runs of it are a first attempt` });
    }
    if (noDuplicates && isDuplicate(issued, runs)) {
      found.push({ kind: 'duplicate', id, text: `it was run ${runs.length} times` });
    }
  }
  return found;
}

/** A handler that throws at a plain worker gives its request back, and is meant to be run again. */
function isDuplicate({ call }: Entry['issued'], runs: Entry['runs']): boolean {
  return call !== 'fail' && runs.length > 1;
}

/** How much was run more than once. */
export interface DuplicateCounts {
  /** Idempotent requests that were run more than once, and their runs beyond the first. */
  readonly idempotent: number;
  readonly idempotentRuns: number;
  /** The same of those that their client may send once only: a broker redispatched them. */
  readonly onceOnly: number;
  readonly onceOnlyRuns: number;
}

/** Counts what was run more than once; requests whose handler throws are left out. */
export function countDuplicates({ entries }: Book): DuplicateCounts {
  const counts = { idempotent: 0, idempotentRuns: 0, onceOnly: 0, onceOnlyRuns: 0 };
  for (const { issued, runs } of entries.values()) {
    if (!isDuplicate(issued, runs)) continue;
    counts[issued.idempotent ? 'idempotent' : 'onceOnly']++;
    counts[issued.idempotent ? 'idempotentRuns' : 'onceOnlyRuns'] += runs.length - 1;
  }
  return counts;
}
