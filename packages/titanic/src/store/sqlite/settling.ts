import type Database from 'better-sqlite3';
import { stateNumber, step, type State } from '../../core/lifecycle';
import { afterDeliveries } from '../../core/pace';
import { endingOf, firedBy, type Ending } from '../ending';
import type { Lease, Renewal, ServiceHealth, Settlement } from '../store';
import { idBytes, type Room } from './room';
import { BLOB, INLINE_BYTES_MAX } from './schema';
import type { Submitting } from './submitting';

interface RunningRow {
  readonly seq: number;
  readonly service: string;
  readonly bytes: number;
  readonly due_at: number;
}

/** Renews leases and ends claims. Whoever holds no lease of the latest claim changes nothing. */
export class Settling {
  readonly #room: Room;
  readonly #submitting: Submitting;
  readonly #held: Database.Statement<[Uint8Array, number], RunningRow>;
  readonly #renew: Database.Statement<[number, Uint8Array, number], { seq: number }>;
  readonly #update: Database.Statement;
  readonly #blob: Database.Statement<[number, Uint8Array]>;

  constructor(room: Room, submitting: Submitting) {
    const { db } = room;
    this.#room = room;
    this.#submitting = submitting;
    this.#held = db.prepare(
      'SELECT seq, service, bytes, due_at FROM requests WHERE id = ? AND state = 1 AND token = ?',
    );
    this.#renew = db.prepare(
      'UPDATE requests SET lease_until = ? WHERE id = ? AND state = 1 AND token = ? RETURNING seq',
    );
    this.#update = db.prepare(
      `UPDATE requests SET state = ?, lease_until = NULL, owner = NULL, due_at = ?, ended_at = ?, attempts = attempts + ?,
       error = CASE ? WHEN 2 THEN NULL ELSE coalesce(?, error) END, reply_type = ?, reply = ?, bytes = ? WHERE seq = ?`,
    );
    this.#blob = db.prepare('INSERT OR REPLACE INTO blobs (key, data) VALUES (?, ?)');
  }

  renew(renewals: readonly Renewal[], leaseMs: number, now: number): Lease[] {
    const lost: Lease[] = [];
    for (const { id, token, progress } of renewals) {
      const row = this.#renew.get(now + leaseMs, idBytes(id), token);
      if (!row) lost.push({ id, token });
      else if (progress) this.#blob.run(row.seq * BLOB.kinds + BLOB.progress, progress);
    }
    return lost;
  }

  /** @throws StoreFullError before anything is written */
  settle(settlements: readonly Settlement[], health: readonly ServiceHealth[], now: number): boolean[] {
    this.#submitting.requireRoom(firedBy(settlements).length);
    const taken = settlements.map((settlement) => this.#settle(settlement, now));
    for (const each of health) {
      const before = this.#room.paces.get(each.service);
      const after = afterDeliveries(before, each, now, Math.random());
      if (after && after !== before) this.#room.paces.put(each.service, after);
    }
    return taken;
  }

  #settle(settlement: Settlement, now: number): boolean {
    const row = this.#held.get(idBytes(settlement.id), settlement.token);
    if (!row) return false;
    if (settlement.outcome === 'fire') {
      for (const request of settlement.requests) this.#submitting.add(request, now);
    }
    this.#end(row, settlement.id, endingOf(settlement), now);
    return true;
  }

  #end(row: RunningRow, id: string, ending: Ending, now: number): void {
    const state = step('running', ending.event) ?? 'dead';
    const { reply } = ending;
    const isInline = reply !== undefined && reply.length <= INLINE_BYTES_MAX;
    const dueAt = ending.dueAt ?? row.due_at;
    const bytes = row.bytes + (reply?.length ?? 0);
    const number = stateNumber(state);
    // By place: that is cheaper than by name.
    this.#update.run(
      number,
      dueAt,
      state === 'waiting' ? null : now,
      ending.attempts ?? 0,
      number,
      ending.error ?? null,
      ending.replyType ?? null,
      isInline ? reply : null,
      bytes,
      row.seq,
    );
    if (reply && !isInline) this.#blob.run(row.seq * BLOB.kinds + BLOB.reply, reply);
    this.#room.ledger.moved(row.service, 'running', state, row.bytes, bytes);
    this.#tell(row.service, id, state, dueAt);
  }

  #tell(service: string, id: string, state: State, dueAt: number): void {
    if (state === 'waiting') this.#room.waits(service, dueAt);
    else this.#room.ended.push(id);
  }
}
