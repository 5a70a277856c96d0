import { StoreInvalidError } from '@majordomo/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from './database';

/** What titanics lock that migrate, or, with the schema, remove what is old: a number of our own ("MjTi"). */
export const LOCK = 0x4d6a5469;

/**
 * What each version adds to the one before. States are the numbers of core/lifecycle: 0 waits, 1 runs, 2 and more have
 * ended. `due` is the order in which requests of a service are claimed. Rows change often and briefly, so they are
 * vacuumed early. Counts are spread over shards: one row each would have every commit wait for the one before.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE requests (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    state smallint NOT NULL,
    service text NOT NULL COLLATE "C",
    priority smallint NOT NULL,
    due_at bigint NOT NULL,
    expires_at bigint,
    submitted_at bigint NOT NULL,
    ended_at bigint,
    attempts integer NOT NULL DEFAULT 0,
    token integer NOT NULL DEFAULT 0,
    lease_until bigint,
    owner text,
    bytes bigint NOT NULL,
    terms text,
    error text,
    reply_type text,
    body bytea NOT NULL,
    reply bytea,
    progress bytea
  ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
  CREATE INDEX due ON requests (service, priority, due_at, seq) WHERE state = 0;
  CREATE INDEX expiring ON requests (expires_at) WHERE state = 0 AND expires_at IS NOT NULL;
  CREATE INDEX leased ON requests (lease_until) WHERE state = 1;
  CREATE INDEX ended ON requests (state, ended_at, seq) WHERE state >= 2;
  CREATE TABLE keys (
    service text NOT NULL COLLATE "C",
    text text NOT NULL COLLATE "C",
    id uuid NOT NULL,
    until bigint NOT NULL,
    PRIMARY KEY (service, text)
  );
  CREATE INDEX keys_until ON keys (until);
  CREATE TABLE totals (
    shard smallint NOT NULL,
    service text NOT NULL COLLATE "C",
    state smallint NOT NULL,
    requests bigint NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (service, state, shard)
  ) WITH (fillfactor = 50);
  CREATE TABLE paces (
    service text PRIMARY KEY COLLATE "C",
    tokens double precision NOT NULL,
    refilled_at bigint NOT NULL,
    failures integer NOT NULL,
    pauses integer NOT NULL,
    paused_until bigint NOT NULL
  ) WITH (fillfactor = 50);
  `,
  `
  CREATE INDEX retrying ON requests (service, due_at, seq) WHERE state = 0 AND attempts > 0;
  `,
];

/**
 * Makes the schema, or brings it up to date; any number of titanics may try at the same time.
 * @throws StoreInvalidError where it is of a later version, or of something else
 */
export async function migrate(db: Kysely<Database>, schema: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    // However long others migrate, and however many rows an index is made of.
    await sql`SET LOCAL statement_timeout = 0`.execute(trx);
    await sql`SELECT pg_advisory_xact_lock(${LOCK})`.execute(trx);
    const version = await versionOf(trx, schema);
    if (version === MIGRATIONS.length) return;
    if (version > MIGRATIONS.length) {
      throw new StoreInvalidError(
        `The schema ${schema} was made by a later version of titanic (${version}, this one knows ${MIGRATIONS.length}); it was left as it is.`,
      );
    }
    for (const statements of MIGRATIONS.slice(version)) await sql.raw(statements).execute(trx);
    await sql`UPDATE titanic_meta SET version = ${MIGRATIONS.length}`.execute(trx);
  });
}

/** The version that the schema has; 0 where it has just been made. */
async function versionOf(trx: Transaction<Database>, schema: string): Promise<number> {
  const tables = await sql<{ name: string }>`
    SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ${schema}`.execute(trx);
  const names = tables.rows.map(({ name }) => name);
  if (names.includes('titanic_meta')) {
    const { rows } = await sql<{ version: number }>`SELECT version FROM titanic_meta`.execute(trx);
    return rows[0]?.version ?? 0;
  }
  if (names.length > 0) {
    throw new StoreInvalidError(
      `The schema ${schema} holds tables of something else (${names.slice(0, 3).join(', ')}); it was left as it is. Name one of titanic's own.`,
    );
  }
  await sql`CREATE SCHEMA IF NOT EXISTS ${sql.id(schema)}`.execute(trx);
  await sql`CREATE TABLE titanic_meta (version integer NOT NULL)`.execute(trx);
  await sql`INSERT INTO titanic_meta VALUES (0)`.execute(trx);
  return 0;
}
