import {
  isMmi,
  keyToHex,
  type BrokerToClient,
  type BrokerToWorker,
  type ClientToBroker,
  type DialectName,
  type Ref,
  type WorkerToBroker,
} from '@majordomo/protocol';
import type { BrokerEvent } from '../../../../broker/src/core/outbound';
import { NOBODY, numberOf } from '../bodies';
import type { BrokerPlan } from '../plan';
import type { Watcher, BrokerRun } from '../watcher';
import { endPlain, isAlone, plainAsked, swapWithHeld } from './alike';
import { checkBeats } from './beats';
import { Book, type Asked, type Served } from './book';
import { dispatched } from './dispatch';
import { turnWaits } from './order';
import { Violation } from './violation';

/** What a deadline may be late by: a slot of the broker's timers and so many of its ticks, in ms. */
const SLOT_MS = 8;
const TICKS_LATE = 3;
const WINDOW_MAX = 2 ** 32 - 1;
const CREDIT_MAX = 65_536;

/** How often what is overdue is looked for, in turns of a broker. */
const LOOK_EVERY = 16;

/**
 * Watches the wire of every broker, and holds it to what docs/PROTOCOL.md promises of requests, replies, credit,
 * windows, attempts, deadlines and cancellation. It keeps its own book of what passed, and looks into no core.
 */
export class BrokerWire implements Watcher {
  readonly #books = new Map<BrokerRun, Book>();
  #ready: { peer: string; service: string; credit: number; packed: boolean } | undefined;
  #turns = 0;

  constructor(
    private readonly plans: ReadonlyMap<string, BrokerPlan & { readonly tickMs: number }>,
    private readonly calm: boolean,
    /** The longest that a message takes, in ms, where the world is calm. */
    private readonly delayMs: number,
  ) {}

