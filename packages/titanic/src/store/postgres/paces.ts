import { sql } from 'kysely';
import { afterDeliveries, type PaceState } from '../../core/pace';
import type { ServiceHealth } from '../store';
import type { Database, Trx } from './database';

type Row = Database['paces'];

/** Named one by one: a statement that is prepared must give the same columns for ever. */
const COLUMNS = sql.raw('service, tokens, refilled_at, failures, pauses, paused_until');

const toState = (row: Row): PaceState => ({
  tokens: row.tokens,
  refilledAt: row.refilled_at,
  failures: row.failures,
  pauses: row.pauses,
  pausedUntil: row.paused_until,
});

/** The paces of services, locked until the end of the transaction: claims of a service that has one come one by one. */
export async function lockPaces(trx: Trx, services: readonly string[]): Promise<Map<string, PaceState>> {
  const { rows } = await sql<Row>`
    SELECT ${COLUMNS} FROM paces WHERE service = ANY(${services}::text[]) ORDER BY service FOR UPDATE`.execute(
    trx,
  );
  return new Map(rows.map((row) => [row.service, toState(row)]));
}

/** Makes sure that there is something to lock for these services. */
export async function ensurePaces(trx: Trx, states: ReadonlyMap<string, PaceState>): Promise<void> {
  for (const [service, state] of [...states].sort(([one], [other]) => (one < other ? -1 : 1))) {
    await sql`INSERT INTO paces VALUES (${service}, ${state.tokens}, ${state.refilledAt}, ${state.failures},
      ${state.pauses}, ${state.pausedUntil}) ON CONFLICT DO NOTHING`.execute(trx);
  }
}

/** Writes the pace of a service whose row is locked. */
export async function putPace(trx: Trx, service: string, state: PaceState): Promise<void> {
  await sql`UPDATE paces SET tokens = ${state.tokens}, refilled_at = ${state.refilledAt}, failures = ${state.failures},
    pauses = ${state.pauses}, paused_until = ${state.pausedUntil} WHERE service = ${service}`.execute(trx);
}

/** Takes note of how services fare. Of those that always answer there is nothing to note, and nothing is locked. */
export async function noteHealth(trx: Trx, health: readonly ServiceHealth[], now: number): Promise<void> {
  if (health.length === 0) return;
  const services = health.map(({ service }) => service);
  const known = await sql<Row>`
    SELECT ${COLUMNS} FROM paces WHERE service = ANY(${services}::text[])`.execute(trx);
  const before = new Map(known.rows.map((row) => [row.service, toState(row)]));
  const news = health.filter((each) => {
    const state = before.get(each.service);
    const isWell = state === undefined || (state.failures === 0 && state.pauses === 0);
    return !isWell || each.answered === 0;
  });
  const fresh = news.flatMap((each) => {
    const state = before.has(each.service) ? undefined : afterDeliveries(undefined, each, now, 0);
    return state ? [[each.service, { ...state, failures: 0, pauses: 0, pausedUntil: 0 }] as const] : [];
  });
  await ensurePaces(trx, new Map(fresh));
  const locked = await lockPaces(
    trx,
    news.map(({ service }) => service),
  );
  for (const each of news) {
    const state = locked.get(each.service);
    const after = state && afterDeliveries(state, each, now, Math.random());
    if (after) await putPace(trx, each.service, after);
  }
}
