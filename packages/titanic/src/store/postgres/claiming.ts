import { PRIORITY_MAX } from '@majordomo/protocol';
import { sql } from 'kysely';
import { afterClaim, allowance, freshPace, type Pace, type PaceState } from '../../core/pace';
import { LEASE_LOST } from '../ending';
import { LEASE_MS_MAX, STEP_ROWS_MAX, type Claimed, type ClaimOrder, type Claims } from '../store';
import { idText, type RequestRow } from './database';
import { ensurePaces, lockPaces, putPace } from './paces';
import type { Unit } from './unit';

/** What there is to see before a claim. Times in ms; `null` where there is none. */
interface View {
  /** The services that have something waiting, and when the first of it is due. */
  readonly waiting: readonly (readonly [service: string, dueAt: number])[];
  /** When the first of what waits has outlived its time. */
  readonly expiry: number | null;
  /** When the first lease ends, and the last. */
  readonly lease: number | null;
  readonly lease_last: number | null;
}

/** When each service was served last, by this titanic; the one served longest ago comes first. */
export type Turns = Map<string, number>;

/** Services whose turns are remembered. */
const TURNS_MAX = 10_000;

/** Claims what is due. Rows that others are claiming at this moment are passed over. */
export async function claim(unit: Unit, order: ClaimOrder, turns: Turns): Promise<Claims> {
  const { now } = unit;
  let seen = await look(unit);
  const isOutlived = (seen.expiry ?? Infinity) <= now;
  const isLost = (seen.lease ?? Infinity) <= now || (seen.lease_last ?? 0) > now + LEASE_MS_MAX;
  const expired = isOutlived ? await expireOutlived(unit) : [];
  const regained = isLost ? await takeBackLost(unit) : [];
  if (isOutlived || isLost) seen = await look(unit);
  const due = seen.waiting
    .filter(([, dueAt]) => dueAt <= now)
    .map(([service]) => service)
    .sort((one, other) => (turns.get(one) ?? 0) - (turns.get(other) ?? 0));
  const round = new Round(unit, order);
  await round.serveAll(due);
  const turn = Math.max(0, ...turns.values()) + 1;
  if (turns.size > TURNS_MAX) turns.clear();
  for (const service of round.served) turns.set(service, turn);
  // Where there is certainly more, it does not matter when.
  const isMore = due.some((service) => round.isMoreOf(service));
  const after = round.served.size > 0 && !isMore ? await look(unit) : seen;
  const next = isMore ? now : nextAt(now, after, round.heldUntil);
  return { claimed: round.claimed, nextAt: next, expired, regained, held: [...round.held] };
}

/** One claim, as far as it has come. */
class Round {
  readonly claimed: Claimed[] = [];
  readonly served = new Set<string>();
  /** When there may be more of a service that has something due, but may not be given it now. */
  readonly heldUntil = new Map<string, number>();
  /** Services that gave all that was asked of them, and so may have more. */
  readonly #full = new Set<string>();
  /** Services whose pace gave less than was there to be claimed. */
  readonly held = new Set<string>();
  #bytesLeft: number;
  #states = new Map<string, PaceState>();
  #running = new Map<string, number>();

  constructor(
    readonly unit: Unit,
    readonly order: ClaimOrder,
  ) {
    this.#bytesLeft = order.bytesMax;
  }

  /** Requests that may still be claimed. */
  get left(): number {
    return this.#bytesLeft > 0 ? this.order.max - this.claimed.length : 0;
  }

  /** Whether a service may have more that is due, and may be given it. */
  isMoreOf(service: string): boolean {
    return this.#full.has(service) && !this.heldUntil.has(service);
  }

  /** A fair share for each, then what others left. */
  async serveAll(due: readonly string[]): Promise<void> {
    if (due.length === 0 || this.left <= 0) return;
    await this.#lookAtPaces(due);
    for (const [index, service] of due.entries()) {
      if (this.left > 0) await this.#serve(service, Math.ceil(this.left / (due.length - index)));
    }
    for (const service of due) {
      if (this.left > 0 && !this.heldUntil.has(service)) await this.#serve(service, this.left);
    }
  }

