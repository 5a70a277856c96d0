// One kind of job, the making of invoices, moves from BullMQ to the bus while both are up: a share at first, then all of
// it, with workers and broker of the bus going down in between. Ends with 0 where every invoice was made exactly once.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestBroker } from '@majordomo/testing';
import { busWorker, ByBus } from './by-bus.mjs';
import { ByQueue, startQueueWorker } from './by-queue.mjs';
import { redisIsInstalled, startRedis } from './redis.mjs';
import { Switched } from './switched.mjs';

const JOBS = 100;
const TIMEOUT_MS = 10_000;

if (!redisIsInstalled()) {
  console.log('skipped: redis-server is not installed, and the queue that this example moves from needs it');
  process.exit(0);
}

const folder = await mkdtemp(join(tmpdir(), 'majordomo-migration-'));
const journal = join(folder, 'journal');
const server = await startRedis();
const broker = await startTestBroker(); // one that can crash and come back

const queueWorker = await startQueueWorker(server.redis, journal);
const byQueue = new ByQueue(server.redis);
await byQueue.ready();
const byBus = new ByBus({ brokers: broker.endpoint, reconnectMinMs: 10, reconnectMaxMs: 50 });
await byBus.ready(TIMEOUT_MS);
const invoices = new Switched(byQueue, byBus);

let asked = 0;
let wrong = 0;

/** Has a hundred invoices made at once. @param {string} when @param {Partial<typeof invoices.counts>} expected */
async function hundred(when, expected) {
  invoices.counts = { queue: 0, bus: 0, fallback: 0 };
  const made = await Promise.all(
    Array.from({ length: JOBS }, async () => {
      const id = `invoice-${++asked}`;
      return (await invoices.make({ id, cents: 1_999 }, TIMEOUT_MS)) === `${id}: 19.99 €`;
    }),
  );
  const { queue, bus, fallback } = invoices.counts;
  const right =
    made.every(Boolean) &&
    Object.entries(expected).every(([way, count]) => invoices.counts[/** @type {'bus'} */ (way)] === count);
  if (!right) wrong++;
  const row = [queue, bus, fallback].map((count) => String(count).padStart(8)).join('');
  console.log(`${when.padEnd(38)}${row}${right ? '' : `  (expected ${JSON.stringify(expected)})`}`);
}

console.log(`${''.padEnd(38)}   queue     bus fallback`);
await hundred('as it was', { queue: JOBS });

invoices.share = 10;
await hundred('10 %, but no worker on the bus yet', { bus: 0, fallback: 10 });

let worker = busWorker(broker.endpoint, journal);
await worker.start();
await broker.served('invoices.make');
await hundred('10 %', { fallback: 0 });

invoices.share = 50;
await hundred('50 %', { fallback: 0 });

invoices.share = 100;
await hundred('100 %', { bus: JOBS });

await worker.drain();
await hundred('100 %, its workers have been stopped', { fallback: JOBS });

/** Waits until the client has found out whether there is a broker. @param {boolean} expected */
async function reachable(expected) {
  while (byBus.reachable !== expected) await new Promise((resolve) => setTimeout(resolve, 5));
}
await broker.crash();
await reachable(false);
await hundred('100 %, its broker has crashed', { fallback: JOBS });

await broker.start();
worker = busWorker(broker.endpoint, journal);
await worker.start();
await broker.served('invoices.make');
await reachable(true);
await hundred('100 %, all are back', { bus: JOBS });

invoices.share = 0;
await hundred('switched off', { queue: JOBS });

const lines = (await readFile(journal, 'utf8')).trim().split('\n');
const once = new Set(lines.map((line) => line.split(' ')[0])).size;
console.log(`${asked} invoices asked for, ${once} made, ${lines.length - once} of them twice`);
if (once !== asked || lines.length !== asked) wrong++;

await worker.drain();
byBus.close();
await byQueue.close();
await queueWorker.close();
await broker.close();
await server.close();
await rm(folder, { recursive: true });
process.exitCode = wrong === 0 ? 0 : 1;
