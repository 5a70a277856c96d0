import { PRIORITY_MAX } from '@majordomo/protocol';
import { sql, type Kysely } from 'kysely';
import { isWaitingPhase, stateNumber, type State } from '../../core/lifecycle';
import {
  BACKLOG_MAX,
  BACKLOG_SERVICES_MAX,
  type Backlog,
  type ListPage,
  type ListQuery,
  type StoredRequest,
} from '../store';
import {
  byEnd,
  fits,
  formatTurn,
  idRange,
  parseCursor,
  parseTurn,
  SEARCH_ROWS_MAX,
  toBacklog,
  type Turn,
} from '../walk';
import type { Database } from './database';
import { COLUMNS, toStored, type Row } from './reading';

/** Services that one page looks through. */
const SERVICES_MAX = 50;
/** After every row of one due time. */
const LAST_SEQ = Number.MAX_SAFE_INTEGER;

const turnOf = ({ service, priority, due_at, seq }: Row): Turn => ({ service, priority, dueAt: due_at, seq });

/** One page: so many rows at the most in the order of one index, and of these those that fit. */
export async function list(db: Kysely<Database>, query: ListQuery, now: number): Promise<ListPage> {
  const { state } = query;
  if (query.idPrefix !== undefined) return withPrefix(db, query, query.idPrefix, now);
  if (!isWaitingPhase(state)) return latest(db, query, state, now);
  return state === 'retrying' ? toBeRetried(db, query, now) : inTurn(db, query, state, now);
}

/**
 * Of rows, one more than may be looked at, those that fit.
 * @param cursorOf - the place of the last one that was looked at
 */
function pageOf(
  rows: readonly Row[],
  rowsMax: number,
  query: ListQuery,
  now: number,
  cursorOf: (last: Row) => string,
): ListPage {
  const requests: StoredRequest[] = [];
  let last: Row | undefined;
  for (const [index, row] of rows.entries()) {
    if (requests.length >= query.limit || index >= rowsMax) return { requests, next: last && cursorOf(last) };
    last = row;
    const request = toStored(row);
    if (fits(request, query, now)) requests.push(request);
  }
  return { requests, next: undefined };
}

async function withPrefix(
  db: Kysely<Database>,
  query: ListQuery,
  prefix: string,
  now: number,
): Promise<ListPage> {
  const { from, to, after } = idRange(prefix, query.after);
  const { rows } = await sql<Row>`
    SELECT ${COLUMNS} FROM requests WHERE id >= ${from}::uuid AND id <= ${to}::uuid
    ${after === undefined ? sql`` : sql`AND id > ${after}::uuid`} ORDER BY id LIMIT ${SEARCH_ROWS_MAX + 1}`.execute(
    db,
  );
  return pageOf(rows, SEARCH_ROWS_MAX, query, now, (last) => toStored(last).id);
}

async function latest(
  db: Kysely<Database>,
  query: ListQuery,
  state: State | undefined,
  now: number,
): Promise<ListPage> {
  const { at, seq } = parseCursor(query.after);
  const isByEnd = byEnd(state);
  const isAll = query.service === undefined && query.search === undefined && (isByEnd || state === undefined);
  const rowsMax = isAll ? query.limit : SEARCH_ROWS_MAX;
  const where =
    state !== undefined && isByEnd
      ? sql`state = ${stateNumber(state)} AND state >= 2 AND (ended_at, seq) < (${at}, ${seq})`
      : state === 'running'
        ? sql`state = 1 AND seq < ${seq}`
        : sql`seq < ${seq}`;
  const order = isByEnd ? sql`ended_at DESC, seq DESC` : sql`seq DESC`;
  const { rows } = await sql<Row>`
    SELECT ${COLUMNS} FROM requests WHERE ${where} ORDER BY ${order} LIMIT ${rowsMax + 1}`.execute(db);
  return pageOf(
    rows,
    rowsMax,
    query,
    now,
    (last) => `${(isByEnd ? last.ended_at : last.seq) ?? 0}.${last.seq}`,
  );
}

async function toBeRetried(db: Kysely<Database>, query: ListQuery, now: number): Promise<ListPage> {
  const { dueAt, seq, ...turn } = parseTurn(query.after) ?? { service: '', dueAt: -1, seq: -1 };
  const where =
    query.service === undefined
      ? sql`(service, due_at, seq) > (${turn.service}, ${dueAt}, ${seq})`
      : sql`service = ${query.service} AND (due_at, seq) > (${dueAt}, ${seq})`;
  const { rows } = await sql<Row>`
    SELECT ${COLUMNS} FROM requests WHERE state = 0 AND attempts > 0 AND ${where}
    ORDER BY service, due_at, seq LIMIT ${SEARCH_ROWS_MAX + 1}`.execute(db);
  return pageOf(rows, SEARCH_ROWS_MAX, query, now, (last) => formatTurn(turnOf(last)));
}

