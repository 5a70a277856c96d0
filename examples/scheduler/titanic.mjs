// Durable requests: what is scheduled lies in one SQLite file, and leaves for "publish" at its time, five a second.
import { SqliteStore, Titanic } from '@majordomo/titanic';

const [brokers, file] = process.argv.slice(2);
if (!brokers || !file) throw new Error('usage: node titanic.mjs BROKER FILE');

const store = await SqliteStore.open({ file });
const titanic = new Titanic({ brokers, store, services: { publish: { perSecond: 5, attempts: 3 } } });
await titanic.start();

process.on('SIGTERM', async () => {
  await titanic.drain();
  await store.close();
});
