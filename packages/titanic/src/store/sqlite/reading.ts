import type Database from 'better-sqlite3';
import { stateNumber, stateOf } from '../../core/lifecycle';
import type { ListPage, ListQuery, Part, StoredRequest, StoredWhole } from '../store';
import { byEnd, fits, parseCursor, SEARCH_ROWS_MAX } from '../walk';
import { idBytes, idText, type Room } from './room';
import { BLOB } from './schema';

interface Row {
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

const COLUMNS =
  'seq, id, state, service, priority, due_at, expires_at, submitted_at, ended_at, attempts, bytes, owner, terms, error';

/** Reads requests one by one and page by page. */
export class Reading {
  readonly #walks: Record<'all' | 'running' | 'ended', Database.Statement<[object], Row>>;
  readonly #row: Database.Statement<[Uint8Array], Row>;
  readonly #whole: Database.Statement<[Uint8Array], WholeRow>;
  readonly #blob: Database.Statement<[number], { data: Uint8Array }>;

  constructor({ db }: Room) {
    this.#row = db.prepare(`SELECT ${COLUMNS} FROM requests WHERE id = ?`);
    this.#whole = db.prepare(`SELECT ${COLUMNS}, reply_type, body, reply FROM requests WHERE id = ?`);
    this.#blob = db.prepare('SELECT data FROM blobs WHERE key = ?');
    this.#walks = {
      all: db.prepare(`SELECT ${COLUMNS} FROM requests WHERE seq < :seq ORDER BY seq DESC`),
      running: db.prepare(
        `SELECT ${COLUMNS} FROM requests INDEXED BY leased WHERE state = 1 AND seq < :seq ORDER BY seq DESC`,
      ),
      ended: db.prepare(
        `SELECT ${COLUMNS} FROM requests WHERE state = :state AND state >= 2 AND (ended_at, seq) < (:at, :seq)
         ORDER BY ended_at DESC, seq DESC`,
      ),
    };
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

  /**
   * One page. Rows are walked in the order of one index, so many at the most, and those that fit are taken. The cursor
   * is the place in that order where the walk ended.
   */
  list(query: ListQuery): ListPage {
    const { state, limit } = query;
    const walk = this.#walks[state === 'running' ? 'running' : byEnd(state) ? 'ended' : 'all'];
    const place = parseCursor(query.after);
    const requests: StoredRequest[] = [];
    let walked = 0;
    let last: Row | undefined;
    for (const row of walk.iterate({ ...place, state: state === undefined ? null : stateNumber(state) })) {
      if (requests.length >= limit || walked >= SEARCH_ROWS_MAX) {
        return { requests, next: last && `${(byEnd(state) ? last.ended_at : last.seq) ?? 0}.${last.seq}` };
      }
      walked++;
      last = row;
      const request = toStored(row);
      if (fits(request, query)) requests.push(request);
    }
    return { requests, next: undefined };
  }
}

function toStored(row: Row): StoredRequest {
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
