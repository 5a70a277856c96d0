import { sql, type RawBuilder } from 'kysely';
import type { Claimed, ClaimOrder } from '../store';
import { idText, type RequestRow } from './database';
import { ADDED, type Unit } from './unit';

/** Which requests to take, of one service. */
export interface Taking {
  readonly service: string;
  readonly max: number;
  /** Bytes of bodies at which no more are taken; one is, however large. */
  readonly bytesMax: number;
}

/** Takes what is due, in its order. Rows that others have locked at this moment are passed over. */
export async function take(unit: Unit, order: ClaimOrder, taking: Taking): Promise<RequestRow[]> {
  const { rows } = await sql<RequestRow>`WITH ${taken(unit, order, taking)} SELECT * FROM taken`.execute(
    unit.trx,
  );
  for (const { service, bytes } of rows) unit.moved(service, 'waiting', 'running', bytes);
  return inOrder(rows);
}

/** The same as a transaction of one statement, which counts as well. */
export async function takeAlone(unit: Unit, order: ClaimOrder, taking: Taking): Promise<RequestRow[]> {
  const { rows } = await sql<RequestRow>`
    WITH ${taken(unit, order, taking)}, counted AS (
      INSERT INTO totals (shard, service, state, requests, bytes)
      SELECT ${unit.shard}::smallint, ${taking.service}::text, state, sign * count(*), sign * sum(bytes)
      FROM taken CROSS JOIN (VALUES (0, -1), (1, 1)) AS moves (state, sign) GROUP BY state, sign ORDER BY state
      ${ADDED}
    ) SELECT * FROM taken`.execute(unit.trx);
  return inOrder(rows);
}

/** The rows that are taken, as expressions of a WITH. */
function taken(unit: Unit, order: ClaimOrder, { service, max, bytesMax }: Taking): RawBuilder<unknown> {
  return sql`picked AS MATERIALIZED (
      SELECT q.* FROM generate_series(9, 0, -1) AS p CROSS JOIN LATERAL (
        SELECT seq, priority, due_at, bytes FROM requests
        WHERE state = 0 AND service = ${service} AND priority = p AND due_at <= ${unit.now}
        AND (expires_at IS NULL OR expires_at > ${unit.now})
        ORDER BY due_at, seq LIMIT ${max} FOR UPDATE SKIP LOCKED
      ) AS q LIMIT ${max}
    ), measured AS (
      SELECT seq, sum(bytes) OVER (ORDER BY priority DESC, due_at, seq) - bytes AS before FROM picked
    ), taken AS (
      UPDATE requests AS r SET state = 1, token = r.token + 1, attempts = r.attempts + 1,
        lease_until = ${unit.now + order.leaseMs}, owner = ${order.owner}
      FROM measured WHERE r.seq = measured.seq AND measured.before < ${bytesMax}
      RETURNING r.seq, r.id, r.token, r.attempts, r.service, r.priority, r.due_at, r.expires_at, r.submitted_at,
        r.bytes, r.terms, r.error, r.body
    )`;
}

function inOrder(rows: RequestRow[]): RequestRow[] {
  return rows.sort(
    (one, other) => other.priority - one.priority || one.due_at - other.due_at || one.seq - other.seq,
  );
}

/** A row as a request in hand. */
export function toClaimed(row: RequestRow, leavesAt: number): Claimed {
  return {
    id: idText(row.id),
    token: row.token,
    service: row.service,
    body: row.body,
    priority: row.priority,
    dueAt: row.due_at,
    expiresAt: row.expires_at ?? undefined,
    submittedAt: row.submitted_at,
    attempts: row.attempts,
    terms: row.terms ?? undefined,
    error: row.error ?? undefined,
    leavesAt,
  };
}