/** Service after service, in each the highest priority first. */
async function inTurn(
  db: Kysely<Database>,
  query: ListQuery,
  state: 'scheduled' | 'due',
  now: number,
): Promise<ListPage> {
  const from = state === 'due' ? -1 : now;
  const to = state === 'due' ? now : LAST_SEQ;
  const start = (service: string): Turn => ({ service, priority: PRIORITY_MAX, dueAt: from, seq: LAST_SEQ });
  const first = query.service ?? (await nextService(db, ''));
  const requests: StoredRequest[] = [];
  let turn = parseTurn(query.after) ?? (first === undefined ? undefined : start(first));
  for (let looked = 0, services = 0; turn;) {
    if (requests.length >= query.limit || looked >= SEARCH_ROWS_MAX || services >= SERVICES_MAX) {
      return { requests, next: formatTurn(turn) };
    }
    const max = Math.min(SEARCH_ROWS_MAX - looked, query.limit - requests.length);
    const rows = await ofService(db, turn, from, to, max);
    for (const row of rows) {
      turn = turnOf(row);
      const request = toStored(row);
      if (fits(request, query, now)) requests.push(request);
    }
    looked += rows.length;
    if (rows.length === max) continue;
    services++;
    const next = query.service === undefined ? await nextService(db, turn.service) : undefined;
    turn = next === undefined ? undefined : start(next);
  }
  return { requests, next: undefined };
}

async function nextService(db: Kysely<Database>, after: string): Promise<string | undefined> {
  const { rows } = await sql<{ service: string }>`
    SELECT service FROM requests WHERE state = 0 AND service > ${after} ORDER BY service LIMIT 1`.execute(db);
  return rows[0]?.service;
}

/** The next of a service in their turn, after a place in it. */
async function ofService(
  db: Kysely<Database>,
  { service, priority, dueAt, seq }: Turn,
  from: number,
  to: number,
  max: number,
): Promise<readonly Row[]> {
  const { rows } = await sql<Row>`
    SELECT q.* FROM generate_series(${priority}::int, 0, -1) AS p CROSS JOIN LATERAL (
      SELECT ${COLUMNS} FROM requests WHERE state = 0 AND service = ${service} AND priority = p AND due_at <= ${to}
      AND (due_at, seq) > (CASE WHEN p = ${priority} THEN ${dueAt}::bigint ELSE ${from}::bigint END,
        CASE WHEN p = ${priority} THEN ${seq}::bigint ELSE ${LAST_SEQ}::bigint END)
      ORDER BY due_at, seq LIMIT ${max}
    ) AS q ORDER BY q.priority DESC, q.due_at, q.seq LIMIT ${max}`.execute(db);
  return rows;
}

/** What waits, by service. */
export async function backlog(db: Kysely<Database>, now: number): Promise<Backlog[]> {
  const { rows } = await sql<{
    service: string;
    due: number;
    first: number | null;
    retrying: number;
    retrying_due: number;
  }>`
    SELECT names.service, due.count AS due, due.first, retrying.count AS retrying, retrying.due AS retrying_due
    FROM (
      SELECT service FROM totals WHERE state = 0 GROUP BY service HAVING sum(requests) > 0
      ORDER BY service LIMIT ${BACKLOG_SERVICES_MAX}
    ) AS names CROSS JOIN LATERAL (
      SELECT count(*) AS count, min(q.due_at) AS first FROM generate_series(0, 9) AS p CROSS JOIN LATERAL (
        SELECT due_at FROM requests
        WHERE state = 0 AND service = names.service AND priority = p AND due_at <= ${now}
        ORDER BY due_at LIMIT ${BACKLOG_MAX}
      ) AS q
    ) AS due CROSS JOIN LATERAL (
      SELECT count(*) AS count, count(*) FILTER (WHERE q.due_at <= ${now}) AS due FROM (
        SELECT due_at FROM requests WHERE state = 0 AND attempts > 0 AND service = names.service
        ORDER BY due_at LIMIT ${BACKLOG_MAX}
      ) AS q
    ) AS retrying`.execute(db);
  return rows.map(({ service, due, first, retrying, retrying_due }) =>
    toBacklog(service, { due, retrying, retryingDue: retrying_due, oldestDueAt: first }),
  );
}
