import { sql } from 'kysely';
import { afterClaim, allowance, freshPace, type Pace, type PaceState } from '../../core/pace';
import { LEASE_LOST } from '../ending';
import { LEASE_MS_MAX, STEP_ROWS_MAX, type Claimed, type ClaimOrder, type Claims } from '../store';
import { idText, type RequestRow } from './database';
import { ensurePaces, lockPaces, putPace } from './paces';
import type { Unit } from './unit';

/** A service that has something waiting. */
interface Waiting {
  readonly service: string;
  /** When the first of it is due. */
  readonly due_at: number;
}

/** When each service was served last, by this titanic; the one served longest ago comes first. */
export type Turns = Map<string, number>;

/** Services whose turns are remembered. */
const TURNS_MAX = 10_000;

/** Claims what is due. Rows that others are claiming at this moment are passed over. */
export async function claim(unit: Unit, order: ClaimOrder, turns: Turns): Promise<Claims> {
  const expired = await expireOutlived(unit);
  const regained = await takeBackLost(unit);
  const due = (await waitingServices(unit))
    .filter(({ due_at }) => due_at <= unit.now)
    .map(({ service }) => service)
    .sort((one, other) => (turns.get(one) ?? 0) - (turns.get(other) ?? 0));
  const round = new Round(unit, order);
  await round.serveAll(due);
  const turn = Math.max(0, ...turns.values()) + 1;
  if (turns.size > TURNS_MAX) turns.clear();
  for (const service of round.served) turns.set(service, turn);
  const next = await nextAt(unit, round);
  return { claimed: round.claimed, nextAt: next, expired, regained, held: [...round.held] };
}

/** One claim, as far as it has come. */
class Round {
  readonly claimed: Claimed[] = [];
  readonly served = new Set<string>();
  /** When there may be more of a service that has something due, but may not be given it now. */
  readonly heldUntil = new Map<string, number>();
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

/** The services that have something waiting, with the first due time of each: some steps in the index per service. */
async function waitingServices({ trx }: Unit): Promise<Waiting[]> {
  const { rows } = await sql<Waiting>`
    WITH RECURSIVE names AS (
      (SELECT service FROM requests WHERE state = 0 ORDER BY service LIMIT 1)
      UNION ALL
      SELECT (SELECT r.service FROM requests AS r WHERE r.state = 0 AND r.service > names.service
        ORDER BY r.service LIMIT 1)
      FROM names WHERE names.service IS NOT NULL
    )
    SELECT service, (
      SELECT min(first) FROM generate_series(0, 9) AS p CROSS JOIN LATERAL (
        SELECT r.due_at AS first FROM requests AS r
        WHERE r.state = 0 AND r.service = names.service AND r.priority = p ORDER BY r.due_at LIMIT 1
      ) AS firsts
    ) AS due_at
    FROM names WHERE service IS NOT NULL`.execute(trx);
  return rows.filter(({ due_at }) => due_at !== null);
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

async function nextAt(unit: Unit, { heldUntil }: Round): Promise<number> {
  const times: number[] = [];
  for (const { service, due_at } of await waitingServices(unit)) {
    times.push(due_at > unit.now ? due_at : (heldUntil.get(service) ?? unit.now));
  }
  const { rows } = await sql<{ expiry: number | null; lease: number | null }>`
    SELECT (SELECT min(expires_at) FROM requests WHERE state = 0 AND expires_at IS NOT NULL) AS expiry,
      (SELECT min(lease_until) FROM requests WHERE state = 1) AS lease`.execute(unit.trx);
  return Math.min(...times, rows[0]?.expiry ?? Infinity, rows[0]?.lease ?? Infinity);
}
