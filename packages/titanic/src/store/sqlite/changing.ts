import type Database from 'better-sqlite3';
import { stateNumber, stateOf, step, type State } from '../../core/lifecycle';
import { EVENT_OF, expiryOf } from '../changes';
import type { Change, Changed } from '../store';
import { idBytes, type Room } from './room';
import { BLOB, INLINE_BYTES_MAX } from './schema';

interface Row {
  readonly seq: number;
  readonly state: number;
  readonly service: string;
  readonly priority: number;
  readonly due_at: number;
  readonly expires_at: number | null;
  readonly bytes: number;
  readonly attempts: number;
}

/** Changes and removes requests. */
export class Changing {
  readonly #room: Room;
  readonly #row: Database.Statement<[Uint8Array], Row>;
  readonly #update: Database.Statement;
  readonly #body: Database.Statement<[Uint8Array | null, number, number]>;
  readonly #bodyBytes: Database.Statement<[number, number], { bytes: number }>;
  readonly #blob: Database.Statement<[number, Uint8Array]>;
  readonly #dropBlobs: Database.Statement<[number, number]>;
  readonly #delete: Database.Statement<[number]>;

  constructor(room: Room) {
    const { db } = room;
    this.#room = room;
    this.#row = db.prepare(
      'SELECT seq, state, service, priority, due_at, expires_at, bytes, attempts FROM requests WHERE id = ?',
    );
    this.#update = db.prepare(
      `UPDATE requests SET state = :state, priority = :priority, due_at = :dueAt, expires_at = :expiresAt,
       terms = CASE WHEN :terms IS NULL THEN terms ELSE json_patch(coalesce(terms, '{}'), :terms) END, attempts = :attempts, ended_at = :endedAt WHERE seq = :seq`,
    );
    this.#body = db.prepare('UPDATE requests SET body = ?, bytes = ? WHERE seq = ?');
    this.#bodyBytes = db.prepare(
      `SELECT coalesce(length(body), (SELECT length(data) FROM blobs WHERE key = ?)) AS bytes
       FROM requests WHERE seq = ?`,
    );
    this.#blob = db.prepare('INSERT OR REPLACE INTO blobs (key, data) VALUES (?, ?)');
    this.#dropBlobs = db.prepare('DELETE FROM blobs WHERE key BETWEEN ? AND ?');
    this.#delete = db.prepare('DELETE FROM requests WHERE seq = ?');
  }

  change(changes: readonly Change[], now: number): Changed[] {
    return changes.map((change) => this.#change(change, now));
  }

  #change(change: Change, now: number): Changed {
    const row = this.#row.get(idBytes(change.id));
    if (!row) return { result: 'unknown' };
    const before = stateOf(row.state);
    const state = step(before, EVENT_OF[change.change]);
    if (!state) return { result: 'refused', state: before };
    const edit = change.change === 'edit' ? change : undefined;
    const dueAt = ('dueAt' in change ? change.dueAt : undefined) ?? row.due_at;
    this.#update.run({
      seq: row.seq,
      state: stateNumber(state),
      priority: edit?.priority ?? row.priority,
      dueAt,
      expiresAt: change.change === 'revive' ? null : expiryOf(row, dueAt, edit?.ttlMs),
      terms: edit?.terms ?? null,
      attempts: change.change === 'revive' ? 0 : row.attempts,
      endedAt: state === 'waiting' ? null : now,
    });
    const bytes = edit?.body ? this.#replaceBody(row, edit.body) : row.bytes;
    this.#room.ledger.moved(row.service, before, state, row.bytes, bytes);
    this.#tell(row.service, change.id, state, dueAt);
    return { result: 'changed' };
  }

  /** @returns the bytes of the request with its new body */
  #replaceBody({ seq, bytes }: Row, body: Uint8Array): number {
    const key = seq * BLOB.kinds + BLOB.body;
    const after = bytes - (this.#bodyBytes.get(key, seq)?.bytes ?? 0) + body.length;
    const isInline = body.length <= INLINE_BYTES_MAX;
    this.#body.run(isInline ? body : null, after, seq);
    if (isInline) this.#dropBlobs.run(key, key);
    else this.#blob.run(key, body);
    return after;
  }

  #tell(service: string, id: string, state: State, dueAt: number): void {
    if (state === 'waiting') this.#room.waits(service, dueAt);
    else this.#room.ended.push(id);
  }

  remove(ids: readonly string[], only?: State): number {
    return ids.filter((id) => this.#remove(id, only)).length;
  }

  #remove(id: string, only: State | undefined): boolean {
    const row = this.#row.get(idBytes(id));
    if (!row || (only !== undefined && stateOf(row.state) !== only)) return false;
    this.erase(row.seq);
    this.#room.ledger.note(row.service, stateOf(row.state), -1, -row.bytes);
    this.#room.ended.push(id);
    return true;
  }

  /** Deletes the row of a request and what is large of it. */
  erase(seq: number): void {
    this.#delete.run(seq);
    this.#dropBlobs.run(seq * BLOB.kinds, seq * BLOB.kinds + BLOB.kinds - 1);
  }
}
