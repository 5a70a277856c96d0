import type Database from 'better-sqlite3';
import { DueServices } from './due-services';
import { Ledger } from './ledger';
import { PaceBook } from './pace-book';

/** What the operations of one store share: its database, and what is kept beside it in memory. */
export class Room {
  readonly ledger: Ledger;
  readonly dueServices: DueServices;
  readonly paces: PaceBook;
  /** Requests that ended or were removed in this transaction. */
  ended: string[] = [];
  /** The earliest time from which there is more to claim through this transaction, in ms. */
  dueAt = Infinity;

  constructor(
    readonly db: Database.Database,
    readonly requestsMax: number,
  ) {
    this.ledger = new Ledger(db);
    this.dueServices = new DueServices(db);
    this.paces = new PaceBook(db);
  }

  /** A request of this service waits for this time. */
  waits(service: string, dueAt: number): void {
    this.dueServices.note(service, dueAt);
    this.dueAt = Math.min(this.dueAt, dueAt);
  }

  /** The transaction has ended, and with it what was noted of it. */
  transactionEnded(committed: boolean): void {
    this.ledger.ended(committed);
    this.dueServices.ended(committed);
    this.ended = [];
    this.dueAt = Infinity;
  }
}

/** An id as it is stored. */
export const idBytes = (id: string): Buffer => Buffer.from(id, 'hex');

/** An id as it is spoken of. */
export const idText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
