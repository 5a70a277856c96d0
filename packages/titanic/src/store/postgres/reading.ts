import { sql, type Kysely } from 'kysely';
import { stateNumber, stateOf } from '../../core/lifecycle';
import type { ListPage, ListQuery, Part, StoreCount, StoredRequest, StoredWhole } from '../store';
import { byEnd, fits, parseCursor, SEARCH_ROWS_MAX } from '../walk';
import { idText, type Database, type RequestRow } from './database';

type Row = Omit<RequestRow, 'body' | 'reply' | 'progress' | 'token' | 'lease_until' | 'reply_type'>;

const COLUMNS = sql.raw(
  'seq, id, state, service, priority, due_at, expires_at, submitted_at, ended_at, attempts, bytes, owner, terms, error',
);

export async function read(
  db: Kysely<Database>,
  ids: readonly string[],
  parts: readonly Part[],
): Promise<(StoredWhole | undefined)[]> {
  const part = (name: Part) => sql.raw(parts.includes(name) ? name : `NULL::bytea AS ${name}`);
  const { rows } = await sql<RequestRow>`
    SELECT ${COLUMNS}, reply_type, ${part('body')}, ${part('reply')}, ${part('progress')}
    FROM requests WHERE id = ANY(${ids}::uuid[])`.execute(db);
  const found = new Map(
    rows.map((row) => {
      const whole: StoredWhole = {
        ...toStored(row),
        body: row.body ?? undefined,
        reply: row.reply ?? undefined,
        replyType: row.reply_type ?? undefined,
        progress: row.progress ?? undefined,
      };
      return [whole.id, whole];
    }),
  );
  return ids.map((id) => found.get(id));
}

/** One page: so many rows at the most in the order of one index, and of these those that fit. */
export async function list(db: Kysely<Database>, query: ListQuery): Promise<ListPage> {
  const { state, limit } = query;
  const { at, seq } = parseCursor(query.after);
  const isByEnd = byEnd(state);
  const rowsMax =
    query.service === undefined && query.search === undefined && (isByEnd || state === undefined)
      ? limit
      : SEARCH_ROWS_MAX;
  const where =
    state !== undefined && isByEnd
      ? sql`state = ${stateNumber(state)} AND state >= 2 AND (ended_at, seq) < (${at}, ${seq})`
      : state === 'running'
        ? sql`state = 1 AND seq < ${seq}`
        : sql`seq < ${seq}`;
  const order = isByEnd ? sql`ended_at DESC, seq DESC` : sql`seq DESC`;
  const { rows } = await sql<Row>`
    SELECT ${COLUMNS} FROM requests WHERE ${where} ORDER BY ${order} LIMIT ${rowsMax + 1}`.execute(db);
  const requests: StoredRequest[] = [];
  let last: Row | undefined;
  for (const [index, row] of rows.entries()) {
    if (requests.length >= limit || index >= rowsMax) {
      return { requests, next: last && `${(isByEnd ? last.ended_at : last.seq) ?? 0}.${last.seq}` };
    }
    last = row;
    const request = toStored(row);
    if (fits(request, query)) requests.push(request);
  }
  return { requests, next: undefined };
}

/** How much there is, by service and state. */
export async function stats(db: Kysely<Database>): Promise<StoreCount[]> {
  const { rows } = await sql<{ service: string; state: number; requests: number; bytes: number }>`
    SELECT service, state, sum(requests)::bigint AS requests, sum(bytes)::bigint AS bytes FROM totals
    GROUP BY service, state HAVING sum(requests) <> 0 ORDER BY service, state`.execute(db);
  return rows.map((row) => ({ ...row, state: stateOf(row.state) }));
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
