import { sql } from 'kysely';
import { stateNumber, type State } from '../../core/lifecycle';
import type { Trx } from './database';

/** Rows that the counts of one service and state are spread over. */
const SHARDS = 32;

/** Has counts that are inserted into `totals` added to those that are there. */
export const ADDED = sql`ON CONFLICT (service, state, shard) DO UPDATE
      SET requests = totals.requests + excluded.requests, bytes = totals.bytes + excluded.bytes`;

/** One transaction, and what is to be told and counted of it. */
export class Unit {
  /** Requests that ended or were removed. */
  readonly ended: string[] = [];
  /** The earliest time from which there is more to claim, in ms. */
  dueAt = Infinity;
  /** Where its counts are written, of {@link SHARDS}. */
  readonly shard = Math.floor(Math.random() * SHARDS);
  readonly #changes = new Map<string, { service: string; state: number; requests: number; bytes: number }>();

  constructor(
    readonly trx: Trx,
    readonly now: number,
  ) {}

  /** A request waits for this time. */
  waits(dueAt: number): void {
    this.dueAt = Math.min(this.dueAt, dueAt);
  }

  /** Notes requests that came into a state, or with negative numbers left it. */
  note(service: string, state: State, requests: number, bytes: number): void {
    const number = stateNumber(state);
    const key = `${service} ${number}`;
    const change = this.#changes.get(key) ?? { service, state: number, requests: 0, bytes: 0 };
    change.requests += requests;
    change.bytes += bytes;
    this.#changes.set(key, change);
  }

  /** Notes one request that went from one state into another, and maybe grew. */
  moved(service: string, from: State, to: State, bytesBefore: number, bytesAfter = bytesBefore): void {
    this.note(service, from, -1, -bytesBefore);
    this.note(service, to, 1, bytesAfter);
  }

  /** Writes the counts: last, so that others wait for them only as long as the commit takes; sorted, so that none waits in a circle. */
  async writeCounts(): Promise<void> {
    const changes = [...this.#changes]
      .filter(([, { requests, bytes }]) => requests !== 0 || bytes !== 0)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, change]) => change);
    if (changes.length === 0) return;
    await sql`
      INSERT INTO totals (shard, service, state, requests, bytes)
      SELECT ${this.shard}, * FROM unnest(
        ${changes.map(({ service }) => service)}::text[], ${changes.map(({ state }) => state)}::smallint[],
        ${changes.map(({ requests }) => requests)}::bigint[], ${changes.map(({ bytes }) => bytes)}::bigint[])
      ${ADDED}`.execute(this.trx);
  }
}
