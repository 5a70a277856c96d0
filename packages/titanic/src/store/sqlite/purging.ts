import type Database from 'better-sqlite3';
import { stateNumber } from '../../core/lifecycle';
import { PACE_IDLE_MS } from '../../core/pace';
import { doomed, type Doomed, type Retention } from '../../core/retention';
import { STEP_ROWS_MAX } from '../store';
import type { Changing } from './changing';
import { idText, type Room } from './room';

interface Row {
  readonly seq: number;
  readonly id: Uint8Array;
  readonly service: string;
  readonly bytes: number;
  readonly ended_at: number;
}

/** Removes what is to be kept no longer, some at a time. */
export class Purging {
  readonly #room: Room;
  readonly #changing: Changing;
  readonly #oldest: Database.Statement<[number, number], Row>;
  readonly #keys: Database.Statement<[number, number]>;

  constructor(room: Room, changing: Changing) {
    const { db } = room;
    this.#room = room;
    this.#changing = changing;
    this.#oldest = db.prepare(
      `SELECT seq, id, service, bytes, ended_at FROM requests
       WHERE state = ? AND state >= 2 ORDER BY ended_at LIMIT ?`,
    );
    this.#keys = db.prepare(
      `DELETE FROM keys WHERE (service, text) IN (SELECT service, text FROM keys WHERE until <= ? ORDER BY until LIMIT ?)`,
    );
  }

  purge(retention: Retention, now: number): { removed: number; more: boolean } {
    let removed = 0;
    let more = false;
    for (const rule of doomed(retention, this.#room.ledger.perState(), now)) {
      const count = this.#remove(rule);
      removed += count;
      more ||= count === STEP_ROWS_MAX;
    }
    const keys = this.#keys.run(now, STEP_ROWS_MAX).changes;
    this.#room.paces.forget(now - PACE_IDLE_MS);
    return { removed, more: more || keys === STEP_ROWS_MAX };
  }

  /** Removes the oldest of one state, as far as the rule goes. */
  #remove({ state, before, excess }: Doomed): number {
    let count = 0;
    for (const row of this.#oldest.all(stateNumber(state), STEP_ROWS_MAX)) {
      if (row.ended_at > before && count >= excess) break;
      this.#changing.erase(row.seq);
      this.#room.ledger.note(row.service, state, -1, -row.bytes);
      this.#room.ended.push(idText(row.id));
      count++;
    }
    return count;
  }
}
