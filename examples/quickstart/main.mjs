// A broker and three workers as processes of their own, ten thousand requests with a hundred in flight, one
// worker killed midway and another started. Exits with 0 only if every request was answered.
import { Client } from '@majordomo/client';
import progress from 'cli-progress';
import { build } from 'hdr-histogram-js';
import { majordomo } from './majordomo.mjs';

const REQUESTS = 10_000;
const IN_FLIGHT = 100;

const broker = await majordomo('broker', '--bind', 'tcp://127.0.0.1:0');
const endpoint = broker.line.replace(/^.* /, '');
console.log(`broker   ${endpoint}`);

const startWorker = () => majordomo('worker', 'echo', '--echo', '--broker', endpoint);
const workers = await Promise.all([startWorker(), startWorker(), startWorker()]);
console.log(`workers  ${workers.length} processes serve "echo"`);

const client = new Client({ brokers: endpoint, socketsMax: IN_FLIGHT });
const latency = build({ highestTrackableValue: 60_000_000 });
const bar = new progress.SingleBar({
  format: 'requests {bar} {value}/{total} {note}',
  noTTYOutput: true,
  notTTYSchedule: 1_000,
  hideCursor: true,
});

let asked = 0;
let answered = 0;
let lost = 0;
/** @type {Promise<unknown> | undefined} */
let replacement;

async function killOneWorker() {
  bar.update(answered, { note: '(a worker was killed)' });
  await workers[0]?.stop('SIGKILL');
  workers[0] = await startWorker();
  bar.update(answered, { note: '(a worker was killed, another started)' });
}

async function askInTurn() {
  while (asked < REQUESTS) {
    const text = `request ${++asked}`;
    const sentAt = performance.now();
    try {
      const reply = await client.request('echo', text);
      if (reply.text() === text) answered++;
      else lost++;
    } catch (error) {
      lost++;
      console.error(`\n${text}: ${error instanceof Error ? error.message : error}`);
    }
    latency.recordValue(Math.round((performance.now() - sentAt) * 1_000));
    bar.increment();
    if (answered === REQUESTS / 2) replacement = killOneWorker();
  }
}

bar.start(REQUESTS, 0, { note: '' });
const startedAt = performance.now();
await Promise.all(Array.from({ length: IN_FLIGHT }, askInTurn));
const seconds = (performance.now() - startedAt) / 1_000;
await replacement;
bar.stop();

const state = /** @type {import('@majordomo/protocol').MmiBroker} */ (
  (await client.request('mmi.broker')).json(1)
);
const ms = (/** @type {number} */ percentile) =>
  `${(latency.getValueAtPercentile(percentile) / 1_000).toFixed(1)} ms`;
console.log(`
answered         ${answered}
lost             ${lost}
redispatched     ${state.counters['redispatched']}
requests/second  ${Math.round(answered / seconds)}
latency p50      ${ms(50)}
latency p99      ${ms(99)}
broker memory    ${(state.memoryBytes / 1024 / 1024).toFixed(0)} MiB`);

client.close();
await Promise.all(workers.map((worker) => worker.stop('SIGTERM')));
await broker.stop('SIGTERM');
process.exitCode = lost === 0 && answered === REQUESTS ? 0 : 1;
