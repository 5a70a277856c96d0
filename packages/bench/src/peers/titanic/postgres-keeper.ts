import { PostgresStore } from '@majordomo/titanic';
import pg from 'pg';
import type { RunningPart } from '../part';
import { privatePostgres, usageOfPostgres } from '../postgres';
import { ownUsage } from '../own-usage';
import { DUE, packedBody } from './fill';
import { keep } from './keeper';
import { ECHO } from './settings';

const SCHEMA = 'titanic';

/** The database has processes of its own; what they use counts with this one's. */
export async function start(): Promise<RunningPart> {
  const postgres = await privatePostgres();
  const store = await PostgresStore.open({ url: postgres.url, schema: SCHEMA });
  return keep(store, {
    answers: {
      fill: ({ count, bytes }) => fillWithin(postgres.url, count, bytes),
      usage: ({ gc }) => {
        const [own, theirs] = [ownUsage(gc), usageOfPostgres(postgres)];
        return { cpuUs: own.cpuUs + theirs.cpuUs, rssBytes: own.rssBytes + theirs.rssBytes };
      },
    },
    // There is nothing to save.
    close: () => postgres.kill(),
  });
}

/** Makes the rows in the database itself, as `submit` would have left them. */
async function fillWithin(url: string, count: number, bytes: number): Promise<number> {
  const client = new pg.Client({ connectionString: url, options: `-c search_path=${SCHEMA}` });
  await client.connect();
  try {
    const body = Buffer.from(packedBody(bytes));
    await client.query(
      `INSERT INTO requests (id, state, service, priority, due_at, submitted_at, bytes, body)
       SELECT gen_random_uuid(), 0, $1, 4, $2::bigint + floor(random() * $3::bigint)::bigint, $4::bigint, length($5::bytea), $5::bytea
       FROM generate_series(1, $6::bigint)`,
      [ECHO, Date.now() + DUE.fromMs, DUE.spreadMs, Date.now(), body, count],
    );
    await client.query(
      `INSERT INTO totals (shard, service, state, requests, bytes) VALUES (0, $1, 0, $2::bigint, $3::bigint)
       ON CONFLICT (service, state, shard) DO UPDATE
       SET requests = totals.requests + excluded.requests, bytes = totals.bytes + excluded.bytes`,
      [ECHO, count, count * body.length],
    );
    // What autovacuum would have done by the time when so much has gathered.
    await client.query('VACUUM ANALYZE requests');
    const { rows } = await client.query<{ waiting: string }>(
      'SELECT count(*) AS waiting FROM requests WHERE state = 0',
    );
    return Number(rows[0]?.waiting);
  } finally {
    await client.end();
  }
}
