import { sql, type RawBuilder } from 'kysely';
import { stateNumber, stateOf, step, type State } from '../../core/lifecycle';
import { endingOf, firedBy, type Ending } from '../ending';
import type { Lease, Renewal, ServiceHealth, Settlement } from '../store';
import { idText } from './database';
import { noteHealth } from './paces';
import { addRequests, requireRoom } from './submitting';
import { ADDED, type Unit } from './unit';

const keyOf = ({ id, token }: Lease): string => `${id} ${token}`;

const asBuffer = (bytes: Uint8Array | undefined): Buffer | null =>
  bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : null;

/**
 * A lease holds, `n` being what is said of it and `r` the request. Written so that each request is looked up by its id,
 * however many run. PostgreSQL takes those that run for a handful, and would compare each of them with each lease: so
 * their index is not to be thought of. And it is to think that there is one lease, for it takes the second condition,
 * which is always true, for one in two hundred: where the table was small when it planned, it would read all of it.
 */
const HOLDS = sql`r.id = n.id AND n.token + 0 = n.token AND r.state + 0 = 1 AND r.token = n.token`;

/** Renews leases, and keeps progress. @returns the leases that are void */
export async function renew(unit: Unit, renewals: readonly Renewal[], leaseMs: number): Promise<Lease[]> {
  const { rows } = await sql<{ id: string; token: number }>`
    UPDATE requests AS r SET lease_until = ${unit.now + leaseMs}, progress = coalesce(n.progress, r.progress)
    FROM unnest(${renewals.map(({ id }) => id)}::uuid[], ${renewals.map(({ token }) => token)}::integer[],
      ${renewals.map(({ progress }) => asBuffer(progress))}::bytea[]) AS n (id, token, progress)
    WHERE ${HOLDS} RETURNING r.id, r.token`.execute(unit.trx);
  const held = new Set(rows.map(({ id, token }) => keyOf({ id: idText(id), token })));
  return renewals.filter((renewal) => !held.has(keyOf(renewal))).map(({ id, token }) => ({ id, token }));
}

/**
 * Whether claims can be ended by {@link settleAlone}: nothing is added by a schedule, and no service has news but that
 * it answers.
 */
export const isPlain = (settlements: readonly Settlement[], health: readonly ServiceHealth[]): boolean =>
  settlements.every(({ outcome }) => outcome !== 'fire') && health.every(({ answered }) => answered > 0);

/**
 * Ends claims, as a transaction of one statement; see {@link isPlain}. Services that answer are in doubt no more: their
 * rows come first, then the requests, then the counts, as everywhere, so that nobody waits in a circle.
 */
export async function settleAlone(
  unit: Unit,
  settlements: readonly Settlement[],
  health: readonly ServiceHealth[],
): Promise<boolean[]> {
  const { rows } = await sql<{ count: number; due_at: number | null; taken: string[] | null }>`
    WITH well AS (
      UPDATE paces SET failures = 0, pauses = 0, paused_until = 0
      WHERE service = ANY(${health.map(({ service }) => service)}::text[]) AND (failures > 0 OR pauses > 0) RETURNING 1
    ), ended AS (${ending(unit, settlements, sql`AND (SELECT count(*) FROM well) >= 0`)}), moves AS (
      SELECT service, 1 AS state, -1 AS requests, added - bytes AS bytes FROM ended
      UNION ALL SELECT service, state, 1, bytes FROM ended
    ), counted AS (
      INSERT INTO totals (shard, service, state, requests, bytes)
      SELECT ${unit.shard}::smallint, service, state, sum(requests), sum(bytes) FROM moves
      GROUP BY service, state ORDER BY service, state
      ${ADDED}
    )
    SELECT count(*) AS count, min(due_at) FILTER (WHERE state = 0) AS due_at,
      CASE WHEN count(*) < ${settlements.length}::bigint THEN array_agg(id::text || ' ' || token) END AS taken
    FROM ended`.execute(unit.trx);
  const [{ count, due_at, taken } = { count: 0, due_at: null, taken: null }] = rows;
  if (due_at !== null) unit.waits(due_at);
  const held = taken && new Set(taken.map(idText));
  const isTaken = settlements.map((settlement) => (held ? held.delete(keyOf(settlement)) : count > 0));
  for (const [index, settlement] of settlements.entries()) {
    if (isTaken[index] && stateAfter(settlement) !== 'waiting') unit.ended.push(settlement.id);
  }
  return isTaken;
}

