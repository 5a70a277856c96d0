// One generation of titanic on the file of another: `first` leaves a request in it that is due later, `then` has it done
// and leaves another one; either does what the other has left.
import assert from 'node:assert/strict';
import { Broker } from '@majordomo/broker';
import { SqliteStore, Titanic, TitanicClient } from '@majordomo/titanic';
import { Worker } from '@majordomo/worker';

/** @type {{ file: string, left: string | undefined }} `left`: the id of the request that was left for this one */
const { file, left } = JSON.parse(String(process.env['PAIRING']));

const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
await broker.start();
const brokers = String(broker.endpoints[0]);
const worker = new Worker('echo', ({ body }) => body, { brokers });
await worker.start();
const store = await SqliteStore.open({ file });
const titanic = new Titanic({ brokers, store });
await titanic.start();
const client = new TitanicClient({ brokers });

if (left !== undefined) {
  await client.reschedule(left, { inMs: 0 });
  const reply = await client.wait(left, { timeoutMs: 30_000 });
  assert.equal(reply.text(), 'left behind');
}
const { id } = await client.submit('echo', 'left behind', { inMs: 3_600_000 });

client.disconnect();
await titanic.drain();
await store.close();
await worker.close();
await broker.close();
console.log(id);
