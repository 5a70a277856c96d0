import {
  eventually,
  leakCheck,
  postgresBinaries,
  startPostgres,
  TcpRelay,
  type PrivatePostgres,
} from '@majordomo/testkit';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { clientConfig, connect, type Database } from '../src/store/postgres/database';
import { PostgresStore, type PostgresStoreOptions } from '../src/store/postgres/postgres-store';
import { PreparingPool } from '../src/store/postgres/preparing-pool';
import { LOCK, migrate } from '../src/store/postgres/schema';
import { ending } from '../src/store/postgres/settling';
import { Unit } from '../src/store/postgres/unit';
import type { RequestStore } from '../src/store/store';
import { storeConformance } from './store-conformance';
import { anOrder, HandClock, newId, newRequest, stateIn, T0 } from './support/requests';

const binaries = postgresBinaries();

if (!binaries) {
  test('the PostgreSQL store', () => {
    console.log('skipped: PostgreSQL is not installed (apt-get install postgresql)');
  });
} else {
  let postgres: PrivatePostgres;
  let schemas = 0;
  const stores: RequestStore[] = [];

  beforeAll(async () => {
    postgres = await startPostgres(binaries);
  }, 120_000);
  afterAll(() => postgres.stop());

  leakCheck();
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });

  const newSchema = (): string => `t${++schemas}`;

  const open = async (
    options: Omit<PostgresStoreOptions, 'url'>,
    now?: () => number,
  ): Promise<PostgresStore> => {
    const never = 1_000_000_000;
    const store = await PostgresStore.open(
      { url: postgres.url, lookEveryMs: never, ...options },
      now ? { now } : {},
    );
    stores.push(store);
    return store;
  };

  /** A connection beside, to look and to disturb. */
  const query = async <Row extends object>(text: string): Promise<Row[]> => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      return (await client.query(text)).rows as Row[];
    } finally {
      await client.end();
    }
  };

  const cutAll = (): Promise<object[]> =>
    query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'titanic'`);

  storeConformance('the PostgreSQL store', async ({ now }, bounds) => {
    const options = { schema: newSchema(), ...bounds };
    const store = await open(options, now);
    return {
      store,
      crash: async () => {
        await store.close();
        return open(options, now);
      },
    };
  });

  describe('many titanics on one database', () => {
    test('all may make the schema at the same time', async () => {
      const schema = newSchema();
      const opened = await Promise.all(Array.from({ length: 6 }, () => open({ schema, connectionsMax: 2 })));
      await opened[0]!.submit([newRequest()]);
      expect(await opened[5]!.stats()).toMatchObject([{ state: 'waiting', requests: 1 }]);
    });

    test('all may migrate what an earlier version has left, however long another takes', async () => {
      const schema = newSchema();
      const store = await open({ schema });
      const request = newRequest();
      await store.submit([request]);
      await store.close();
      await query(`DROP INDEX ${schema}.retrying; UPDATE ${schema}.titanic_meta SET version = 1`);
      const migrating = query(`SELECT pg_advisory_xact_lock(${LOCK}), pg_sleep(0.5)`);
      const hasty = new Kysely<Database>({
        dialect: new PostgresDialect({
          pool: new pg.Pool({
            connectionString: postgres.url,
            options: `-c search_path=${schema} -c statement_timeout=50`,
          }),
        }),
      });
      try {
        await eventually(
          async () => (await query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory'`)).length,
        );
        await Promise.all([migrate(hasty, schema), open({ schema }), open({ schema })]);
        await migrating;
      } finally {
        await hasty.destroy();
      }
      expect(await query(`SELECT version FROM ${schema}.titanic_meta`)).toEqual([{ version: 2 }]);
      expect(await stateIn(await open({ schema }), request.id)).toBe('waiting');
    });

    test('options in the URL are not in the way of the schema', async () => {
      const schema = newSchema();
      const url = `${postgres.url}?options=-c%20work_mem%3D8MB&application_name=others`;
      for (let round = 0; round < 2; round++) stores.push(await PostgresStore.open({ url, schema }));
      const tables = await query(`SELECT 1 FROM information_schema.tables WHERE table_schema = '${schema}'`);
      expect(tables.length).toBeGreaterThan(0);
      const { connectionString, options } = clientConfig({
        url,
        schema,
        connectTimeoutMs: 1,
        connectionsMax: 1,
      });
      expect(options).toMatch(new RegExp(`^-c work_mem=8MB -c search_path=${schema} `));
      expect(connectionString).toBe(`${postgres.url}?application_name=others`);
    });

    test('each request is claimed by one of them, and counted once', async () => {
      const schema = newSchema();
      const clock = new HandClock();
      const several = await Promise.all([1, 2, 3].map(() => open({ schema, connectionsMax: 4 }, clock.now)));
      await Promise.all(
        several.map((store) => store.submit(Array.from({ length: 200 }, () => newRequest()))),
      );
      const claims = await Promise.all(
        Array.from({ length: 30 }, (_, index) => several[index % 3]!.claim(anOrder({ max: 50 }))),
      );
      const ids = claims.flatMap(({ claimed }) => claimed.map(({ id }) => id));
      expect(ids).toHaveLength(600);
      expect(new Set(ids).size).toBe(600);
      expect(await several[0]!.stats()).toMatchObject([{ state: 'running', requests: 600 }]);
    });

    test('a pace holds for all of them together, however they claim', async () => {
      const schema = newSchema();
      const clock = new HandClock();
      const several = await Promise.all([1, 2, 3].map(() => open({ schema, connectionsMax: 4 }, clock.now)));
      await several[0]!.submit(Array.from({ length: 100 }, () => newRequest()));
      const order = anOrder({ pace: { perSecond: 10, burst: 7, concurrency: 9 } });
      const claim = async (): Promise<number> => {
        const claims = await Promise.all(
          several.flatMap((store) => [store.claim(order), store.claim(order)]),
        );
        return claims.reduce((sum, { claimed }) => sum + claimed.length, 0);
      };
      expect(await claim()).toBe(7);
      clock.time = T0 + 500;
      expect(await claim()).toBe(2);
      clock.time = T0 + 10_000;
      expect(await claim()).toBe(0);
    });

    test('what one does the others hear of, at once', async () => {
      const schema = newSchema();
      const clock = new HandClock();
      const [one, other] = [await open({ schema }, clock.now), await open({ schema }, clock.now)];
      const due: number[] = [];
      const ended: string[] = [];
      other.subscribe({ due: (at) => due.push(at), ended: (ids) => ended.push(...ids) });
      const request = newRequest({ dueAt: T0 });
      await one.submit([request]);
      await eventually(() => due.includes(T0));
      await one.remove([request.id]);
      await eventually(() => ended.includes(request.id));
    });

    test('the same key at the same moment at all of them is one request', async () => {
      const schema = newSchema();
      const several = await Promise.all([1, 2, 3].map(() => open({ schema })));
      const key = { text: 'once', until: several[0]!.now() + 60_000 };
      const other = { text: 'again', until: several[0]!.now() + 60_000 };
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, index) => {
          const pair = [newRequest({ key }), newRequest({ key: other })];
          return several[index % 3]!.submit(index % 2 === 0 ? pair : pair.reverse());
        }),
      );
      const all = answers.flat();
      expect(new Set(all.map(({ id }) => id)).size).toBe(2);
      expect(all.filter(({ duplicate }) => !duplicate)).toHaveLength(2);
      expect(await several[0]!.stats()).toMatchObject([{ requests: 2 }]);
    });

    test('of what ended, they keep as many as one of them would', async () => {
      const schema = newSchema();
      const clock = new HandClock();
      const several = await Promise.all([1, 2, 3].map(() => open({ schema }, clock.now)));
      const keep = { ageMs: 1e9, count: 20 };
      const retention = { done: keep, dead: keep, expired: keep, cancelled: keep };
      for (let round = 0; round < 5; round++) {
        await several[0]!.submit(Array.from({ length: 30 }, () => newRequest({ expiresAt: T0 + 1 })));
        clock.time += 5;
        await several[0]!.claim(anOrder());
        await Promise.all(several.map((store) => store.purge(retention)));
        expect(await several[0]!.stats()).toMatchObject([{ state: 'expired', requests: 20 }]);
      }
    });

    test('their clock is that of the database', async () => {
      const store = await open({ schema: newSchema() });
      const [row] = await query<{ ms: string }>(
        'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms',
      );
      expect(Math.abs(store.now() - Number(row!.ms))).toBeLessThan(2_000);
    });
  });

  test.each([1, 256])(
    'the end of %i claims looks up the requests by their ids, however many run',
    async (count) => {
      const schema = newSchema();
      await open({ schema });
      const db = connect({ url: postgres.url, schema, connectionsMax: 1, connectTimeoutMs: 5_000 });
      try {
        const settlements = Array.from(
          { length: count },
          () => ({ id: newId(), token: 1, outcome: 'die', error: '{}' }) as const,
        );
        const statement = ending(new Unit(db, T0), settlements, sql``);
        const { rows } = await sql<{ 'QUERY PLAN': string }>`EXPLAIN ${statement}`.execute(db);
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan).toMatch(/Index Scan using requests_id_key on requests.*\n *Index Cond: \(id = n\.id\)/);
      } finally {
        await db.destroy();
      }
    },
  );

  describe('faults', () => {
    test('a schema of something else, or of a later version, is refused and left as it is', async () => {
      const foreign = newSchema();
      await query(`CREATE SCHEMA ${foreign}; CREATE TABLE ${foreign}.users (name text)`);
      await expect(open({ schema: foreign })).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringContaining('holds tables of something else (users)') as string,
      });
      const later = newSchema();
      await (await open({ schema: later })).close();
      await query(`UPDATE ${later}.titanic_meta SET version = 99`);
      await expect(open({ schema: later })).rejects.toMatchObject({ code: 'STORE_INVALID' });
      const tables = await query(`SELECT 1 FROM information_schema.tables WHERE table_schema = '${foreign}'`);
      expect(tables).toHaveLength(1);
    });

    test('a database that is not there is said so', async () => {
      const url = 'postgres://nobody@127.0.0.1:1/none';
      await expect(PostgresStore.open({ url })).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable: true,
      });
      await expect(PostgresStore.open({ url: 'mysql://x' })).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
      });
    });

    test('connections that are lost in the middle of a transaction: it is whole, or not there; sent again, it is there once', async () => {
      const schema = newSchema();
      const store = await open({ schema });
      const batches = Array.from({ length: 40 }, () => [newRequest(), newRequest(), newRequest()]);
      const outcomes = batches.map(async (batch) => {
        for (;;) {
          try {
            await store.submit(batch);
            return;
          } catch (error) {
            expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
            const found = (
              await store
                .read(
                  batch.map(({ id }) => id),
                  [],
                )
                .catch(() => undefined)
            )?.filter(Boolean);
            expect([undefined, 0, 3]).toContain(found?.length);
          }
        }
      });
      for (let cut = 0; cut < 5; cut++) await cutAll();
      await Promise.all(outcomes);
      expect(await store.stats()).toMatchObject([{ state: 'waiting', requests: 120 }]);
    });

    test('a connection that says nothing is given up, and another made', async () => {
      const { port } = new URL(postgres.url);
      const relay = await TcpRelay.to(`tcp://127.0.0.1:${port}`);
      const url = postgres.url.replace(`:${port}`, `:${new URL(relay.endpoint).port}`);
      const pool = new pg.Pool({ connectionString: url, max: 1 });
      pool.on('connect', (client) => client.on('error', () => undefined));
      const db = new Kysely<object>({ dialect: new PostgresDialect({ pool: new PreparingPool(pool, 200) }) });
      const ask = () => sql<{ n: number }>`SELECT 1 AS n`.execute(db);
      try {
        expect((await ask()).rows).toEqual([{ n: 1 }]);
        relay.stall();
        const failure = { message: expect.stringContaining('has not answered for 200 ms') as string };
        await expect(db.transaction().execute(() => ask())).rejects.toMatchObject(failure);
        await eventually(() => pool.totalCount === 0);
        relay.resume();
        expect((await ask()).rows).toEqual([{ n: 1 }]);
      } finally {
        await db.destroy();
        await relay.close();
      }
    });

    test('after its listening connection was lost, it listens again, and looks', async () => {
      const schema = newSchema();
      const [one, other] = [await open({ schema }), await open({ schema })];
      const due: number[] = [];
      let missed = 0;
      one.subscribe({ due: (at) => due.push(at), missed: () => missed++ });
      await cutAll();
      await eventually(() => due.includes(0));
      expect(missed).toBe(1);
      const request = newRequest({ dueAt: 1 });
      await eventually(() => other.submit([request]));
      await eventually(() => due.includes(1));
    });

    test('a commit waits for the disk, also where the database says that it need not', async () => {
      await query('CREATE DATABASE hasty');
      await query('ALTER DATABASE hasty SET synchronous_commit = off');
      const url = postgres.url.replace(/[^/]+$/, 'hasty');
      const store = await PostgresStore.open({ url });
      stores.push(store);
      for (let round = 0; round < 3; round++) {
        const request = newRequest();
        await store.submit([request]);
        await postgres.crash();
        await postgres.run();
        await eventually(async () => (await store.stats()).length > 0);
        expect(await stateIn(store, request.id)).toBe('waiting');
      }
    }, 90_000);

    test.each(['kill', 'crash'] as const)(
      'PostgreSQL comes back after a %s: what was answered is there',
      async (end) => {
        const store = await open({ schema: newSchema() });
        const request = newRequest({ dueAt: 0 });
        await store.submit([request]);
        const { claimed } = await store.claim(anOrder());
        await postgres[end]();
        await expect(store.stats()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        await postgres.run();
        const settlement = { ...claimed[0]!, outcome: 'die', error: '{}' } as const;
        await eventually(() => store.settle([settlement], []));
        expect(await stateIn(store, request.id)).toBe('dead');
      },
      90_000,
    );
  });
}
