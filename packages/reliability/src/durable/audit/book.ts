import type { ChangeKind, Entry, KillLine, Ledgers, Row, RunLine, SubmitterLine, Victim } from '../ledger';

/** One run of a handler. */
export interface Run extends Pick<RunLine, 'token' | 'run' | 'at' | 'attempt'> {
  /** The process. */
  readonly life: string;
  doneAt: number | undefined;
  failedAt: number | undefined;
}

/** A change that a submitter made. */
export interface Change {
  readonly change: ChangeKind;
  readonly dueAt: number | null;
  readonly askedAt: number;
  /** The answer, where one came; with a code, it may have been done by an earlier try, or not. */
  answer: { readonly code: string | null; readonly at: number } | undefined;
}

export type Read = Pick<Extract<SubmitterLine, { kind: 'read' }>, 'state' | 'reply'>;

/** All that is known of an entry. */
export interface Story {
  readonly entry: Entry;
  readonly batch: string;
  readonly submittedAt: number;
  /** The answer 200. */
  stored: { readonly id: string; readonly at: number } | undefined;
  /** When its submitter gave up. */
  unansweredAt: number | undefined;
  readonly changes: Change[];
  readonly reads: Read[];
  /** In the order of their beginnings. */
  readonly runs: Run[];
  /** Those with its body. */
  readonly rows: Row[];
}

/** The ledgers, by entry. */
export interface Book {
  readonly stories: ReadonlyMap<string, Story>;
  /** Those that were submitted together. */
  readonly batches: ReadonlyMap<string, readonly Story[]>;
  readonly rowsById: ReadonlyMap<string, Row>;
  /** UUIDs of requests that were closed, or may have been. */
  readonly closedIds: ReadonlySet<string>;
  readonly runsByName: ReadonlyMap<string, Run>;
  readonly kills: readonly KillLine[];
  /** Lines and rows of nothing that was submitted. */
  readonly strays: readonly { readonly id: string; readonly text: string }[];
}

/** Opens the book. */
export function bookOf({ submitters, workers, kills, rows }: Ledgers): Book {
  const stories = new Map<string, Story>();
  const batches = new Map<string, Story[]>();
  const strays: { id: string; text: string }[] = [];
  for (const line of submitters) {
    if (line.kind !== 'submitting') continue;
    const batch = line.entries.map((entry) => newStory(entry, line.batch, line.at));
    batches.set(line.batch, batch);
    for (const story of batch) stories.set(story.entry.token, story);
  }
  const storyOf = (token: string, text: string): Story | undefined => {
    const story = stories.get(token);
    if (!story) strays.push({ id: token, text });
    return story;
  };
  for (const line of submitters) noteLine(line, batches, storyOf);
  const runsByName = new Map<string, Run>();
  for (const line of workers) {
    if (line.kind !== 'run') continue;
    const { token, run: name, at, attempt } = line;
    const life = name.slice(0, name.lastIndexOf('/'));
    const run: Run = { token, run: name, at, attempt, life, doneAt: undefined, failedAt: undefined };
    runsByName.set(name, run);
    storyOf(token, `${name} ran it`)?.runs.push(run);
  }
  for (const line of workers) {
    const run = runsByName.get(line.run);
    if (run && line.kind === 'done') run.doneAt = line.at;
    if (run && line.kind === 'failed') run.failedAt = line.at;
  }
  for (const row of rows) {
    if (row.token === null) strays.push({ id: row.id, text: 'a row with a body that nobody wrote' });
    else storyOf(row.token, `row ${row.id}`)?.rows.push(row);
  }
  for (const { runs } of stories.values()) runs.sort((one, other) => one.at - other.at);
  const rowsById = new Map(rows.map((row) => [row.id, row]));
  const closed = [...stories.values()].filter(({ changes }) =>
    changes.some(({ change }) => change === 'close'),
  );
  const closedIds = new Set(closed.flatMap(({ stored }) => stored?.id ?? []));
  return { stories, batches, rowsById, closedIds, runsByName, kills, strays };
}

function newStory(entry: Entry, batch: string, submittedAt: number): Story {
  return {
    entry,
    batch,
    submittedAt,
    stored: undefined,
    unansweredAt: undefined,
    changes: [],
    reads: [],
    runs: [],
    rows: [],
  };
}

function noteLine(
  line: SubmitterLine,
  batches: ReadonlyMap<string, Story[]>,
  storyOf: (token: string, text: string) => Story | undefined,
): void {
  switch (line.kind) {
    case 'submitting':
      return;
    case 'stored':
      for (const [index, story] of (batches.get(line.batch) ?? []).entries()) {
        story.stored = { id: line.ids[index] ?? '', at: line.at };
      }
      return;
    case 'unanswered':
      for (const story of batches.get(line.batch) ?? []) story.unansweredAt = line.at;
      return;
    case 'changing': {
      const { change, dueAt, at: askedAt } = line;
      storyOf(line.token, `a ${change}`)?.changes.push({ change, dueAt, askedAt, answer: undefined });
      return;
    }
    case 'changed': {
      const asked = storyOf(line.token, `a ${line.change}`)?.changes.find(
        ({ change, answer }) => change === line.change && !answer,
      );
      if (asked) asked.answer = { code: line.code, at: line.at };
      return;
    }
    case 'read': {
      const { token, state, reply } = line;
      storyOf(token, 'a read')?.reads.push({ state, reply });
      return;
    }
  }
}

/** True where a submitter said, or may have said, that the request is to be removed. */
export function isClosed({ closedIds }: Book, { stored }: Story): boolean {
  return stored !== undefined && closedIds.has(stored.id);
}

/** UUIDs under which an entry is or was in the store; of one with a key, those with its own body. */
export function idsOf({ entry, stored, rows }: Story): string[] {
  const own = rows.map(({ id }) => id);
  return [...new Set(entry.key === null && stored ? [...own, stored.id] : own)];
}

/** The first kill of one of these that may have been between two times, in ms. */
export function killBetween(
  { kills }: Book,
  victims: readonly Victim[],
  from: number,
  to: number,
): KillLine | undefined {
  return kills.find((kill) => victims.includes(kill.victim) && kill.at >= from && kill.from <= to);
}
