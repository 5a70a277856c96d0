import type Database from 'better-sqlite3';
import type { Part, StoredRequest, StoredWhole } from '../store';
import { STORED_COLUMNS, storedOf, type StoredColumns } from '../stored';
import { idBytes, idText, type Room } from './room';
import { BLOB } from './schema';

/** A row, without what may be large. */
export interface Row extends StoredColumns {
  readonly seq: number;
  readonly id: Uint8Array;
}

interface WholeRow extends Row {
  readonly reply_type: string | null;
  readonly body: Uint8Array | null;
  readonly reply: Uint8Array | null;
}

export { STORED_COLUMNS as COLUMNS };

/** Reads requests one by one. */
export class Reading {
  readonly #row: Database.Statement<[Uint8Array], Row>;
  readonly #whole: Database.Statement<[Uint8Array], WholeRow>;
  readonly #blob: Database.Statement<[number], { data: Uint8Array }>;

  constructor({ db }: Room) {
    this.#row = db.prepare(`SELECT ${STORED_COLUMNS} FROM requests WHERE id = ?`);
    this.#whole = db.prepare(`SELECT ${STORED_COLUMNS}, reply_type, body, reply FROM requests WHERE id = ?`);
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

/** A row as it is spoken of. */
export function toStored(row: Row): StoredRequest {
  return storedOf(idText(row.id), row);
}
