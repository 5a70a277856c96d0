import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestStore } from '../../src/store/store';
import {
  SqliteStore,
  type SqliteStoreOptions,
  type SqliteStoreWorld,
} from '../../src/store/sqlite/sqlite-store';

const folders: string[] = [];
const stores: RequestStore[] = [];

/** A folder of its own for a test; removed by {@link sweep}. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'titanic-'));
  folders.push(folder);
  return folder;
}

/** A SQLite store whose thread runs the sources; closed by {@link sweep}. */
export async function openSqlite(
  options: SqliteStoreOptions,
  world: Omit<SqliteStoreWorld, 'thread'> = {},
): Promise<SqliteStore> {
  const store = await SqliteStore.open(options, { ...world, thread: join(__dirname, 'sqlite-thread.mjs') });
  stores.push(store);
  return store;
}

/** Closes what a test opened and removes its folders; for `afterEach`. */
export async function sweep(): Promise<void> {
  for (const store of stores.splice(0)) await store.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
