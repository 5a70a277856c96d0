import { Broker } from '@majordomo/broker';
import { Client } from '@majordomo/client';
import { SqliteStore, Titanic, TitanicClient } from '@majordomo/titanic';
import { Worker } from '@majordomo/worker';

const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
await broker.start();
const brokers = String(broker.endpoints[0]);
const worker = new Worker('echo', ({ body }) => body, { brokers });
await worker.start();
const client = new Client({ brokers });
const reply = await client.request('echo', 'hello', { timeoutMs: 30_000 });
if (reply.text() !== 'hello') throw new Error(`the echo of "hello" was "${reply.text()}"`);

const store = await SqliteStore.open({ file: `requests-${process.pid}.db` });
const titanic = new Titanic({ brokers, store });
await titanic.start();
const durable = new TitanicClient(client);
const { id } = await durable.submit('echo', 'kept');
const kept = await durable.wait(id, { timeoutMs: 30_000 });
if (kept.text() !== 'kept') throw new Error(`the echo of "kept" was "${kept.text()}"`);

await titanic.drain();
await store.close();
client.close();
await worker.close();
await broker.close();
