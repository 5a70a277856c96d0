import { SqliteStore, Titanic, TitanicClient } from '@majordomo/titanic';

const brokers = String(process.env['BROKER']);
const store = await SqliteStore.open({ file: `requests-${process.pid}.db` });
const titanic = new Titanic({ brokers, store });
await titanic.start();

const durable = new TitanicClient({ brokers });
const { id } = await durable.submit('echo', 'kept', { inMs: 10 });
const kept = await durable.wait(id, { timeoutMs: 30_000 });
if (kept.text() !== 'kept') throw new Error(`the echo of "kept" was "${kept.text()}"`);
await durable.close(id);

durable.disconnect();
await titanic.drain();
await store.close();
