import { PRIORITY_MAX } from '@majordomo/protocol';
import { sql } from 'kysely';
import { LEASE_MS_MAX } from '../store';
import type { Trx } from './database';

/** What there is to see before a claim. Times in ms; `null` where there is none. */
export interface View {
  /** The services that have something waiting, and when the first of it is due. */
  readonly waiting: readonly (readonly [service: string, dueAt: number])[];
  /** Those of them whose pace or failures are written down. */
  readonly paced: readonly string[];
  /** When the first of what waits has outlived its time. */
  readonly expiry: number | null;
  /** When the first lease ends, and the last. */
  readonly lease: number | null;
  readonly lease_last: number | null;
}

/** Looks around: some steps in the indexes, and some more per service, whatever waits. */
export async function look(trx: Trx): Promise<View> {
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
      (SELECT coalesce(json_agg(p.service), '[]') FROM paces AS p WHERE p.service IN (SELECT service FROM waiting)) AS paced,
      (SELECT min(expires_at) FROM requests WHERE state = 0 AND expires_at IS NOT NULL) AS expiry,
      (SELECT min(lease_until) FROM requests WHERE state = 1) AS lease,
      (SELECT max(lease_until) FROM requests WHERE state = 1) AS lease_last`.execute(trx);
  return rows[0] ?? { waiting: [], paced: [], expiry: null, lease: null, lease_last: null };
}

/** Whether something that waits has outlived its time to live. */
export const hasOutlived = ({ expiry }: View, now: number): boolean => (expiry ?? Infinity) <= now;

/** Whether a lease has run out, or was given by a clock that has gone back since. */
export const hasLost = ({ lease, lease_last }: View, now: number): boolean =>
  (lease ?? Infinity) <= now || (lease_last ?? 0) > now + LEASE_MS_MAX;

/** The services that have something due. */
export const dueIn = ({ waiting }: View, now: number): string[] =>
  waiting.filter(([, dueAt]) => dueAt <= now).map(([service]) => service);

/**
 * When there may be something to claim, or to expire, or to be had again.
 * @param heldUntil - when there may be more of what is due, but may not be given now
 */
export function nextAt(now: number, seen: View, heldUntil: ReadonlyMap<string, number>): number {
  const times = seen.waiting.map(([service, dueAt]) =>
    dueAt > now ? dueAt : (heldUntil.get(service) ?? now),
  );
  return Math.min(...times, seen.expiry ?? Infinity, seen.lease ?? Infinity);
}
