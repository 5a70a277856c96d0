import { idsOf, isClosed, killBetween, type Book, type Story } from './book';
import type { Finding } from './finding';

/** Is what was submitted in the store, once, and nothing else? */
export function auditSubmissions(book: Book): Finding[] {
  const found: Finding[] = book.strays.map(({ id, text }) => ({ kind: 'stray', id, text }));
  for (const story of book.stories.values()) found.push(...auditStored(book, story));
  for (const [batch, stories] of book.batches) found.push(...auditWhole(book, batch, stories));
  found.push(...auditKeys(book));
  return found;
}

function auditStored(book: Book, story: Story): Finding[] {
  const { entry, stored, rows, runs } = story;
  const id = entry.token;
  const found: Finding[] = [];
  const row = stored && book.rowsById.get(stored.id);
  if (stored && !row && !isClosed(book, story)) {
    found.push({ kind: 'lost', id, text: `it was answered 200 with ${stored.id}, which is not there` });
  } else if (!stored && runs.length > 0 && rows.length === 0) {
    found.push({ kind: 'lost', id, text: `${runs[0]!.run} ran it, and it is not there` });
  }
  if (row && row.token !== id && !isOfKey(book, row.token, entry.key)) {
    found.push({ kind: 'altered', id, text: `${row.id} holds ${row.token ?? 'what nobody wrote'}` });
  }
  if (row && story.changes.some(({ change, answer }) => change === 'close' && answer?.code === null)) {
    found.push({ kind: 'kept', id, text: `${row.id} is still ${row.state}` });
  }
  const ids = idsOf(story);
  if (ids.length > 1 && !explainsTwin(book, story)) {
    found.push({ kind: 'twice', id, text: ids.join(' and ') });
  }
  return found;
}

/** True where a row holds another entry with the same key. */
function isOfKey({ stories }: Book, token: string | null, key: string | null): boolean {
  return key !== null && token !== null && stories.get(token)?.entry.key === key;
}

/**
 * A request of RFC 9 has no UUID before it is stored: where the titanic that stored it, or the broker, is lost before the
 * answer is out, it is given to the next titanic, and stored again.
 */
function explainsTwin(book: Book, { entry, submittedAt, stored, unansweredAt }: Story): boolean {
  const until = stored?.at ?? unansweredAt ?? Infinity;
  return (
    entry.id === null &&
    killBetween(book, ['titanic', 'broker', 'postgres'], submittedAt, until) !== undefined
  );
}

/** All or none. */
function auditWhole(book: Book, batch: string, stories: readonly Story[]): Finding[] {
  if (stories.length < 2) return [];
  const there = stories.filter(
    (story) =>
      story.rows.length > 0 || isClosed(book, story) || (story.stored && book.rowsById.has(story.stored.id)),
  );
  if (there.length === 0 || there.length === stories.length) return [];
  return [{ kind: 'torn', id: batch, text: `${there.length} of ${stories.length} are there` }];
}

/** One key, one request. */
function auditKeys({ stories }: Book): Finding[] {
  const found: Finding[] = [];
  const ids = new Map<string, string>();
  const rows = new Map<string, string>();
  const hold = (map: Map<string, string>, key: string, id: string, token: string): void => {
    const before = map.get(key);
    if (before === undefined) map.set(key, id);
    else if (before !== id)
      found.push({ kind: 'key', id: token, text: `${key} stands for ${before} and ${id}` });
  };
  for (const { entry, stored, rows: own } of stories.values()) {
    if (entry.key === null) continue;
    if (stored) hold(ids, entry.key, stored.id, entry.token);
    for (const { id } of own) hold(rows, entry.key, id, entry.token);
  }
  return found;
}
