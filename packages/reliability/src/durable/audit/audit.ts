import type { Ledgers, State } from '../ledger';
import { bookOf, idsOf, isClosed, type Book } from './book';
import { auditEnds } from './ends';
import type { Finding } from './finding';
import { auditRepeats, countRepeats, type RepeatCounts, type RepeatRules } from './repeats';
import { auditSubmissions } from './submissions';
import { auditTimes, deathOf, floorOf, type TimeRules } from './times';
import { auditTurns, type TurnRules } from './turns';

/** What a run promises. */
export interface AuditRules extends TimeRules, RepeatRules {
  /** With requests that are all due at one time. */
  readonly turns: TurnRules | undefined;
}

/** Percentiles of times, in ms. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What became of the requests of a run. */
export interface RequestCounts {
  /** Entries that were submitted, and those of them that were answered 200. */
  readonly submitted: number;
  readonly stored: number;
  /** Without an answer, and those of them that are stored all the same. */
  readonly unanswered: number;
  readonly unansweredStored: number;
  /** Rows at the end, by state. */
  readonly states: Readonly<Partial<Record<State, number>>>;
  readonly closed: number;
  readonly read: number;
  readonly cancelled: number;
  readonly moved: number;
  /** Entries with a key that another had used, and was answered for. */
  readonly byKey: number;
  /** Requests of RFC 9 that are stored twice, one of both answered for at the most. */
  readonly twins: number;
  readonly runs: number;
  /** Claims that no worker ever saw; runs that were begun and not ended; replies that were written and not kept. */
  readonly claimedOnly: number;
  readonly begunOnly: number;
  readonly doneOnly: number;
  readonly repeats: RepeatCounts;
  /** From the due time to the first run, in ms, of what was due at a time. */
  readonly lateMs: Percentiles;
  /** How long after its death the last run of any began, in ms; 0 for none. */
  readonly afterDeathMsMax: number;
}

/** What an audit comes to. */
export interface Audit {
  readonly findings: readonly Finding[];
  readonly counts: RequestCounts;
}

/**
 * Holds what was answered, what was run, and what the store holds at the end against each other. It knows the ledgers and
 * nothing of what wrote them: no code of the bus has a part in it.
 */
export function audit(ledgers: Ledgers, rules: AuditRules): Audit {
  const book = bookOf(ledgers);
  const findings = [
    ...auditSubmissions(book),
    ...auditTimes(book, rules),
    ...auditEnds(book),
    ...auditRepeats(book, rules),
    ...(rules.turns ? auditTurns(book, rules.turns) : []),
  ];
  return { findings, counts: countRequests(book, rules) };
}

function countRequests(book: Book, rules: RepeatRules): RequestCounts {
  const counts = {
    submitted: 0,
    stored: 0,
    unanswered: 0,
    unansweredStored: 0,
    closed: 0,
    read: 0,
    cancelled: 0,
    moved: 0,
    byKey: 0,
    twins: 0,
    claimedOnly: 0,
    begunOnly: 0,
    doneOnly: 0,
  };
  const states: Partial<Record<State, number>> = {};
  const late: number[] = [];
  let afterDeathMsMax = 0;
  for (const story of book.stories.values()) {
    const { entry, stored, rows, runs, changes, reads } = story;
    counts.submitted++;
    if (stored) counts.stored++;
    else counts.unanswered++;
    if (!stored && rows.length > 0) counts.unansweredStored++;
    if (isClosed(book, story)) counts.closed++;
    if (reads.length > 0) counts.read++;
    if (stored && rows.length === 0 && entry.key !== null) counts.byKey++;
    if (idsOf(story).length > 1) counts.twins++;
    for (const { change, answer } of changes) {
      if (change === 'cancel' && answer?.code === null) counts.cancelled++;
      if (change === 'move' && answer?.code === null) counts.moved++;
    }
    const kept = new Set(rows.map(({ reply }) => reply?.run));
    counts.begunOnly += runs.filter(
      ({ doneAt, failedAt }) => doneAt === undefined && failedAt === undefined,
    ).length;
    if (rows.length > 0)
      counts.doneOnly += runs.filter(({ run, doneAt }) => doneAt !== undefined && !kept.has(run)).length;
    const claims = rows.reduce((sum, { attempts }) => sum + attempts, 0);
    counts.claimedOnly += Math.max(0, claims - runs.filter(({ attempt }) => attempt <= 1).length);
    for (const { state } of rows) states[state] = (states[state] ?? 0) + 1;
    const [first] = runs;
    if (first && entry.dueAt !== null) late.push(first.at - floorOf(story, first.at));
    const last = runs.at(-1);
    if (last) afterDeathMsMax = Math.max(afterDeathMsMax, last.at - deathOf(book, story));
  }
  const repeats = countRepeats(book, rules);
  const runs = book.runsByName.size;
  return { ...counts, states, runs, repeats, lateMs: percentilesOf(late), afterDeathMsMax };
}

function percentilesOf(values: number[]): Percentiles {
  values.sort((one, other) => one - other);
  const at = (share: number): number =>
    values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
  return { count: values.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
