import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteStore, Titanic } from '../../src/index';

const [, , brokers, file] = process.argv;

async function main(): Promise<void> {
  const store = await SqliteStore.open({ file: file! }, { thread: join(__dirname, 'sqlite-thread.mjs') });
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
