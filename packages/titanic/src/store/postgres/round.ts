import { sql } from 'kysely';
import {
  afterClaim,
  allowance,
  departuresOf,
  freshPace,
  isCounted,
  type Pace,
  type PaceState,
} from '../../core/pace';
import type { Claimed, ClaimOrder } from '../store';
import type { RequestRow } from './database';
import { ensurePaces, lockPaces, putPace } from './paces';
import { take, toClaimed } from './taking';
import type { Unit } from './unit';

/** The pace that an order has for a service. */
export const paceFor = (order: ClaimOrder, service: string): Pace | undefined =>
  order.paces.get(service) ?? order.pace;

/** One claim of several services, or of such as have a pace or fail, as far as it has come. */
export class Round {
  readonly claimed: Claimed[] = [];
  readonly served = new Set<string>();
  /** When there may be more of a service that has something due, but may not be given it now. */
  readonly heldUntil = new Map<string, number>();
  /** Services whose pace gave less than was there to be claimed. */
  readonly held = new Set<string>();
  /** Services that gave all that was asked of them, and so may have more. */
  readonly #full = new Set<string>();
  readonly #clock: () => number;
  /** The time by which paces are reckoned: what others did before is older, however long their locks were waited for. */
  #now: number;
  #bytesLeft: number;
  #states = new Map<string, PaceState>();
  #running = new Map<string, number>();

  constructor(
    readonly unit: Unit,
    readonly order: ClaimOrder,
    clock: () => number,
  ) {
    this.#clock = clock;
    this.#now = unit.now;
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

  /** Whether the end of a request in hand may let something due be claimed. */
  get isEndAwaited(): boolean {
    return this.left <= 0 || [...this.heldUntil.values()].includes(Infinity);
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

  async #lookAtPaces(due: readonly string[]): Promise<void> {
    const { unit, order } = this;
    this.#states = await lockPaces(unit.trx, due);
    const missing = due.filter((service) => paceFor(order, service) && !this.#states.has(service));
    if (missing.length > 0) {
      await ensurePaces(unit.trx, new Map(missing.map((service) => [service, freshPace(unit.now)])));
      for (const [service, state] of await lockPaces(unit.trx, missing)) this.#states.set(service, state);
    }
    this.#now = this.#clock();
    const counted = due.filter((service) => isCounted(paceFor(order, service), this.#states.get(service)));
    if (counted.length === 0) return;
    const { rows } = await sql<{ service: string; running: number }>`
      SELECT service, sum(requests)::bigint AS running FROM totals
      WHERE state = 1 AND service = ANY(${counted}::text[]) GROUP BY service`.execute(unit.trx);
    this.#running = new Map(rows.map(({ service, running }) => [service, running]));
  }

  async #serve(service: string, share: number): Promise<void> {
    const { unit, order } = this;
    const now = this.#now;
    const pace = paceFor(order, service);
    const state = this.#states.get(service);
    const running = this.#running.get(service) ?? 0;
    const allowed = allowance(pace, state, running, now, order.aheadMs);
    const wanted = Math.min(share, allowed.count);
    const rows = wanted > 0 ? await this.#take(service, wanted, departuresOf(pace, state, now)) : [];
    if (rows.length > 0) this.served.add(service);
    this.#running.set(service, running + rows.length);
    if (rows.length > 0 && pace?.perSecond !== undefined) {
      const after = afterClaim(pace, state, rows.length, now);
      this.#states.set(service, after);
      await putPace(unit.trx, service, after);
    }
    if (rows.length > 0 && rows.length === wanted) this.#full.add(service);
    else this.#full.delete(service);
    if (rows.length === allowed.count) {
      this.heldUntil.set(service, allowed.nextAt);
      if (allowed.count < share) this.held.add(service);
    }
  }

  /** Claims up to so many of one service; `leavesAt` by their place. */
  async #take(service: string, max: number, leavesAt: (place: number) => number): Promise<RequestRow[]> {
    const rows = await take(this.unit, this.order, { service, max, bytesMax: this.#bytesLeft });
    for (const [place, row] of rows.entries()) {
      this.claimed.push(toClaimed(row, leavesAt(place)));
      this.#bytesLeft -= row.bytes;
    }
    return rows;
  }
}
