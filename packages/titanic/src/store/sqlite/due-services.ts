import type Database from 'better-sqlite3';
import { PRIORITY_MAX } from '@majordomo/protocol';

interface Entry {
  readonly service: string;
  /** No request of the service that waits is due before this. */
  dueAt: number;
  /** The claim in which it was served last. */
  turn: number;
}

/**
 * Which services have something to claim, and when: a hint kept in memory, made anew from the index when the store is
 * opened. It may say too early, never too late; whoever finds nothing due corrects it.
 */
export class DueServices {
  readonly #entries = new Map<string, Entry>();
  readonly #first: Database.Statement<[string, number], { due_at: number }>;
  /** Services looked at in this transaction. */
  readonly #looked = new Set<string>();
  #turn = 0;

  constructor(db: Database.Database) {
    this.#first = db.prepare(
      'SELECT due_at FROM requests WHERE state = 0 AND service = ? AND priority = ? ORDER BY due_at LIMIT 1',
    );
    // One step per service, whatever waits: the next name after the last.
    const next = db.prepare<[string], { service: string }>(
      'SELECT service FROM requests WHERE state = 0 AND service > ? ORDER BY service LIMIT 1',
    );
    for (let row = next.get(''); row; row = next.get(row.service)) this.look(row.service);
  }

  /** A request of this service waits from now on. */
  note(service: string, dueAt: number): void {
    const entry = this.#entries.get(service);
    if (!entry) this.#entries.set(service, { service, dueAt, turn: 0 });
    else if (dueAt < entry.dueAt) entry.dueAt = dueAt;
  }

  /** Looks when the next of this service is due; `Infinity` where none waits. */
  look(service: string): number {
    let dueAt = Infinity;
    for (let priority = 0; priority <= PRIORITY_MAX; priority++) {
      dueAt = Math.min(dueAt, this.#first.get(service, priority)?.due_at ?? Infinity);
    }
    this.#looked.add(service);
    const entry = this.#entries.get(service);
    if (dueAt === Infinity) this.#entries.delete(service);
    else if (entry) entry.dueAt = dueAt;
    else this.#entries.set(service, { service, dueAt, turn: 0 });
    return dueAt;
  }

  /** The transaction has ended. What was seen in one that was undone is not so: it may be due now. */
  ended(committed: boolean): void {
    if (!committed) for (const service of this.#looked) this.note(service, 0);
    this.#looked.clear();
  }

  /** The services that may have something due, the one that was served longest ago first. */
  due(now: number): string[] {
    const due: Entry[] = [];
    for (const entry of this.#entries.values()) if (entry.dueAt <= now) due.push(entry);
    return due
      .sort((one, other) => one.turn - other.turn || one.dueAt - other.dueAt)
      .map(({ service }) => service);
  }

  /** Notes which services were served in one claim. */
  served(services: Iterable<string>): void {
    this.#turn++;
    for (const service of services) {
      const entry = this.#entries.get(service);
      if (entry) entry.turn = this.#turn;
    }
  }

  /** When the next service that is not due yet will be; `Infinity` where none waits. */
  nextAfter(now: number): number {
    let next = Infinity;
    for (const { dueAt } of this.#entries.values()) if (dueAt > now && dueAt < next) next = dueAt;
    return next;
  }
}
