import type { BrokerToClient, DialectName } from '@majordomo/protocol';
import type { Asked, Book } from './book';
import { turnOf } from './order';

/* A client may have sent the same request twice, and plain clients are not told of every end: which of several is meant. */

/** True where no other request has or had the number: a client may have sent the same twice. */
export function isAlone(book: Book, number: number): boolean {
  return !book.repeated.has(number);
}

/** The request that was given away: of several alike, the one that its terms fit best and whose turn it is. */
export function waitingAlike(
  book: Book,
  number: number,
  service: string,
  { attempt, remainingMs }: { readonly attempt: number; readonly remainingMs: number },
): Asked | undefined {
  const { now } = book.broker;
  const fit = (each: Asked): boolean =>
    each.attempts + 1 === attempt && remainingOf(each, now) === remainingMs;
  let asked: Asked | undefined;
  for (const each of book.byNumber.get(number) ?? []) {
    if (each.state !== 'waits' || each.service !== service) continue;
    const better = !asked || (fit(each) && (!fit(asked) || turnOf(book, each) < turnOf(book, asked)));
    if (better) asked = each;
  }
  return asked;
}

function remainingOf({ dueAt }: Asked, now: number): number {
  return dueAt === Infinity ? 0 : Math.max(1, Math.ceil(dueAt - now));
}

/** The reply tells which of several alike it was that a worker had. */
export function swapWithHeld(book: Book, asked: Asked): void {
  if (asked.state !== 'waits') return;
  for (const other of book.byNumber.get(asked.number) ?? []) {
    if (other.state !== 'held' || other.service !== asked.service) continue;
    const { worker, ref, attempts } = other;
    asked.state = 'held';
    other.state = 'waits';
    asked.worker = worker;
    other.worker = undefined;
    asked.ref = ref;
    other.attempts = asked.attempts;
    asked.attempts = attempts;
    if (worker?.held.get(ref) === other) worker.held.set(ref, asked);
    return;
  }
}

/** A plain client is told nothing, but that its request has ended shows: it is the last, or the only one. */
export function endPlain(
  book: Book,
  peer: string,
  { id, service, origin }: Extract<BrokerToClient, { kind: 'failure' }>,
): void {
  // Of those that workers failed at, the worker said which it was.
  if (origin === 'worker') return;
  const open = [...(book.byPeer.get(peer) ?? [])].filter((asked) => asked.service === service);
  const last = open.at(-1);
  if (!last) return;
  if (id === 0 || (open.length === 1 && !book.unsure.has(peer))) book.end(last, false);
  else book.unsure.add(peer);
}

/** The request that a reply to a plain client answers. */
export function plainAsked(
  book: Book,
  peer: string,
  dialect: DialectName,
  number: number,
): Asked | undefined {
  const { answered } = book;
  if (answered?.peer === peer && answered.number === number && answered.state === 'held') return answered;
  let found: Asked | undefined;
  for (const asked of book.byPeer.get(peer) ?? []) {
    if (asked.dialect !== dialect || asked.number !== number) continue;
    // Of several alike, the one that a worker had: which of them it is nobody can tell.
    if (asked.state === 'held' || !found) found = asked;
  }
  return found;
}
