import type { Book, Run, Story } from './book';
import type { Finding } from './finding';

/** How exact times have to be. */
export interface TimeRules {
  /** By how much a delivery may be early by the clock of the submitter, in ms: where the store has another clock. */
  readonly earlyMs: number;
  /** How long a delivery may be on its way from the claim to the worker, in ms, while its time to live ends. */
  readonly transitMs: number;
}

/** Was nothing run before its time, after its death, or after it was cancelled? */
export function auditTimes(book: Book, rules: TimeRules): Finding[] {
  return [...book.stories.values()].flatMap((story) =>
    story.runs.flatMap((run) => auditRun(book, story, run, rules)),
  );
}

function auditRun(book: Book, story: Story, run: Run, { earlyMs, transitMs }: TimeRules): Finding[] {
  const found: Finding[] = [];
  const id = story.entry.token;
  const floor = floorOf(story, run.at);
  if (run.at < floor - earlyMs) {
    found.push({ kind: 'early', id, text: `${run.run} began ${floor - run.at} ms before its time` });
  }
  const death = deathOf(book, story);
  if (run.at > death + transitMs) {
    found.push({ kind: 'undead', id, text: `${run.run} began ${run.at - death} ms after its death` });
  }
  const cancelled = story.changes.find(({ change, answer }) => change === 'cancel' && answer?.code === null);
  if (run.at > (cancelled?.answer?.at ?? Infinity)) {
    found.push({
      kind: 'withdrawn',
      id,
      text: `${run.run} began ${run.at - cancelled!.answer!.at} ms after that`,
    });
  }
  return found;
}

/**
 * Before which a run at this time must not have begun: the time that was submitted; once a move was answered, the new
 * one; in between, and where the answer does not tell, the earlier of both.
 */
export function floorOf({ entry, changes }: Story, at: number): number {
  let floor = entry.dueAt ?? 0;
  for (const { change, dueAt, askedAt, answer } of changes) {
    if (change !== 'move' || dueAt === null || askedAt > at) continue;
    const isKnown = answer?.code === null && answer.at <= at;
    floor = isKnown ? dueAt : Math.min(floor, dueAt);
  }
  return floor;
}

/** When its time to live ends; `Infinity` for never. */
export function deathOf(book: Book, { entry, stored, rows }: Story): number {
  if (entry.ttlMs === null) return Infinity;
  if (entry.dueAt !== null) return entry.dueAt + entry.ttlMs;
  // Due at once: when that was, only the store knows; no later than it was answered.
  const row = (stored && book.rowsById.get(stored.id)) ?? rows[0];
  return Math.min(row?.expiresAt ?? Infinity, stored ? stored.at + entry.ttlMs : Infinity);
}
