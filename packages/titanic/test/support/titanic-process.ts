import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresStore, SqliteStore, Titanic, type RequestStore } from '../../src/index';

const [, , brokers, where] = process.argv;

/** A file, or the URL of a database. */
function openStore(): Promise<RequestStore> {
  if (where!.startsWith('postgres://')) return PostgresStore.open({ url: where!, connectionsMax: 4 });
  return SqliteStore.open({ file: where! }, { thread: join(__dirname, 'sqlite-thread.mjs') });
}

async function main(): Promise<void> {
  const store = await openStore();
  const titanic = new Titanic({
    brokers: brokers!,
    store,
    leaseMs: 300,
    reconnectMinMs: 10,
    reconnectMaxMs: 50,
    defaults: { attempts: 100, backoffMinMs: 1, backoffMaxMs: 10 },
  });
  await titanic.start();
  writeSync(1, 'started\n');
}

main().catch((error: unknown) => {
  writeSync(2, `${String(error)}\n`);
  process.exit(1);
});
