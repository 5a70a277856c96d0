import { leakCheck } from '@majordomo/testkit';
import Database from 'better-sqlite3';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packFrames } from '../src/core/frames';
import { Engine } from '../src/store/sqlite/engine';
import { SqliteStore } from '../src/store/sqlite/sqlite-store';
import { anOrder, newRequest, stateIn, T0 } from './support/requests';
import { openSqlite, scratchFolder, sweep } from './support/scratch';

leakCheck();
afterEach(sweep);

let file: string;
beforeEach(() => {
  file = join(scratchFolder(), 'requests.db');
});

/** A file of ours with some requests in it. */
async function aStore(requests = 3): Promise<void> {
  const store = await openSqlite({ file });
  await store.submit(Array.from({ length: requests }, () => newRequest()));
  await store.close();
}

/** A database that is not ours. */
function foreign(prepare: (db: Database.Database) => void): void {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE users (name TEXT)');
  prepare(db);
  db.close();
}

const refusals: [string, () => unknown, RegExp][] = [
  ['a text file', () => writeFileSync(file, 'dear diary'), /is no SQLite database; it was left as it is/],
  ['an empty file', () => writeFileSync(file, ''), /is no SQLite database/],
  [
    'the database of something else',
    () => foreign(() => undefined),
    /is the SQLite database of something else/,
  ],
  [
    'the database of a later version',
    async () => {
      await aStore();
      const db = new Database(file);
      db.pragma('user_version = 99');
      db.close();
    },
    /was made by a later version of titanic \(99, this one knows 2\)/,
  ],
  [
    'a file that was cut short',
    async () => {
      await aStore(200);
      truncateSync(file, 8_192);
    },
    /is damaged/,
  ],
  [
    'a file with a damaged page',
    async () => {
      await aStore(200);
      const bytes = readFileSync(file);
      bytes.fill(0xa5, 4_096 * 3, 4_096 * 6);
      writeFileSync(file, bytes);
    },
    /is damaged/,
  ],
];

