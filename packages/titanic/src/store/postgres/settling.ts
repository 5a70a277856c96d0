import { sql } from 'kysely';
import { stateNumber, stateOf, step } from '../../core/lifecycle';
import { endingOf, firedBy } from '../ending';
import type { Lease, Renewal, ServiceHealth, Settlement } from '../store';
import { idText } from './database';
import { noteHealth } from './paces';
import { addRequests, requireRoom } from './submitting';
import type { Unit } from './unit';

const keyOf = ({ id, token }: Lease): string => `${id} ${token}`;

const asBuffer = (bytes: Uint8Array | undefined): Buffer | null =>
  bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : null;

/** Renews leases, and keeps progress. @returns the leases that are void */
export async function renew(unit: Unit, renewals: readonly Renewal[], leaseMs: number): Promise<Lease[]> {
  const { rows } = await sql<{ id: string; token: number }>`
    UPDATE requests AS r SET lease_until = ${unit.now + leaseMs}, progress = coalesce(n.progress, r.progress)
    FROM unnest(${renewals.map(({ id }) => id)}::uuid[], ${renewals.map(({ token }) => token)}::integer[],
      ${renewals.map(({ progress }) => asBuffer(progress))}::bytea[]) AS n (id, token, progress)
    WHERE r.id = n.id AND r.state = 1 AND r.token = n.token RETURNING r.id, r.token`.execute(unit.trx);
  const held = new Set(rows.map(({ id, token }) => keyOf({ id: idText(id), token })));
  return renewals.filter((renewal) => !held.has(keyOf(renewal))).map(({ id, token }) => ({ id, token }));
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
  const adding = firedBy(settlements).length;
  if (adding > 0) await requireRoom(unit, adding, requestsMax);
  const taken = await end(unit, settlements);
  const isTaken = settlements.map((settlement) => taken.delete(keyOf(settlement)));
  const fired = firedBy(settlements.filter((_, index) => isTaken[index]));
  if (fired.length > 0) await addRequests(unit, fired);
  await noteHealth(unit.trx, health, unit.now);
  return isTaken;
}

/** @returns the leases that held */
async function end(unit: Unit, settlements: readonly Settlement[]): Promise<Set<string>> {
  const endings = settlements.map((settlement) => ({
    ...endingOf(settlement),
    id: settlement.id,
    token: settlement.token,
  }));
  const of = <Value>(value: (ending: (typeof endings)[number]) => Value): Value[] => endings.map(value);
  const { rows } = await sql<{
    id: string;
    token: number;
    service: string;
    state: number;
    due_at: number;
    bytes: number;
    added: number;
  }>`
    UPDATE requests AS r SET state = n.state, lease_until = NULL, owner = NULL, due_at = coalesce(n.due_at, r.due_at),
      ended_at = CASE n.state WHEN 0 THEN NULL ELSE ${unit.now}::bigint END, attempts = r.attempts + n.attempts,
      error = CASE n.state WHEN 2 THEN NULL ELSE coalesce(n.error, r.error) END,
      reply = n.reply, reply_type = n.reply_type, bytes = r.bytes + coalesce(length(n.reply), 0)
    FROM unnest(${of(({ id }) => id)}::uuid[], ${of(({ token }) => token)}::integer[],
      ${of(({ event }) => stateNumber(step('running', event) ?? 'dead'))}::smallint[],
      ${of(({ dueAt }) => dueAt ?? null)}::bigint[], ${of(({ attempts }) => attempts ?? 0)}::integer[],
      ${of(({ error }) => error ?? null)}::text[], ${of(({ reply }) => asBuffer(reply))}::bytea[],
      ${of(({ replyType }) => replyType ?? null)}::text[])
      AS n (id, token, state, due_at, attempts, error, reply, reply_type)
    WHERE r.id = n.id AND r.state = 1 AND r.token = n.token
    RETURNING r.id, r.token, r.service, r.state, r.due_at, r.bytes, coalesce(length(n.reply), 0) AS added`.execute(
    unit.trx,
  );
  for (const row of rows) {
    const state = stateOf(row.state);
    unit.moved(row.service, 'running', state, row.bytes - row.added, row.bytes);
    if (state === 'waiting') unit.waits(row.due_at);
    else unit.ended.push(idText(row.id));
  }
  return new Set(rows.map(({ id, token }) => keyOf({ id: idText(id), token })));
}
