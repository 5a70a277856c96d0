import type Database from 'better-sqlite3';
import { StoreFullError } from '@majordomo/protocol';
import type { NewRequest, Submitted } from '../store';
import { idBytes, idText, type Room } from './room';
import { BLOB, INLINE_BYTES_MAX } from './schema';

/** Adds requests. */
export class Submitting {
  readonly #room: Room;
  readonly #insert: Database.Statement;
  readonly #blob: Database.Statement<[number | bigint, Uint8Array]>;
  readonly #key: Database.Statement<[string, string, number], { id: Uint8Array }>;
  readonly #id: Database.Statement<[Uint8Array], { seq: number }>;
  readonly #putKey: Database.Statement<[string, string, Uint8Array, number]>;

  constructor(room: Room) {
    const { db } = room;
    this.#room = room;
    this.#insert = db.prepare(
      `INSERT INTO requests (id, state, service, priority, due_at, expires_at, submitted_at, bytes, terms, body)
       VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    );
    this.#blob = db.prepare('INSERT INTO blobs (key, data) VALUES (?, ?)');
    this.#key = db.prepare('SELECT id FROM keys WHERE service = ? AND text = ? AND until > ?');
    this.#id = db.prepare('SELECT seq FROM requests WHERE id = ?');
    this.#putKey = db.prepare('INSERT OR REPLACE INTO keys (service, text, id, until) VALUES (?, ?, ?, ?)');
  }

  /** @throws StoreFullError before anything is written */
  submit(requests: readonly NewRequest[], now: number): Submitted[] {
    if (!this.#hasRoom(requests.length)) {
      // What is there already takes no room: a submitter that was not answered asks again.
      this.requireRoom(requests.filter((request) => !this.#isKnown(request, now)).length);
    }
    return requests.map((request) => this.add(request, now));
  }

  /** @throws StoreFullError where so many more are beyond the bound */
  requireRoom(count: number): void {
    if (count === 0 || this.#hasRoom(count)) return;
    const { requestsMax } = this.#room;
    throw new StoreFullError(
      `As many requests wait as the store may hold (requestsMax: ${requestsMax}); nothing was stored.`,
    );
  }

  #hasRoom(count: number): boolean {
    const { requestsMax, ledger } = this.#room;
    return ledger.open + count <= requestsMax;
  }

  #isKnown({ id, service, key }: NewRequest, now: number): boolean {
    return (
      (key && this.#key.get(service, key.text, now)) !== undefined || this.#id.get(idBytes(id)) !== undefined
    );
  }

  /** Adds one, unless its key or its id is known. */
  add(request: NewRequest, now: number): Submitted {
    const { id, service, body, priority, dueAt, key } = request;
    const bytes = idBytes(id);
    if (key) {
      const known = this.#key.get(service, key.text, now);
      if (known) return { id: idText(known.id), duplicate: true };
    }
    const isInline = body.length <= INLINE_BYTES_MAX;
    const { changes, lastInsertRowid } = this.#insert.run(
      bytes,
      service,
      priority,
      dueAt,
      request.expiresAt ?? null,
      now,
      body.length,
      request.terms ?? null,
      isInline ? body : null,
    );
    if (changes === 0) return { id, duplicate: true };
    if (!isInline) this.#blob.run(Number(lastInsertRowid) * BLOB.kinds + BLOB.body, body);
    if (key) this.#putKey.run(service, key.text, bytes, key.until);
    this.#room.ledger.note(service, 'waiting', 1, body.length);
    this.#room.waits(service, dueAt);
    return { id, duplicate: false };
  }
}