test.each(refusals)('%s is refused with a clear message, and left as it is', async (_, prepare, message) => {
  await prepare();
  const before = readFileSync(file);
  await expect(openSqlite({ file })).rejects.toMatchObject({
    name: 'StoreInvalidError',
    code: 'STORE_INVALID',
    retryable: false,
    // One line, whatever SQLite says.
    message: expect.stringMatching(new RegExp(`^.*(?:${message.source}).*$`)) as string,
  });
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('what an earlier version has left is migrated', async () => {
  const store = await openSqlite({ file });
  const request = newRequest({ dueAt: T0 });
  await store.submit([request]);
  await store.close();
  const db = new Database(file);
  db.exec('DROP INDEX retrying; PRAGMA user_version = 1');
  db.close();
  const migrated = await openSqlite({ file });
  expect(await stateIn(migrated, request.id)).toBe('waiting');
  expect(await migrated.list({ state: 'retrying', limit: 1 })).toEqual({ requests: [], next: undefined });
});

test('a file that another has open is refused, and served once it is free', async () => {
  const first = await openSqlite({ file });
  const request = newRequest();
  await first.submit([request]);
  await expect(openSqlite({ file })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    retryable: true,
    message: expect.stringContaining('in use by another process') as string,
  });
  await first.close();
  expect(await stateIn(await openSqlite({ file }), request.id)).toBe('waiting');
});

test('what a titanic that is gone had in hand can be taken up at once, and its word counts no more', async () => {
  const first = await openSqlite({ file }, { now: () => T0 });
  await first.submit([newRequest()]);
  const stale = (await first.claim(anOrder())).claimed[0]!;
  await first.close();
  const second = await openSqlite({ file }, { now: () => T0 });
  const { claimed } = await second.claim(anOrder());
  expect(claimed).toMatchObject([{ id: stale.id, token: 2, attempts: 2 }]);
  expect(await second.settle([{ ...stale, outcome: 'die', error: '{}' }], [])).toEqual([false]);
});

test('a folder that is not there is said so', async () => {
  const nowhere = join(scratchFolder(), 'no/such/folder/requests.db');
  await expect(openSqlite({ file: nowhere })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(openSqlite({ file: ':memory:' })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
});

test('what a crash left while the file was made is in nobody’s way', async () => {
  writeFileSync(`${file}.new-${process.pid}`, 'half of it');
  await aStore();
  expect(readdirSync(join(file, '..')).filter((name) => name.includes('.new-'))).toEqual([]);
});

describe('a full disk', () => {
  const large = () => newRequest({ body: packFrames([Buffer.alloc(100_000)]) });

  test('nothing of a submission that does not fit is stored, and all else goes on', async () => {
    const store = await openSqlite({ file, fileBytesMax: 1_200_000 }, { now: () => T0 });
    const stored: string[] = [];
    let refusal: unknown;
    while (refusal === undefined) {
      const batch = [newRequest(), large(), newRequest()];
      const [, answer] = await Promise.all([
        store.stats(),
        store.submit(batch).catch((error: unknown) => {
          refusal = error;
          return [];
        }),
      ]);
      stored.push(...answer.map(({ id }) => id));
      if (refusal === undefined) continue;
      for (const { id } of batch) expect(await stateIn(store, id)).toBe('gone');
    }
    expect(refusal).toMatchObject({ code: 'STORE_FULL', retryable: true });
    expect(stored.length).toBeGreaterThan(15);
    const { claimed } = await store.claim(anOrder());
    expect(claimed.map(({ id }) => id).sort()).toEqual([...stored].sort());
    expect((await store.stats()).reduce((sum, { requests }) => sum + requests, 0)).toBe(stored.length);

    // What is closed makes room again.
    expect(await store.remove(stored.slice(0, 9))).toBe(9);
    expect(await store.submit([large()])).toHaveLength(1);
  });

  test('one that does not fit takes none of those down that share its commit', async () => {
    const store = await openSqlite({ file, fileBytesMax: 1_200_000 }, { now: () => T0 });
    const small = [newRequest(), newRequest()];
    const [first, huge, last] = await Promise.allSettled([
      store.submit([small[0]!]),
      store.submit([newRequest({ body: packFrames([Buffer.alloc(2_000_000)]) })]),
      store.submit([small[1]!]),
    ]);
    expect([first.status, huge.status, last.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((huge as PromiseRejectedResult).reason).toMatchObject({ code: 'STORE_FULL' });
    expect((await store.claim(anOrder())).claimed.map(({ id }) => id)).toEqual(small.map(({ id }) => id));
  });
});

test('what cannot be stored takes none of those down that share its commit', async () => {
  const store = await openSqlite({ file });
  const wrong = store.submit([{ ...newRequest(), service: undefined as unknown as string }]);
  const beside = store.submit([newRequest()]);
  await expect(wrong).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(beside).resolves.toHaveLength(1);
});

test('where the thread dies, all who wait are told, and all who come after', async () => {
  const thread = join(scratchFolder(), 'dies.mjs');
  writeFileSync(
    thread,
    `import { parentPort } from 'node:worker_threads';
     parentPort.postMessage(undefined);
     parentPort.on('message', () => process.exit(3));`,
  );
  const store = await SqliteStore.open({ file }, { thread });
  const lost: unknown[] = [];
  store.subscribe({ lost: ({ code }) => lost.push(code) });
  const waiting = [store.submit([newRequest()]), store.stats()];
  for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(store.stats()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(lost).toEqual(['STORE_UNAVAILABLE']);
  await store.close();
});

test('a store that is closed is not lost', async () => {
  const store = await openSqlite({ file });
  const lost: unknown[] = [];
  store.subscribe({ lost: (error) => lost.push(error) });
  await store.close();
  expect(lost).toEqual([]);
});

test('what was submitted together is one commit, and the wait for it is shared', () => {
  const engine = new Engine({ file, requestsMax: 1_000, fileBytesMax: undefined });
  const operations = Array.from({ length: 50 }, () => ({
    name: 'submit' as const,
    takes: [[newRequest()]] as const,
  }));
  const { outcomes, dueAt } = engine.run(operations, T0);
  engine.close();
  expect(outcomes).toHaveLength(50);
  expect(dueAt).toBe(T0);
});
