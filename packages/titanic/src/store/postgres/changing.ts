import { sql } from 'kysely';
import { stateNumber, stateOf, step, type State } from '../../core/lifecycle';
import { EVENT_OF, expiryOf } from '../changes';
import type { Change, Changed } from '../store';
import { idText, type RequestRow } from './database';
import type { Unit } from './unit';

type Row = Pick<
  RequestRow,
  'seq' | 'state' | 'service' | 'priority' | 'due_at' | 'expires_at' | 'bytes' | 'attempts'
>;

/** Makes changes, each by itself. */
export async function change(unit: Unit, changes: readonly Change[]): Promise<Changed[]> {
  const changed: Changed[] = [];
  for (const each of changes) changed.push(await changeOne(unit, each));
  return changed;
}

async function changeOne(unit: Unit, change: Change): Promise<Changed> {
  const { rows } = await sql<Row>`
    SELECT seq, state, service, priority, due_at, expires_at, bytes, attempts FROM requests
    WHERE id = ${change.id}::uuid FOR UPDATE`.execute(unit.trx);
  const [row] = rows;
  if (!row) return { result: 'unknown' };
  const before = stateOf(row.state);
  const state = step(before, EVENT_OF[change.change]);
  if (!state) return { result: 'refused', state: before };
  const edit = change.change === 'edit' ? change : undefined;
  const isRevived = change.change === 'revive';
  const dueAt = ('dueAt' in change ? change.dueAt : undefined) ?? row.due_at;
  const body = edit?.body && Buffer.from(edit.body);
  const updated = await sql<{ bytes: number }>`
    UPDATE requests SET state = ${stateNumber(state)}, priority = ${edit?.priority ?? row.priority}, due_at = ${dueAt},
      expires_at = ${isRevived ? null : expiryOf(row, dueAt, edit?.ttlMs)},
      terms = CASE WHEN ${edit?.terms ?? null}::text IS NULL THEN terms
        ELSE jsonb_strip_nulls(coalesce(terms, '{}')::jsonb || ${edit?.terms ?? null}::jsonb)::text END,
      attempts = ${isRevived ? 0 : row.attempts}, ended_at = ${state === 'waiting' ? null : unit.now},
      bytes = bytes + CASE WHEN ${body ?? null}::bytea IS NULL THEN 0 ELSE length(${body ?? null}::bytea) - length(body) END,
      body = coalesce(${body ?? null}::bytea, body)
    WHERE seq = ${row.seq} RETURNING bytes`.execute(unit.trx);
  unit.moved(row.service, before, state, row.bytes, updated.rows[0]?.bytes ?? row.bytes);
  if (state === 'waiting') unit.waits(dueAt);
  else unit.ended.push(change.id);
  return { result: 'changed' };
}

/** Removes requests, of one state where that is said. @returns how many there were */
export async function remove(unit: Unit, ids: readonly string[], only?: State): Promise<number> {
  const state = only === undefined ? null : stateNumber(only);
  const { rows } = await sql<Pick<RequestRow, 'id' | 'service' | 'state' | 'bytes'>>`
    DELETE FROM requests WHERE id = ANY(${ids}::uuid[]) AND state = coalesce(${state}::smallint, state)
    RETURNING id, service, state, bytes`.execute(unit.trx);
  for (const { id, service, state, bytes } of rows) {
    unit.note(service, stateOf(state), -1, -bytes);
    unit.ended.push(idText(id));
  }
  return rows.length;
}
