import type { Asked, Book, Served } from './book';
import { Violation } from './violation';

/* Who gets what next, where nothing goes wrong: docs/ARCHITECTURE.md, `dispatcher` and `fair-queue`. */

const laneOf = ({ service, priority, peer }: Asked): string => `${service} ${priority} ${peer}`;

function waitsInLane(book: Book, asked: Asked): boolean {
  for (const other of book.byPeer.get(asked.peer) ?? []) {
    if (other === asked || other.state !== 'waits' || other.returned) continue;
    if (other.service === asked.service && other.priority === asked.priority) return true;
  }
  return false;
}

/** Since when it has been the turn of the client of a request. */
export function turnOf(book: Book, asked: Asked): number {
  return book.turns.get(laneOf(asked)) ?? 0;
}

/** A request comes: the first of its client's gets in line for a turn. */
export function turnWaits(book: Book, asked: Asked): void {
  if (!waitsInLane(book, asked)) book.turns.set(laneOf(asked), book.next());
}

/** A client had its turn: it is last in line, if it waits at all. */
export function turnTaken(book: Book, asked: Asked): void {
  if (!asked.returned) book.turns.set(laneOf(asked), book.next());
}

/**
 * Holds one dispatch against the order that is promised: the highest priority first, clients in turn, each client's
 * requests in the order in which they came, and the worker with credit that was used least recently.
 */
export function checkOrder(book: Book, asked: Asked, served: Served): void {
  const { number, service } = asked;
  // What comes back from a lost worker goes before all others.
  if (!asked.returned) checkQueue(book, asked);
  for (const other of book.served.values()) {
    if (other.service !== service || other.draining || other.held.size >= other.credit) continue;
    if (other.usedAt < served.usedAt) {
      throw new Violation(
        'least recently used',
        `${number} went to a worker that was used later than another`,
      );
    }
  }
}

function checkQueue(book: Book, asked: Asked): void {
  const { number, service, priority, peer, order } = asked;
  const turn = turnOf(book, asked);
  for (const other of book.asked) {
    if (other === asked || other.state !== 'waits' || other.service !== service) continue;
    if (other.returned)
      throw new Violation('put back', `${number} before ${other.number}, which a lost worker had`);
    if (other.priority > priority) {
      throw new Violation('priority', `${number} (${priority}) before ${other.number} (${other.priority})`);
    }
    if (other.priority < priority) continue;
    if (other.peer === peer && other.order < order) {
      throw new Violation('order of arrival', `${number} before ${other.number} of the same client`);
    }
    if (other.peer !== peer && turnOf(book, other) < turn) {
      throw new Violation('fairness', `${number} before ${other.number} of a client whose turn it was`);
    }
  }
}
