import type { Reply, Row } from '../ledger';
import { isClosed, type Book, type Story } from './book';
import type { Finding } from './finding';

/** Has every request ended, once, as it can have ended, with a reply that a worker wrote for it? */
export function auditEnds(book: Book): Finding[] {
  const found: Finding[] = [];
  for (const story of book.stories.values()) {
    for (const row of story.rows) {
      found.push(...auditRow(book, story, row));
    }
    found.push(...auditReads(book, story));
  }
  return found;
}

function auditRow(book: Book, story: Story, row: Row): Finding[] {
  const id = story.entry.token;
  if (row.state === 'waiting' || row.state === 'running') {
    return [{ kind: 'open', id, text: `${row.id} is ${row.state}` }];
  }
  const why = impossible(story, row);
  const found: Finding[] =
    why === undefined ? [] : [{ kind: 'ended', id, text: `${row.id} is ${row.state}: ${why}` }];
  const altered = alteration(story, row);
  if (altered !== undefined) found.push({ kind: 'altered', id, text: `${row.id}: ${altered}` });
  const unearned = row.state === 'done' ? unearnedOf(book, story, row.reply) : undefined;
  if (unearned !== undefined) found.push({ kind: 'unearned', id, text: `${row.id}: ${unearned}` });
  return found;
}

/** Why it cannot be in this state; `undefined` where it can. */
function impossible({ entry, changes }: Story, { state }: Row): string | undefined {
  const cancels = changes.filter(({ change }) => change === 'cancel');
  const isCancelled = cancels.some(({ answer }) => answer?.code === null);
  if (isCancelled && state !== 'cancelled') return 'its cancellation was answered 200';
  switch (state) {
    case 'done':
      return entry.want === 'doomed' ? 'its worker always fails' : undefined;
    case 'dead':
      return entry.want === 'doomed' ? undefined : 'nothing that it met is final';
    case 'expired':
      return entry.ttlMs === null ? 'it lives for ever' : undefined;
    case 'cancelled':
      return cancels.length === 0 ? 'nobody cancelled it' : undefined;
    case 'waiting':
    case 'running':
      return undefined;
  }
}

/** What the store changed that nobody asked it to; a retry moves the due time by itself. */
function alteration({ entry, changes }: Story, row: Row): string | undefined {
  if (row.priority !== entry.priority) return `priority ${row.priority}, not ${entry.priority}`;
  if (entry.dueAt === null || changes.some(({ change }) => change === 'move')) return undefined;
  const expiresAt = entry.ttlMs === null ? null : entry.dueAt + entry.ttlMs;
  if (row.expiresAt !== expiresAt) return `it expires at ${row.expiresAt}, not ${expiresAt}`;
  return row.state !== 'done' || row.attempts > 1 || row.dueAt === entry.dueAt
    ? undefined
    : `due at ${row.dueAt}, not ${entry.dueAt}`;
}

/** Why a reply is not that of a worker to this request; `undefined` where it is. */
function unearnedOf({ runsByName }: Book, { entry }: Story, reply: Reply | null): string | undefined {
  if (!reply) return 'there is no reply';
  if (reply.token !== entry.token) return `the reply is that of ${reply.token || 'nobody'}`;
  const run = runsByName.get(reply.run);
  if (run?.token !== entry.token) return `no worker has written down ${reply.run} for it`;
  if (run.doneAt === undefined) return `${reply.run} was never finished`;
  return reply.intact ? undefined : 'its payload is not what was sent';
}

/** What was read is what the store holds, each time. */
function auditReads(book: Book, story: Story): Finding[] {
  const id = story.entry.token;
  const found: Finding[] = [];
  const row = story.stored && book.rowsById.get(story.stored.id);
  const ends = story.reads.map(({ state, reply }) => ({ state, reply }));
  if (row) ends.push({ state: row.state, reply: row.reply });
  const texts = new Set(ends.map(({ state, reply }) => `${state}${reply ? ` by ${reply.run}` : ''}`));
  if (texts.size > 1) found.push({ kind: 'double', id, text: [...texts].join(', then ') });
  for (const { state, reply } of story.reads) {
    // Of a key, the reply is that of whoever was first with it.
    const teller = story.entry.key === null || !reply ? story : (book.stories.get(reply.token) ?? story);
    const isOfKey = teller.entry.key === story.entry.key;
    const unearned = state === 'done' && isOfKey ? unearnedOf(book, teller, reply) : undefined;
    if (unearned !== undefined) found.push({ kind: 'unearned', id, text: `it was read: ${unearned}` });
    else if (!isOfKey)
      found.push({ kind: 'unearned', id, text: `it was read: the reply of ${reply?.token}` });
  }
  if (!row && !isClosed(book, story) && story.reads.length > 0) {
    found.push({ kind: 'lost', id, text: 'it was read, and is not there' });
  }
  return found;
}