/**
 * Ends claims. Whoever holds no lease of the latest claim changes nothing.
 * @throws StoreFullError
 */
export async function settle(
  unit: Unit,
  settlements: readonly Settlement[],
  health: readonly ServiceHealth[],
  requestsMax: number,
): Promise<boolean[]> {
  const adding = firedBy(settlements);
  if (adding.length > 0) await requireRoom(unit, adding, requestsMax);
  await noteHealth(unit.trx, health, unit.now);
  const taken = await end(unit, settlements);
  const isTaken = settlements.map((settlement) => taken.delete(keyOf(settlement)));
  const fired = firedBy(settlements.filter((_, index) => isTaken[index]));
  if (fired.length > 0) await addRequests(unit, fired);
  return isTaken;
}

/** @returns the leases that held */
async function end(unit: Unit, settlements: readonly Settlement[]): Promise<Set<string>> {
  const { rows } = await sql<EndedRow>`${ending(unit, settlements, sql``)}`.execute(unit.trx);
  for (const row of rows) {
    const state = stateOf(row.state);
    unit.moved(row.service, 'running', state, row.bytes - row.added, row.bytes);
    if (state === 'waiting') unit.waits(row.due_at);
    else unit.ended.push(idText(row.id));
  }
  return new Set(rows.map(({ id, token }) => keyOf({ id: idText(id), token })));
}

/** What is to know of a request whose claim has ended. */
interface EndedRow {
  readonly id: string;
  readonly token: number;
  readonly service: string;
  readonly state: number;
  readonly due_at: number;
  readonly bytes: number;
  /** Bytes that the reply has added. */
  readonly added: number;
}

/** The state that a settlement leads to. */
const stateAfter = (settlement: Settlement): State => step('running', endingOf(settlement).event) ?? 'dead';

/** The statement that ends claims, and gives an {@link EndedRow} for each. */
export function ending(
  unit: Unit,
  settlements: readonly Settlement[],
  condition: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const endings = settlements.map(endingOf);
  const of = <Value>(value: (ending: Ending) => Value): Value[] => endings.map(value);
  return sql`
    UPDATE requests AS r SET state = n.state, lease_until = NULL, owner = NULL, due_at = coalesce(n.due_at, r.due_at),
      ended_at = CASE n.state WHEN 0 THEN NULL ELSE ${unit.now}::bigint END, attempts = r.attempts + n.attempts,
      error = CASE n.state WHEN 2 THEN NULL ELSE coalesce(n.error, r.error) END,
      reply = n.reply, reply_type = n.reply_type, bytes = r.bytes + coalesce(length(n.reply), 0)
    FROM unnest(${settlements.map(({ id }) => id)}::uuid[], ${settlements.map(({ token }) => token)}::integer[],
      ${settlements.map((settlement) => stateNumber(stateAfter(settlement)))}::smallint[],
      ${of(({ dueAt }) => dueAt ?? null)}::bigint[], ${of(({ attempts }) => attempts ?? 0)}::integer[],
      ${of(({ error }) => error ?? null)}::text[], ${of(({ reply }) => asBuffer(reply))}::bytea[],
      ${of(({ replyType }) => replyType ?? null)}::text[])
      AS n (id, token, state, due_at, attempts, error, reply, reply_type)
    WHERE ${HOLDS} ${condition}
    RETURNING r.id, r.token, r.service, r.state, r.due_at, r.bytes, coalesce(length(n.reply), 0) AS added`;
}
