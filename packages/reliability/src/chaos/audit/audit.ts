import { lifeOf, type Ledgers } from '../ledger';
import { bookOf, type Book } from './book';
import type { Finding } from './finding';
import { auditOutcomes, type OutcomeRules } from './outcomes';
import { auditReplies } from './replies';
import { auditRuns, countDuplicates, type DuplicateCounts, type RunRules } from './runs';

/** What a run promises. */
export type AuditRules = OutcomeRules & RunRules;

/** How the requests of a run ended. */
export interface RequestCounts {
  readonly issued: number;
  readonly answered: number;
  /** Frames of streams that were read, PARTIALs and FINALs. */
  readonly streamFrames: number;
  /** By code. */
  readonly failed: Readonly<Record<string, number>>;
  /** Streams that their reader left. */
  readonly left: number;
  /** Their client was killed before they had an end. */
  readonly orphaned: number;
  /** Those that must be answered, and those of them that were not. */
  readonly must: number;
  readonly lost: number;
  /** Times that a handler was called. */
  readonly runs: number;
  readonly duplicates: DuplicateCounts;
}

/** What an audit comes to. */
export interface Audit {
  readonly findings: readonly Finding[];
  readonly counts: RequestCounts;
}

/**
 * Holds what clients have seen against what workers have done. It knows the ledgers and nothing of what wrote them:
 * no code of the bus has a part in it.
 */
export function audit(ledgers: Ledgers, rules: AuditRules): Audit {
  const book = bookOf(ledgers);
  const findings = [...auditOutcomes(book, rules), ...auditReplies(book), ...auditRuns(book, rules)];
  return { findings, counts: countRequests(book, findings) };
}

function countRequests(book: Book, findings: readonly Finding[]): RequestCounts {
  const failed: Record<string, number> = {};
  const counts = { issued: 0, answered: 0, streamFrames: 0, left: 0, orphaned: 0, must: 0 };
  for (const { issued, outcomes } of book.entries.values()) {
    const [outcome] = outcomes;
    counts.issued++;
    if (issued.must && (outcome || !book.killed.has(lifeOf(issued.id)))) counts.must++;
    if (issued.call === 'stream') counts.streamFrames += outcome?.frames.length ?? 0;
    if (!outcome) {
      if (book.killed.has(lifeOf(issued.id))) counts.orphaned++;
    } else if (outcome.kind === 'failed') {
      const code = outcome.code ?? 'no code';
      failed[code] = (failed[code] ?? 0) + 1;
    } else {
      counts[outcome.kind]++;
    }
  }
  return {
    ...counts,
    failed,
    lost: findings.filter(({ kind }) => kind === 'lost' || kind === 'hang').length,
    runs: book.runs.size,
    duplicates: countDuplicates(book),
  };
}
