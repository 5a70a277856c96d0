// The same requests to an API on Fastify and to one on Express: what HTTP says, the services hear, and what becomes of
// it is a status. Ends with 0 where every answer is the one that is expected.
import { once } from 'node:events';
import { Broker } from '@majordomo/broker';
import { Client } from '@majordomo/client';
import { DEADLINE_HEADER } from './bus-http.mjs';
import { expressApp } from './express-app.mjs';
import { fastifyApp } from './fastify-app.mjs';
import { ordersWorker, reportWorker } from './services.mjs';

let wrong = 0;

/** Prints what was asked and what came of it. @param {string} what @param {unknown} got @param {unknown} expected */
function check(what, got, expected) {
  const right = String(got) === String(expected);
  if (!right) wrong++;
  console.log(`  ${what.padEnd(44)} ${String(got)}${right ? '' : `  (expected ${String(expected)})`}`);
}

/** What the services tell, one after another. */
class Told {
  /** @type {string[]} */
  #events = [];
  /** @type {(() => void) | undefined} */
  #wake;
  /** @param {string} event */
  add = (event) => {
    this.#events.push(event);
    this.#wake?.();
  };
  async next() {
    while (this.#events.length === 0) await new Promise((wake) => (this.#wake = () => wake(undefined)));
    return this.#events.shift();
  }
}

/**
 * @param {string} name
 * @param {(client: Client) => { listen(): Promise<string>, close(): Promise<unknown> }} appOf
 */
async function tour(name, appOf) {
  console.log(name);
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0', queueMax: 1 });
  await broker.start();
  const brokers = String(broker.endpoints[0]);
  const client = new Client({ brokers });
  const app = appOf(client);
  const url = await app.listen();
  const told = new Told();

  /** @param {object} order @param {Record<string, string>} [headers] @param {AbortSignal} [signal] */
  const post = (order, headers = {}, signal = AbortSignal.timeout(10_000)) =>
    fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(order),
      signal,
    });
  /** Its status and the code of the problem. @param {Response} response */
  const outcome = async (response) => {
    const text = await response.text();
    const { code } = JSON.parse(text);
    return `${response.status} ${code ?? text}`;
  };

  check('no worker is there', await outcome(await post({ item: 'chair' })), '503 NO_WORKER');

  const workers = [ordersWorker(brokers, told.add), reportWorker(brokers, told.add)];
  for (const worker of workers) {
    const registered = once(broker, 'workerRegistered');
    await worker.start();
    await registered;
  }
  check('an order', await outcome(await post({ item: 'chair' })), '201 {"ordered":"chair"}');
  check('one that the service refuses', await outcome(await post({ item: 'lamp' })), '409 OUT_OF_STOCK');
  check('one at which the service fails', await outcome(await post({ item: 'bug' })), '502 WORKER_FAILED');

  const slow = { item: 'sofa', takesMs: 5_000 };
  const late = post(slow, { [DEADLINE_HEADER]: '200' });
  await told.next();
  check('one that takes longer than the caller waits', await outcome(await late), '504 TIMEOUT');
  check('  the service hears', await told.next(), 'EXPIRED');
  const unclear = await outcome(await post(slow, { [DEADLINE_HEADER]: 'soon' }));
  check('a deadline that is none', unclear, '400 INVALID_DEADLINE');

  const browser = new AbortController();
  const left = post(slow, {}, browser.signal).catch(() => 'left');
  await told.next();
  const queued = post({ item: 'table' });
  while (broker.describe().queued === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  check('more than the queue holds', await outcome(await post({ item: 'desk' })), '429 QUEUE_FULL');
  browser.abort();
  check('the browser leaves', await left, 'left');
  check('  the service hears', await told.next(), 'CANCELLED');
  check('  the order behind it', await outcome(await queued), '201 {"ordered":"table"}');

  const report = await fetch(`${url}/report`);
  const reader = /** @type {ReadableStream<Uint8Array>} */ (report.body).getReader();
  const { value } = await reader.read();
  const [row] = new TextDecoder().decode(value).split('\n');
  check('a report without end, row by row', row, '{"row":1}');
  await reader.cancel();
  check('  the service hears that it is read no more', await told.next(), 'CANCELLED');

  await app.close();
  client.close();
  await Promise.all(workers.map((worker) => worker.drain()));
  await broker.close();
}

await tour('Fastify', fastifyApp);
await tour('Express', expressApp);
console.log(wrong === 0 ? 'all as expected' : `${wrong} answers are not as expected`);
process.exitCode = wrong === 0 ? 0 : 1;
