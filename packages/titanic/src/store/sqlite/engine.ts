import { isMajordomoError } from '@majordomo/protocol';
import type Database from 'better-sqlite3';
import { Changing } from './changing';
import { Claiming } from './claiming';
import { storeError } from './errors';
import { Listing } from './listing';
import { openDatabase } from './open';
import type { GroupOutcome, Operation, Outcome } from './operations';
import { Purging } from './purging';
import { Reading } from './reading';
import { Room } from './room';
import { Settling } from './settling';
import { Submitting } from './submitting';

/** How an engine is opened. */
export interface EngineOptions {
  readonly file: string;
  readonly requestsMax: number;
  readonly fileBytesMax: number | undefined;
}

/** What of a group has taken place so far. */
interface Group {
  readonly outcomes: Outcome[];
  readonly ended: string[];
  dueAt: number;
}

/**
 * The store itself, in SQLite. It blocks while it works, the wait for the disk included, so it has a thread of its own.
 * Operations that are asked for together share one transaction, and so one wait for the disk; where that fails, each
 * gets one of its own, so that what cannot be done does not keep the others from being done.
 */
export class Engine {
  readonly #file: string;
  readonly #db: Database.Database;
  readonly #room: Room;
  readonly #submitting: Submitting;
  readonly #claiming: Claiming;
  readonly #settling: Settling;
  readonly #changing: Changing;
  readonly #reading: Reading;
  readonly #listing: Listing;
  readonly #purging: Purging;
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #rollback: Database.Statement;

  /** @throws StoreInvalidError, StoreUnavailableError */
  constructor({ file, requestsMax, fileBytesMax }: EngineOptions) {
    this.#file = file;
    try {
      this.#db = openDatabase({ file, fileBytesMax });
    } catch (error) {
      throw storeError(error, file);
    }
    this.#room = new Room(this.#db, requestsMax);
    this.#submitting = new Submitting(this.#room);
    this.#claiming = new Claiming(this.#room);
    this.#settling = new Settling(this.#room, this.#submitting);
    this.#changing = new Changing(this.#room);
    this.#reading = new Reading(this.#room);
    this.#listing = new Listing(this.#room);
    this.#purging = new Purging(this.#room, this.#changing);
    // The file is ours alone, so whoever had something in hand is gone: it can be taken up at once.
    this.#db.exec('UPDATE requests SET lease_until = 0 WHERE state = 1');
    this.#begin = this.#db.prepare('BEGIN IMMEDIATE');
    this.#commit = this.#db.prepare('COMMIT');
    this.#rollback = this.#db.prepare('ROLLBACK');
  }

  /** Does operations, in order; what came of them is on disk when it returns. */
  run(operations: readonly Operation[], now: number): GroupOutcome {
    const group: Group = { outcomes: [], ended: [], dueAt: Infinity };
    if (!this.#together(operations, now, group)) {
      for (const operation of operations) this.#alone(operation, now, group);
    }
    return group;
  }

  /** @returns false where nothing of it was done */
  #together(operations: readonly Operation[], now: number, group: Group): boolean {
    try {
      group.outcomes.push(...this.#transact(group, () => operations.map((each) => this.#do(each, now))));
      return true;
    } catch {
      return false;
    }
  }

  #alone(operation: Operation, now: number, group: Group): void {
    try {
      group.outcomes.push(this.#transact(group, () => this.#do(operation, now)));
    } catch (error) {
      const { code, message } = storeError(error, this.#file);
      group.outcomes.push({ fault: { code, message } });
    }
  }

  /** Does work in one transaction: all of it, or none where anything throws. */
  #transact<Result>(group: Group, work: () => Result): Result {
    const room = this.#room;
    let isCommitted = false;
    try {
      this.#begin.run();
      const result = work();
      room.ledger.write();
      this.#commit.run();
      isCommitted = true;
      for (const id of room.ended) group.ended.push(id);
      group.dueAt = Math.min(group.dueAt, room.dueAt);
      return result;
    } finally {
      if (this.#db.inTransaction) this.#rollback.run();
      room.transactionEnded(isCommitted);
    }
  }

  /** A refusal of ours comes before the operation has written anything, and is its own affair; all else is everybody's. */
  #do(operation: Operation, now: number): Outcome {
    try {
      return { gives: this.#perform(operation, now) };
    } catch (error) {
      if (!isMajordomoError(error)) throw error;
      return { fault: { code: error.code, message: error.message } };
    }
  }

  #perform(operation: Operation, now: number): unknown {
    switch (operation.name) {
      case 'submit':
        return this.#submitting.submit(...operation.takes, now);
      case 'claim':
        return this.#claiming.claim(...operation.takes, now);
      case 'renew':
        return this.#settling.renew(...operation.takes, now);
      case 'settle':
        return this.#settling.settle(...operation.takes, now);
      case 'read':
        return this.#reading.read(...operation.takes);
      case 'list':
        return this.#listing.list(...operation.takes, now);
      case 'change':
        return this.#changing.change(...operation.takes, now);
      case 'remove':
        return this.#changing.remove(...operation.takes);
      case 'purge':
        return this.#purging.purge(...operation.takes, now);
      case 'stats':
        return this.#room.ledger.all();
      case 'backlog':
        return this.#listing.backlog(now);
    }
  }

  close(): void {
    this.#db.close();
  }
}
