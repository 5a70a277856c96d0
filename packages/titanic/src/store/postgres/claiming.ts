import { sql } from 'kysely';
import { LEASE_LOST } from '../ending';
import { LEASE_MS_MAX, STEP_ROWS_MAX, type ClaimOrder, type Claims } from '../store';
import { idText, type Trx } from './database';
import { dueIn, hasLost, hasOutlived, look, nextAt, type View } from './looking';
import { paceFor, Round } from './round';
import { takeAlone, toClaimed } from './taking';
import type { Unit } from './unit';

/** When each service was served last, by this titanic; the one served longest ago comes first. */
export type Turns = Map<string, number>;

/** Services whose turns are remembered. */
const TURNS_MAX = 10_000;

/** How a claim comes to the database. */
export interface Reach {
  readonly db: Trx;
  readonly turns: Turns;
  now(): number;
  /** Does one statement, which is a transaction of its own. */
  alone<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result>;
  /** Does several in one transaction. */
  together<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result>;
}

const NOTHING = { claimed: [], expired: [], regained: [], held: [] } as const;

/**
 * Claims what is due. Rows that others are claiming at this moment are passed over. Where nothing is due there is one
 * statement; where one service has something, that nothing holds back, there is one more.
 */
export async function claim(reach: Reach, order: ClaimOrder): Promise<Claims> {
  const seen = await look(reach.db);
  const now = reach.now();
  if (hasOutlived(seen, now) || hasLost(seen, now)) {
    return reach.together((unit) => claimAfterClearing(unit, reach, order, seen));
  }
  const [first, ...others] = dueIn(seen, now);
  if (first === undefined) return { ...NOTHING, nextAt: nextAt(now, seen, new Map()), isEndAwaited: false };
  if (others.length > 0 || paceFor(order, first) || seen.paced.includes(first)) {
    return reach.together((unit) => claimInTurn(unit, reach, order, seen));
  }
  return claimFreely(reach, order, first, seen);
}

/** Claims of the only service that has something due: it has no pace, and does not fail. */
async function claimFreely(reach: Reach, order: ClaimOrder, service: string, seen: View): Promise<Claims> {
  const { max, bytesMax } = order;
  if (max <= 0 || bytesMax <= 0) return { ...NOTHING, nextAt: reach.now(), isEndAwaited: true };
  let now = reach.now();
  const rows = await reach.alone((unit) => {
    now = unit.now;
    return takeAlone(unit, order, { service, max, bytesMax });
  });
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  const isFull = rows.length >= max || bytes >= bytesMax;
  if (rows.length > 0) remember(reach.turns, [service]);
  // What was claimed is claimed, whether or not the store can be looked at once more.
  const after = rows.length > 0 && !isFull ? await look(reach.db).catch(() => undefined) : seen;
  const next = isFull || !after ? now : nextAt(now, after, new Map());
  return {
    ...NOTHING,
    claimed: rows.map((row) => toClaimed(row, now)),
    nextAt: next,
    isEndAwaited: isFull,
  };
}

/** Claims after what has outlived its time was expired, and what a lost titanic had in hand was taken back. */
async function claimAfterClearing(
  unit: Unit,
  reach: Reach,
  order: ClaimOrder,
  before: View,
): Promise<Claims> {
  const expired = hasOutlived(before, unit.now) ? await expireOutlived(unit) : [];
  const regained = hasLost(before, unit.now) ? await takeBackLost(unit) : [];
  const claims = await claimInTurn(unit, reach, order, await look(unit.trx));
  return { ...claims, expired, regained };
}

/** Claims of all services that have something due, the one that was served longest ago first. */
async function claimInTurn(unit: Unit, reach: Reach, order: ClaimOrder, seen: View): Promise<Claims> {
  const { now } = unit;
  const { turns } = reach;
  const due = dueIn(seen, now).sort((one, other) => (turns.get(one) ?? 0) - (turns.get(other) ?? 0));
  const round = new Round(unit, order, () => reach.now());
  await round.serveAll(due);
  const { claimed, served, heldUntil, isEndAwaited } = round;
  remember(turns, served);
  const held = [...round.held];
  // Where there is certainly more, it does not matter when.
  if (due.some((service) => round.isMoreOf(service))) {
    return { claimed, nextAt: now, isEndAwaited, expired: [], regained: [], held };
  }
  const isKnown = [...served].every((service) => heldUntil.has(service));
  const after = isKnown ? seen : await look(unit.trx);
  const leaseEnd = served.size > 0 ? now + order.leaseMs : Infinity;
  const next = Math.min(nextAt(now, after, heldUntil), leaseEnd);
  return { claimed, nextAt: next, isEndAwaited, expired: [], regained: [], held };
}

/** Notes which services were served in one claim. */
function remember(turns: Turns, served: Iterable<string>): void {
  const turn = Math.max(0, ...turns.values()) + 1;
  if (turns.size > TURNS_MAX) turns.clear();
  for (const service of served) turns.set(service, turn);
}

/** @returns their services */
async function expireOutlived(unit: Unit): Promise<string[]> {
  const { rows } = await sql<{ id: string; service: string; bytes: number }>`
    UPDATE requests SET state = 4, ended_at = ${unit.now} WHERE seq IN (
      SELECT seq FROM requests WHERE state = 0 AND expires_at <= ${unit.now}
      ORDER BY expires_at LIMIT ${STEP_ROWS_MAX} FOR UPDATE SKIP LOCKED
    ) RETURNING id, service, bytes`.execute(unit.trx);
  for (const { id, service, bytes } of rows) {
    unit.moved(service, 'waiting', 'expired', bytes);
    unit.ended.push(idText(id));
  }
  return rows.map(({ service }) => service);
}

/** @returns their services */
async function takeBackLost(unit: Unit): Promise<string[]> {
  const { now } = unit;
  const { rows } = await sql<{ service: string; bytes: number }>`
    UPDATE requests SET state = 0, lease_until = NULL, owner = NULL, error = ${LEASE_LOST} WHERE seq IN (
      SELECT seq FROM requests WHERE state = 1 AND (lease_until <= ${now} OR lease_until > ${now + LEASE_MS_MAX})
      LIMIT ${STEP_ROWS_MAX} FOR UPDATE SKIP LOCKED
    ) RETURNING service, bytes`.execute(unit.trx);
  for (const { service, bytes } of rows) unit.moved(service, 'running', 'waiting', bytes);
  return rows.map(({ service }) => service);
}