  #paceOf(service: string): Pace | undefined {
    return this.order.paces.get(service) ?? this.order.pace;
  }

  async #lookAtPaces(due: readonly string[]): Promise<void> {
    const { trx, now } = this.unit;
    const paced = due.filter((service) => this.#paceOf(service));
    if (paced.length > 0) await ensurePaces(trx, new Map(paced.map((service) => [service, freshPace(now)])));
    this.#states = await lockPaces(trx, due);
    const counted = [...this.#states.keys()];
    if (counted.length === 0) return;
    const { rows } = await sql<{ service: string; running: number }>`
      SELECT service, sum(requests)::bigint AS running FROM totals
      WHERE state = 1 AND service = ANY(${counted}::text[]) GROUP BY service`.execute(trx);
    this.#running = new Map(rows.map(({ service, running }) => [service, running]));
  }

  async #serve(service: string, share: number): Promise<void> {
    const { trx, now } = this.unit;
    const pace = this.#paceOf(service);
    const state = this.#states.get(service);
    const running = this.#running.get(service) ?? 0;
    const allowed = allowance(pace, state, running, now);
    const wanted = Math.min(share, allowed.count);
    const rows = wanted > 0 ? await this.#take(service, wanted) : [];
    if (rows.length > 0) this.served.add(service);
    this.#running.set(service, running + rows.length);
    if (rows.length > 0 && pace?.perSecond !== undefined) {
      const after = afterClaim(pace, state, rows.length, now);
      this.#states.set(service, after);
      await putPace(trx, service, after);
    }
    if (rows.length > 0 && rows.length === wanted) this.#full.add(service);
    else this.#full.delete(service);
    if (rows.length === allowed.count) {
      this.heldUntil.set(service, allowed.nextAt);
      if (allowed.count < share) this.held.add(service);
    }
  }

  /** Claims up to so many of one service, in their order. */
  async #take(service: string, max: number): Promise<RequestRow[]> {
    const { unit, order } = this;
    const { rows } = await sql<RequestRow>`
      WITH picked AS MATERIALIZED (
        SELECT q.* FROM generate_series(9, 0, -1) AS p CROSS JOIN LATERAL (
          SELECT seq, priority, due_at, bytes FROM requests
          WHERE state = 0 AND service = ${service} AND priority = p AND due_at <= ${unit.now}
          AND (expires_at IS NULL OR expires_at > ${unit.now})
          ORDER BY due_at, seq LIMIT ${max} FOR UPDATE SKIP LOCKED
        ) AS q LIMIT ${max}
      ), measured AS (
        SELECT seq, sum(bytes) OVER (ORDER BY priority DESC, due_at, seq) - bytes AS before FROM picked
      )
      UPDATE requests AS r SET state = 1, token = r.token + 1, attempts = r.attempts + 1,
        lease_until = ${unit.now + order.leaseMs}, owner = ${order.owner}
      FROM measured WHERE r.seq = measured.seq AND measured.before < ${this.#bytesLeft}
      RETURNING r.seq, r.id, r.token, r.attempts, r.service, r.priority, r.due_at, r.expires_at, r.submitted_at,
        r.bytes, r.terms, r.error, r.body`.execute(unit.trx);
    rows.sort(
      (one, other) => other.priority - one.priority || one.due_at - other.due_at || one.seq - other.seq,
    );
    for (const row of rows) {
      this.claimed.push(toClaimed(row));
      this.#bytesLeft -= row.bytes;
      unit.moved(service, 'waiting', 'running', row.bytes);
    }
    return rows;
  }
}

function toClaimed(row: RequestRow): Claimed {
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
  };
}

/** Looks around: some steps in the indexes, and some more per service, whatever waits. */
async function look({ trx }: Unit): Promise<View> {
  const { rows } = await sql<View>`
    WITH RECURSIVE names AS (
      (SELECT service FROM requests WHERE state = 0 ORDER BY service LIMIT 1)
      UNION ALL
      SELECT (SELECT r.service FROM requests AS r WHERE r.state = 0 AND r.service > names.service
        ORDER BY r.service LIMIT 1)
      FROM names WHERE names.service IS NOT NULL
    ), waiting AS (
      SELECT service, (
        SELECT min(first) FROM generate_series(0, ${PRIORITY_MAX}::integer) AS p CROSS JOIN LATERAL (
          SELECT r.due_at AS first FROM requests AS r
          WHERE r.state = 0 AND r.service = names.service AND r.priority = p ORDER BY r.due_at LIMIT 1
        ) AS firsts
      ) AS due_at
      FROM names WHERE service IS NOT NULL
    )
    SELECT (SELECT coalesce(json_agg(json_build_array(service, due_at)), '[]') FROM waiting WHERE due_at IS NOT NULL) AS waiting,
      (SELECT min(expires_at) FROM requests WHERE state = 0 AND expires_at IS NOT NULL) AS expiry,
      (SELECT min(lease_until) FROM requests WHERE state = 1) AS lease,
      (SELECT max(lease_until) FROM requests WHERE state = 1) AS lease_last`.execute(trx);
  return rows[0] ?? { waiting: [], expiry: null, lease: null, lease_last: null };
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

function nextAt(now: number, seen: View, heldUntil: ReadonlyMap<string, number>): number {
  const times = seen.waiting.map(([service, dueAt]) =>
    dueAt > now ? dueAt : (heldUntil.get(service) ?? now),
  );
  return Math.min(...times, seen.expiry ?? Infinity, seen.lease ?? Infinity);
}
