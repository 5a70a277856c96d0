import { sql, type Kysely } from 'kysely';
import { stateOf } from '../../core/lifecycle';
import type { Part, StoreCount, StoredRequest, StoredWhole } from '../store';
import { STORED_COLUMNS, storedOf } from '../stored';
import { idText, type Database, type RequestRow } from './database';

/** A row, without what may be large. */
export type Row = Omit<RequestRow, 'body' | 'reply' | 'progress' | 'token' | 'lease_until' | 'reply_type'>;

export const COLUMNS = sql.raw(STORED_COLUMNS);

export async function read(
  db: Kysely<Database>,
  ids: readonly string[],
  parts: readonly Part[],
): Promise<(StoredWhole | undefined)[]> {
  const part = (name: Part) => sql.raw(parts.includes(name) ? name : `NULL::bytea AS ${name}`);
  const { rows } = await sql<RequestRow>`
    SELECT ${COLUMNS}, reply_type, ${part('body')}, ${part('reply')}, ${part('progress')}
    FROM requests WHERE id = ANY(${ids}::uuid[])`.execute(db);
  const found = new Map(
    rows.map((row) => {
      const whole: StoredWhole = {
        ...toStored(row),
        body: row.body ?? undefined,
        reply: row.reply ?? undefined,
        replyType: row.reply_type ?? undefined,
        progress: row.progress ?? undefined,
      };
      return [whole.id, whole];
    }),
  );
  return ids.map((id) => found.get(id));
}

/** How much there is, by service and state. */
export async function stats(db: Kysely<Database>): Promise<StoreCount[]> {
  const { rows } = await sql<{ service: string; state: number; requests: number; bytes: number }>`
    SELECT service, state, sum(requests)::bigint AS requests, sum(bytes)::bigint AS bytes FROM totals
    GROUP BY service, state HAVING sum(requests) <> 0 ORDER BY service, state`.execute(db);
  return rows.map((row) => ({ ...row, state: stateOf(row.state) }));
}

/** A row as it is spoken of. */
export function toStored(row: Row): StoredRequest {
  return storedOf(idText(row.id), row);
}
