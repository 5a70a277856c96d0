import { resolve } from 'node:path';
import { PostgresStore, SqliteStore, type RequestStore } from '@majordomo/titanic';
import type { TitanicSetting } from '../commands/titanic-settings';
import { CliError, EXIT, UsageError } from '../exit';
import { trimmed } from '../format';
import type { Output } from '../output';
import { flagOf } from '../settings/setting';
import { storeName, type StoreChoice } from '../settings/store';
import type { Settings } from '../settings/table';

const OF_SQLITE = ['storeFileBytesMax'] as const;
const OF_POSTGRES = [
  'storeSchema',
  'storeConnectionsMax',
  'storeConnectTimeoutMs',
  'storeLookEveryMs',
] as const;

/** A store that a command has opened. */
export interface StorePart {
  readonly store: RequestStore;
  /** Rejects where the store is lost for good. */
  readonly lost: Promise<never>;
}

/**
 * Opens the store that the settings name.
 * @throws UsageError where a setting is of the other kind of store
 * @throws StoreInvalidError, StoreUnavailableError
 */
export async function openStore(choice: StoreChoice, settings: Settings<TitanicSetting>): Promise<StorePart> {
  const store = await (choice.kind === 'sqlite'
    ? openSqlite(choice.file, settings)
    : openPostgres(choice.url, settings));
  const lost = new Promise<never>((_, reject) => {
    store.subscribe({
      lost: (cause) => reject(new CliError(EXIT.failure, `the store is lost: ${cause.message}`, { cause })),
    });
  });
  lost.catch(() => undefined);
  return { store, lost };
}

function openSqlite(file: string, settings: Settings<TitanicSetting>): Promise<RequestStore> {
  refuse(OF_POSTGRES, settings, 'PostgreSQL', file);
  const { storeRequestsMax: requestsMax, storeFileBytesMax: fileBytesMax } = settings;
  return SqliteStore.open({ file, requestsMax, fileBytesMax });
}

function openPostgres(url: string, settings: Settings<TitanicSetting>): Promise<RequestStore> {
  refuse(OF_SQLITE, settings, 'SQLite', storeName({ kind: 'postgres', url }));
  return PostgresStore.open({
    url,
    requestsMax: settings.storeRequestsMax,
    schema: settings.storeSchema,
    connectionsMax: settings.storeConnectionsMax,
    connectTimeoutMs: settings.storeConnectTimeoutMs,
    lookEveryMs: settings.storeLookEveryMs,
  });
}

function refuse(
  keys: readonly (keyof Settings<TitanicSetting>)[],
  settings: Settings<TitanicSetting>,
  kind: string,
  store: string,
): void {
  const foreign = keys.find((key) => settings[key] !== undefined);
  if (foreign !== undefined)
    throw new UsageError(`${flagOf(foreign)} is for ${kind}, and the store is ${store}`);
}

/** Says where requests are kept, and how many there are. */
export async function tellOfStore(choice: StoreChoice, store: RequestStore, output: Output): Promise<void> {
  const counts = new Map<string, number>();
  for (const { state, requests } of await store.stats()) {
    if (requests > 0) counts.set(state, (counts.get(state) ?? 0) + requests);
  }
  const all = [...counts].map(([state, requests]) => `${trimmed(requests)} ${state}`).join(', ');
  const where =
    choice.kind === 'sqlite' ? storeName({ ...choice, file: resolve(choice.file) }) : storeName(choice);
  await output.line(`majordomo titanic keeps requests in ${where} (${all || 'none yet'})`);
}
