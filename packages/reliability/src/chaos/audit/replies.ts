import type { OutcomeLine, ReplyFrame } from '../ledger';
import type { Book, Entry } from './book';
import type { Finding } from './finding';

/** Is every reply the request's own, whole, in order, and written by a worker? */
export function auditReplies(book: Book): Finding[] {
  return [...book.entries.values()].flatMap((entry) =>
    entry.outcomes.flatMap((outcome) => auditReply(book, entry, outcome)),
  );
}

function auditReply(book: Book, { issued }: Entry, outcome: OutcomeLine): Finding[] {
  const { id } = issued;
  const { frames } = outcome;
  const is = (kind: Finding['kind'], text: string): Finding[] => [{ kind, id, text }];
  const foreign = frames.find(({ of }) => of !== id);
  if (foreign) return is('foreign', `it holds frame ${foreign.seq} of ${foreign.of}`);
  const unearned = frames.find(({ run }) => book.runs.get(run)?.id !== id);
  if (unearned) return is('unearned', `no worker has written down ${unearned.run} for it`);
  if (outcome.kind === 'answered' && !outcome.intact) return is('altered', 'its payload differs');
  const broken = brokenOrder(frames);
  if (broken) return is(broken.kind, broken.text);
  if (outcome.kind !== 'answered') return [];
  const last = frames.at(-1);
  if (!last?.last) return is('incomplete', last ? `it ends with frame ${last.seq}` : 'it is empty');
  return book.done.has(last.run) ? [] : is('unearned', `${last.run} was never finished`);
}

/** A reply is of one run, and its frames count up from 0 to the last, and no further. */
function brokenOrder(frames: readonly ReplyFrame[]): Pick<Finding, 'kind' | 'text'> | undefined {
  let before: ReplyFrame | undefined;
  for (const frame of frames) {
    if (before && before.run !== frame.run) {
      return { kind: 'mixed', text: `frames of ${before.run}, then of ${frame.run}` };
    }
    if (before?.last) return { kind: 'incomplete', text: `frame ${frame.seq} comes behind the last` };
    const due = before ? before.seq + 1 : 0;
    if (frame.seq !== due) return { kind: 'incomplete', text: `frame ${frame.seq} where ${due} was due` };
    before = frame;
  }
  return undefined;
}
