import { sql } from 'kysely';
import { stateNumber, stateOf, STATES, type State } from '../../core/lifecycle';
import { PACE_IDLE_MS } from '../../core/pace';
import { doomed, type Doomed, type Retention } from '../../core/retention';
import { STEP_ROWS_MAX } from '../store';
import { idText } from './database';
import { LOCK } from './schema';
import type { Unit } from './unit';

/** Removes what is to be kept no longer, some at a time. Where another does so at this moment, nothing. */
export async function purge(unit: Unit, retention: Retention): Promise<{ removed: number; more: boolean }> {
  const { trx, now } = unit;
  if (!(await isAlone(unit))) return { removed: 0, more: false };
  let removed = 0;
  let more = false;
  for (const rule of doomed(retention, await counts(unit), now)) {
    const count = await removeDoomed(unit, rule);
    removed += count;
    more ||= count === STEP_ROWS_MAX;
  }
  const keys = await sql`
    DELETE FROM keys WHERE (service, text) IN (
      SELECT service, text FROM keys WHERE until <= ${now} LIMIT ${STEP_ROWS_MAX} FOR UPDATE SKIP LOCKED
    ) RETURNING 1`.execute(trx);
  const idle = now - PACE_IDLE_MS;
  await sql`
    DELETE FROM paces WHERE service IN (
      SELECT service FROM paces WHERE refilled_at <= ${idle} AND paused_until <= ${idle}
      LIMIT ${STEP_ROWS_MAX} FOR UPDATE SKIP LOCKED)`.execute(trx);
  await sweepTotals(unit);
  return { removed, more: more || keys.rows.length === STEP_ROWS_MAX };
}

/**
 * Keeps others from removing until the end of the transaction: each of them would count what the others have not removed
 * yet, and remove as much again.
 */
async function isAlone({ trx }: Unit): Promise<boolean> {
  const { rows } = await sql<{ alone: boolean }>`
    SELECT pg_try_advisory_xact_lock(${LOCK}::integer, hashtext(current_schema())) AS alone`.execute(trx);
  return rows[0]?.alone ?? false;
}

async function counts({ trx }: Unit): Promise<Record<State, number>> {
  const all = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
  const { rows } = await sql<{ state: number; requests: number }>`
    SELECT state, sum(requests)::bigint AS requests FROM totals GROUP BY state`.execute(trx);
  for (const { state, requests } of rows) all[stateOf(state)] = requests;
  return all;
}

/** Removes the oldest of one state, as far as the rule goes. */
async function removeDoomed(unit: Unit, { state, before, excess }: Doomed): Promise<number> {
  const { rows } = await sql<{ id: string; service: string; bytes: number }>`
    DELETE FROM requests WHERE seq IN (
      SELECT seq FROM (
        SELECT seq, ended_at, row_number() OVER (ORDER BY ended_at, seq) AS place FROM (
          SELECT seq, ended_at FROM requests WHERE state = ${stateNumber(state)} AND state >= 2
          ORDER BY ended_at, seq LIMIT ${STEP_ROWS_MAX} FOR UPDATE SKIP LOCKED
        ) AS oldest
      ) AS placed WHERE ended_at <= ${before} OR place <= ${excess}
    ) RETURNING id, service, bytes`.execute(unit.trx);
  for (const { id, service, bytes } of rows) {
    unit.note(service, state, -1, -bytes);
    unit.ended.push(idText(id));
  }
  return rows.length;
}

/** Services that are gone leave nothing: their counts, which come to nothing over all shards, are removed. */
async function sweepTotals(unit: Unit): Promise<void> {
  const { rows } = await sql<{ service: string; state: number; requests: number; bytes: number }>`
    DELETE FROM totals WHERE (service, state) IN (
      SELECT service, state FROM totals GROUP BY service, state HAVING sum(requests) = 0 LIMIT ${STEP_ROWS_MAX}
    ) RETURNING service, state, requests, bytes`.execute(unit.trx);
  // What others have added meanwhile is among what was removed, and stays.
  for (const { service, state, requests, bytes } of rows) {
    unit.note(service, stateOf(state), requests, bytes);
  }
}
