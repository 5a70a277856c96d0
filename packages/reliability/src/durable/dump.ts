import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';
import pg from 'pg';
import { stateOf, type Row } from './ledger';
import { replyIn, tokenOf } from './parts/orders';
import type { StorePlace } from './parts/params';

/* What the store says at the end, read by plain SQL: no code of titanic has a part in it. */

/** What is read of each request, in both databases. */
interface DumpedRow {
  readonly id: string;
  readonly state: number;
  readonly seq: number;
  readonly priority: number;
  readonly due_at: number;
  readonly expires_at: number | null;
  readonly attempts: number;
  readonly body: Uint8Array | null;
  readonly reply: Uint8Array | null;
}

/** A store at the end. */
export interface Dump {
  readonly rows: readonly Row[];
  /** Where the counts that the store keeps differ from what is there, in words. */
  readonly miscounts: readonly string[];
}

/** Services and states whose kept count is not that of the rows. */
const MISCOUNTS = `
  SELECT service, state, sum(kept) AS kept, sum(there) AS there FROM (
    SELECT service, state, requests AS kept, 0 AS there FROM totals
    UNION ALL SELECT service, state, 0, 1 FROM requests
  ) AS both_of_them GROUP BY service, state HAVING sum(kept) <> sum(there)`;

interface Miscount {
  readonly service: string;
  readonly state: number;
  readonly kept: number | string;
  readonly there: number | string;
}

/** Reads a store that no titanic has open any more. */
export function dumpStore(place: StorePlace): Promise<Dump> {
  return place.kind === 'sqlite' ? Promise.resolve(dumpSqlite(place.file)) : dumpPostgres(place.url);
}

function dumpSqlite(file: string): Dump {
  // The driver is the one that titanic brings.
  const require = createRequire(createRequire(import.meta.url).resolve('@majordomo/titanic'));
  const Sqlite = require('better-sqlite3') as typeof Database;
  const db = new Sqlite(file, { readonly: true });
  try {
    const rows = db
      .prepare<[], DumpedRow>(
        `SELECT lower(hex(id)) AS id, state, seq, priority, due_at, expires_at, attempts,
         coalesce(body, (SELECT data FROM blobs WHERE key = seq * 4)) AS body,
         coalesce(reply, (SELECT data FROM blobs WHERE key = seq * 4 + 1)) AS reply FROM requests`,
      )
      .all();
    return { rows: rows.map(toRow), miscounts: db.prepare<[], Miscount>(MISCOUNTS).all().map(describe) };
  } finally {
    db.close();
  }
}

async function dumpPostgres(url: string): Promise<Dump> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=titanic' });
  await client.connect();
  try {
    const { rows } = await client.query<Record<keyof DumpedRow, never>>(
      `SELECT replace(id::text, '-', '') AS id, state::integer, seq::float8, priority::integer, due_at::float8,
       expires_at::float8, attempts::integer, body, reply FROM requests`,
    );
    const { rows: miscounts } = await client.query<Miscount>(MISCOUNTS);
    return { rows: (rows as readonly DumpedRow[]).map(toRow), miscounts: miscounts.map(describe) };
  } finally {
    await client.end();
  }
}

function toRow({ id, state, seq, priority, due_at, expires_at, attempts, body, reply }: DumpedRow): Row {
  return {
    id,
    token: body && tokenOf(framesIn(body)),
    state: stateOf(state),
    seq,
    priority,
    dueAt: due_at,
    expiresAt: expires_at,
    attempts,
    reply: reply && replyIn(framesIn(reply)),
  };
}

const describe = ({ service, state, kept, there }: Miscount): string =>
  `the store counts ${kept} requests of ${service} that are ${stateOf(state)}, and has ${there}`;

/** Frames as a store keeps them: their number, their lengths, all 32 bits, little endian; then the frames. */
function framesIn(packed: Uint8Array): Uint8Array[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const count = packed.length < 4 ? 0 : view.getUint32(0, true);
  if (4 + 4 * count > packed.length) return [];
  let at = 4 + 4 * count;
  return Array.from({ length: count }, (_, index) => {
    const start = at;
    at += view.getUint32(4 + 4 * index, true);
    return packed.subarray(start, at);
  });
}