  #book(broker: BrokerRun): Book {
    return this.#books.get(broker) as Book;
  }

  #plan({ name }: BrokerRun): BrokerPlan & { readonly tickMs: number } {
    return this.plans.get(name) as BrokerPlan & { readonly tickMs: number };
  }

  brokerStarted(broker: BrokerRun): void {
    this.#books.set(broker, new Book(broker));
  }

  brokerEnded(broker: BrokerRun, gracefully: boolean): void {
    const book = this.#book(broker);
    if (gracefully) {
      for (const { dialect, number } of book.asked) {
        if (dialect === 'packed')
          throw new Violation('one end', `the broker closed, and ${number} was not told`);
      }
    }
    this.#books.delete(broker);
  }

  clientSaid(broker: BrokerRun, peer: string, dialect: DialectName, command: ClientToBroker): void {
    const book = this.#book(broker);
    const client = book.clients.get(peer);
    if (client) client.heardAt = broker.now;
    switch (command.kind) {
      case 'request':
        this.#request(book, peer, dialect, command);
        return;
      case 'cancel': {
        const asked = client && book.byId(peer, command.id);
        if (asked) book.end(asked, true);
        return;
      }
      case 'window': {
        const asked = client && book.byId(peer, command.id);
        if (asked) asked.window = Math.min(WINDOW_MAX, asked.window + command.more);
        return;
      }
      case 'disconnect':
        book.endAll(peer);
        return;
      case 'hello':
      case 'heartbeat':
      case 'proof':
        return;
    }
  }

  #request(
    book: Book,
    peer: string,
    dialect: DialectName,
    { id, service, body, remainingMs, priority, window }: Extract<ClientToBroker, { kind: 'request' }>,
  ): void {
    const packed = dialect === 'packed';
    // Neither of these is taken: the session of whoever says it ends.
    if (packed ? !book.clients.has(peer) || book.byId(peer, id) : book.clients.has(peer)) return;
    if (isMmi(service)) return;
    const heardAt = book.broker.now;
    const asked: Asked = {
      peer,
      dialect,
      id,
      number: numberOf(body),
      service,
      priority,
      order: book.next(),
      heardAt,
      dueAt: remainingMs === 0 ? Infinity : heardAt + remainingMs,
      waitsSince: heardAt,
      window: packed ? window : Infinity,
      state: 'waits',
      returned: false,
      partlySent: false,
      attempts: 0,
      worker: undefined,
      ref: 0,
    };
    turnWaits(book, asked);
    book.add(asked);
  }

  workerSaid(broker: BrokerRun, peer: string, dialect: DialectName, command: WorkerToBroker): void {
    const book = this.#book(broker);
    const served = book.served.get(peer);
    if (command.kind === 'ready') {
      const { service, credit } = command;
      this.#ready = { peer, service, credit, packed: dialect === 'packed' };
    }
    if (!served) return;
    served.heardAt = broker.now;
    if ((dialect === 'packed') !== served.packed) return;
    switch (command.kind) {
      case 'final':
      case 'failure':
        this.#answered(book, served, command);
        return;
      case 'partial':
        book.answered = served.held.get(command.ref);
        this.#streamed(book, served, command.ref);
        if (!book.answered) book.toDismiss.set(peer, 'PARTIAL under a reference that is not its own');
        return;
      case 'credit':
        served.credit = Math.min(CREDIT_MAX, command.credit);
        served.usedAt = book.next();
        return;
      case 'draining':
        served.draining = true;
        return;
      case 'ready':
        book.toDismiss.set(peer, 'READY twice');
        return;
      case 'heartbeat':
      case 'disconnect':
      case 'proof':
        return;
    }
  }

  #streamed(book: Book, { peer, packed, windows }: Served, ref: Ref): void {
    const window = windows.get(ref);
    // What still comes of a request that has ended is counted against nobody.
    if (!packed || window === undefined || !isWanted(book.answered)) return;
    if (window === 0) book.toDismiss.set(peer, 'PARTIAL beyond its window');
    else windows.set(ref, window - 1);
  }

  #answered(
    book: Book,
    served: Served,
    { ref, kind }: Extract<WorkerToBroker, { kind: 'final' | 'failure' }>,
  ): void {
    const asked = served.held.get(ref);
    book.answered = asked;
    if (!asked) {
      book.toDismiss.set(served.peer, `${kind} under a reference that is not its own`);
      return;
    }
    served.held.delete(ref);
    served.windows.delete(ref);
    served.usedAt = book.next();
    for (const owed of book.owedCancels) {
      if (owed.served === served && owed.ref === ref) book.owedCancels.delete(owed);
    }
    // A plain client cannot be told of a failure.
    if (kind === 'failure' && asked.dialect !== 'packed') book.end(asked, false);
  }

  toWorker(broker: BrokerRun, peer: string, _dialect: DialectName, command: BrokerToWorker): void {
    const book = this.#book(broker);
    const served = book.served.get(peer);
    if (served) served.sentAt = broker.now;
    if (command.kind === 'request') {
      const { attemptsMax } = this.#plan(broker);
      dispatched(book, served, command, { attemptsMax, calm: this.calm });
    }
    if (command.kind === 'window' && served) {
      served.windows.set(command.ref, (served.windows.get(command.ref) ?? 0) + command.more);
    }
    if (command.kind === 'cancel' && served) book.cancelled(served, command.ref);
  }

  toClient(broker: BrokerRun, peer: string, dialect: DialectName, command: BrokerToClient): void {
    const book = this.#book(broker);
    const client = book.clients.get(peer);
    if (client) client.sentAt = broker.now;
    switch (command.kind) {
      case 'welcome':
        book.clients.set(peer, { sentAt: broker.now, heardAt: broker.now });
        return;
      case 'disconnect':
        if (client) book.endAll(peer);
        return;
      case 'partial':
      case 'final':
        if (!isMmi(command.service)) this.#replied(book, peer, dialect, command);
        return;
      case 'failure':
        if (dialect === 'packed') this.#failed(book, peer, command);
        else endPlain(book, peer, command);
        return;
      case 'heartbeat':
      case 'draining':
        return;
    }
  }

  #replied(
    book: Book,
    peer: string,
    dialect: DialectName,
    { kind, id, body }: Extract<BrokerToClient, { kind: 'partial' | 'final' }>,
  ): void {
    const number = numberOf(body);
    const asked = dialect === 'packed' ? book.byId(peer, id) : plainAsked(book, peer, dialect, number);
    if (!asked)
      throw new Violation('reply', `${kind} of ${number} went to a client that does not wait for it`);
    if (asked.number !== number && asked.number !== NOBODY) {
      throw new Violation('reply', `${kind} of ${number} answers ${asked.number}`);
    }
    swapWithHeld(book, asked);
    if (asked.attempts === 0) throw new Violation('reply', `${kind} of ${number} before any worker had it`);
    if (kind === 'final') {
      book.end(asked, false);
    } else if (--asked.window < 0) {
      throw new Violation('window', `a PARTIAL of ${number} beyond the window of its client`);
    } else {
      asked.partlySent = true;
    }
  }

  #failed(
    book: Book,
    peer: string,
    { id, code, origin }: Extract<BrokerToClient, { kind: 'failure' }>,
  ): void {
    const asked = book.byId(peer, id);
    if (!asked) throw new Violation('one end', `${code} for ${id}, which its client does not wait for`);
    if (origin === 'worker') swapWithHeld(book, asked);
    const { attemptsMax } = this.#plan(book.broker);
    if (
      code === 'ATTEMPTS_EXHAUSTED' &&
      origin === 'broker' &&
      isAlone(book, asked.number) &&
      !asked.partlySent &&
      asked.attempts < attemptsMax
    ) {
      throw new Violation(
        'attempts',
        `${asked.number} was given up after ${asked.attempts} of ${attemptsMax}`,
      );
    }
    book.end(asked, false);
  }

  peerLeft(broker: BrokerRun, peer: string): void {
    this.#book(broker).endAll(peer);
  }

  event(broker: BrokerRun, event: BrokerEvent): void {
    const book = this.#book(broker);
    if (event.type === 'workerRegistered') this.#registered(book);
    else if (event.type === 'workerLost') this.#lost(book, event.peer);
  }

  #registered(book: Book): void {
    const ready = this.#ready;
    if (!ready) throw new Violation('dispatch', 'a worker is registered that did not say READY');
    const { peer, service, credit, packed } = ready;
    const { now } = book.broker;
    const served: Served = {
      peer,
      packed,
      service,
      credit: packed ? Math.min(CREDIT_MAX, credit) : 1,
      draining: false,
      held: new Map(),
      windows: new Map(),
      usedAt: book.next(),
      sentAt: now,
      heardAt: now,
    };
    book.served.set(peer, served);
  }

  #lost(book: Book, hex: string): void {
    for (const served of book.served.values()) {
      if (keyToHex(served.peer) !== hex) continue;
      book.served.delete(served.peer);
      book.toDismiss.delete(served.peer);
      for (const owed of book.owedCancels) if (owed.served === served) book.owedCancels.delete(owed);
      for (const asked of served.held.values()) {
        if (asked.state !== 'held' || asked.worker !== served) continue;
        asked.state = 'waits';
        asked.returned = true;
        asked.waitsSince = book.broker.now;
        asked.worker = undefined;
      }
      return;
    }
  }

  settled(broker: BrokerRun): void {
    const book = this.#book(broker);
    for (const [peer, why] of book.toDismiss) {
      if (book.served.has(peer)) throw new Violation('misbehaviour', `a worker stays after ${why}`);
    }
    book.toDismiss.clear();
    for (const { ref } of book.owedCancels) {
      throw new Violation(
        'cancellation',
        `a packed worker was not told that nobody wants ${String(ref)} any more`,
      );
    }
    if (++this.#turns % LOOK_EVERY !== 0) return;
    this.#lookForOverdue(book);
    if (this.calm) checkBeats(book, this.#plan(broker), this.delayMs);
  }

  #lookForOverdue(book: Book): void {
    const { now } = book.broker;
    const { tickMs, attemptsMax } = this.#plan(book.broker);
    const lateMs = SLOT_MS + TICKS_LATE * tickMs;
    for (const { state, dueAt, number, attempts, dialect, waitsSince } of book.asked) {
      // Which of several alike it is that waits cannot always be told.
      if (state !== 'waits' || !isAlone(book, number)) continue;
      if (now > Math.max(dueAt, waitsSince) + lateMs)
        throw new Violation('expiry', `${number} still waits ${now - dueAt} ms after its time`);
      if (attempts >= attemptsMax && dialect === 'packed') {
        throw new Violation('attempts', `${number} still waits after ${attempts} workers were lost with it`);
      }
    }
  }
}

/** True for a request of which it is known that somebody waits for it: plain clients are not told that theirs have ended. */
function isWanted(asked: Asked | undefined): boolean {
  return asked?.state === 'held' && asked.dialect === 'packed';
}
