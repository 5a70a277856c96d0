import type Database from 'better-sqlite3';
import { stateOf } from '../../core/lifecycle';
import type { Part, StoredRequest, StoredWhole } from '../store';
import { idBytes, idText, type Room } from './room';
import { BLOB } from './schema';

/** A row, without what may be large. */
export interface Row {
  readonly seq: number;
  readonly id: Uint8Array;
  readonly state: number;
  readonly service: string;
  readonly priority: number;
  readonly due_at: number;
  readonly expires_at: number | null;
  readonly submitted_at: number;
  readonly ended_at: number | null;
  readonly attempts: number;
  readonly bytes: number;
  readonly owner: string | null;
  readonly terms: string | null;
  readonly error: string | null;
}

interface WholeRow extends Row {
  readonly reply_type: string | null;
  readonly body: Uint8Array | null;
  readonly reply: Uint8Array | null;
}

export const COLUMNS =
  'seq, id, state, service, priority, due_at, expires_at, submitted_at, ended_at, attempts, bytes, owner, terms, error';

/** Reads requests one by one. */
export class Reading {
  readonly #row: Database.Statement<[Uint8Array], Row>;
  readonly #whole: Database.Statement<[Uint8Array], WholeRow>;
  readonly #blob: Database.Statement<[number], { data: Uint8Array }>;

  constructor({ db }: Room) {
    this.#row = db.prepare(`SELECT ${COLUMNS} FROM requests WHERE id = ?`);
    this.#whole = db.prepare(`SELECT ${COLUMNS}, reply_type, body, reply FROM requests WHERE id = ?`);
    this.#blob = db.prepare('SELECT data FROM blobs WHERE key = ?');
  }

  read(ids: readonly string[], parts: readonly Part[]): (StoredWhole | undefined)[] {
    return ids.map((id) => this.#read(id, parts));
  }

  #read(id: string, parts: readonly Part[]): StoredWhole | undefined {
    if (parts.length === 0) {
      const row = this.#row.get(idBytes(id));
      return (
        row && {
          ...toStored(row),
          body: undefined,
          reply: undefined,
          replyType: undefined,
          progress: undefined,
        }
      );
    }
    const row = this.#whole.get(idBytes(id));
    if (!row) return undefined;
    const blob = (kind: number): Uint8Array | undefined => this.#blob.get(row.seq * BLOB.kinds + kind)?.data;
    return {
      ...toStored(row),
      body: parts.includes('body') ? (row.body ?? blob(BLOB.body)) : undefined,
      reply: parts.includes('reply') ? (row.reply ?? blob(BLOB.reply)) : undefined,
      replyType: row.reply_type ?? undefined,
      progress: parts.includes('progress') ? blob(BLOB.progress) : undefined,
    };
  }
}

export function toStored(row: Row): StoredRequest {
  return {
    id: idText(row.id),
    state: stateOf(row.state),
    service: row.service,
    priority: row.priority,
    dueAt: row.due_at,
    expiresAt: row.expires_at ?? undefined,
    submittedAt: row.submitted_at,
    endedAt: row.ended_at ?? undefined,
    attempts: row.attempts,
    bytes: row.bytes,
    owner: row.owner ?? undefined,
    terms: row.terms ?? undefined,
    error: row.error ?? undefined,
  };
}
