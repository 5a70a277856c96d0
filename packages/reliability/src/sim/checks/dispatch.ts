import type { BrokerToWorker } from '@majordomo/protocol';
import { numberOf } from '../bodies';
import { isAlone, waitingAlike } from './alike';
import type { Asked, Book, Served } from './book';
import { checkOrder, turnTaken } from './order';
import { Violation } from './violation';

/** A REQUEST on its way to a worker. */
type Dispatch = Extract<BrokerToWorker, { kind: 'request' }>;

/**
 * A broker gives a request to a worker: one that waits, to one that has room, on terms that its client granted.
 * @param attemptsMax - how many workers a request may go to
 * @param calm - whether the order can be told in which requests and workers must come
 */
export function dispatched(
  book: Book,
  served: Served | undefined,
  dispatch: Dispatch,
  { attemptsMax, calm }: { readonly attemptsMax: number; readonly calm: boolean },
): void {
  const { ref, body, window } = dispatch;
  const number = numberOf(body);
  if (!served) throw new Violation('dispatch', `${number} was given to a worker that is not registered`);
  checkRoom(served, number, ref);
  const asked = waitingAlike(book, number, served.service, dispatch);
  if (!asked) {
    throw new Violation(
      'dispatch',
      `${number} was given to a worker, and does not wait for ${served.service}`,
    );
  }
  asked.attempts++;
  checkAttempt(asked, dispatch, attemptsMax);
  // Of one among several alike, what its client granted is not known.
  if (isAlone(book, number)) checkTerms(asked, dispatch, book.broker.now);
  if (calm) checkOrder(book, asked, served);
  turnTaken(book, asked);
  asked.state = 'held';
  asked.worker = served;
  asked.ref = ref;
  served.held.set(ref, asked);
  served.windows.set(ref, window);
  served.usedAt = book.next();
}

function checkRoom({ draining, held, credit }: Served, number: number, ref: Dispatch['ref']): void {
  if (draining) throw new Violation('draining', `${number} was given to a worker that asked for no more`);
  if (held.size >= credit) {
    throw new Violation('credit', `${number} was given to a worker that has ${held.size} of ${credit}`);
  }
  if (held.has(ref)) throw new Violation('reference', `${number} has a reference that its worker holds`);
}

function checkAttempt({ number }: Asked, { attempt }: Dispatch, attemptsMax: number): void {
  if (attempt <= attemptsMax) return;
  throw new Violation('attempts', `${number} was given to worker ${attempt} of ${attemptsMax}`);
}

function checkTerms(
  { number, dueAt, dialect, attempts, partlySent, window: granted }: Asked,
  { attempt, remainingMs, window }: Dispatch,
  now: number,
): void {
  if (partlySent) {
    throw new Violation('partials', `${number} was given away again, with part of its reply sent`);
  }
  if (attempt !== attempts) {
    throw new Violation('attempts', `${number} says attempt ${attempt}, and it is ${attempts}`);
  }
  if (dueAt <= now) throw new Violation('expiry', `${number} was given away after its time`);
  if (dueAt !== Infinity && remainingMs > Math.ceil(dueAt - now)) {
    throw new Violation('expiry', `${number} was given ${remainingMs} ms, and has ${dueAt - now}`);
  }
  if (dialect === 'packed' && window > granted) {
    throw new Violation('window', `${number} was given a window of ${window} of ${granted}`);
  }
}
