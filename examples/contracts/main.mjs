// One contract for JavaScript and Python: our client calls a Python worker, a Python client calls our worker, and both
// learn what does not fit. Needs a python3 with pyzmq; without one it says so and exits with 0.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Broker } from '@majordomo/broker';
import { Client } from '@majordomo/client';
import { implement } from '@majordomo/contracts';
import { Worker } from '@majordomo/worker';
import { price, priceList } from './contracts.mjs';

const script = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import zmq']).status === 0,
);
if (!python) {
  console.log('skipped: no python3 with pyzmq here (pip install pyzmq, or apt install python3-zmq)');
  process.exit(0);
}

const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
await broker.start();
const endpoint = String(broker.endpoints[0]);
const client = new Client({ brokers: endpoint });

/**
 * What the Python client prints.
 * @param {string} service
 * @param {unknown} value
 */
async function pythonClient(service, value) {
  const child = spawn(String(python), [script('./client.py'), endpoint, service, JSON.stringify(value)]);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.pipe(process.stderr);
  await once(child, 'close');
  return output.trim().split('\n');
}

/**
 * How a call ended.
 * @param {Promise<unknown>} call
 */
async function outcome(call) {
  try {
    return JSON.stringify(await call);
  } catch (error) {
    if (price.isError(error, 'UNKNOWN_SKU')) return `UNKNOWN_SKU of ${error.details.sku}`;
    return `${error instanceof Error ? error.name : 'Error'}: ${error instanceof Error ? error.message : error}`;
  }
}

let failed = 0;

/**
 * @param {string} what
 * @param {string} got
 * @param {string} expected
 */
function show(what, got, expected) {
  const isExpected = got === expected;
  if (!isExpected) failed++;
  console.log(`${isExpected ? 'ok  ' : 'FAIL'} ${what}\n       ${got}`);
}

const pythonWorker = spawn(python, [script('./worker.py'), endpoint], { stdio: 'inherit' });
await once(broker, 'workerRegistered');
show(
  'our client → Python worker',
  await outcome(client.call(price, { lines: [{ sku: 'tea', quantity: 2 }, { sku: 'cup' }] })),
  '{"cents":2100,"validUntil":"2030-01-01T00:00:00.000Z"}',
);
show(
  'our client → Python worker, which fails as the contract declares',
  await outcome(client.call(price, { lines: [{ sku: 'pot' }] })),
  'UNKNOWN_SKU of pot',
);
show(
  'our client → Python worker, which answers what does not fit',
  await outcome(client.call(price, { lines: [{ sku: 'cup', quantity: 1_000 }] })),
  'ContractError: The reply of price does not fit the contract at cents: Invalid input: expected number, ' +
    'received string (and 1 more); found by the client.',
);
show(
  'Python client → Python worker',
  (await pythonClient('price', { lines: [{ sku: 'tea' }] })).join('\n       '),
  '{"reply": {"cents": 450, "validUntil": "2030-01-01T00:00:00Z"}}',
);
pythonWorker.kill();
await once(pythonWorker, 'exit');

/** @type {Record<string, number>} */
const cents = { tea: 400, cup: 1_000 };
const worker = new Worker(
  price.name,
  implement(price, ({ lines }) => {
    const sum = lines.reduce((total, { sku, quantity }) => {
      const each = cents[sku];
      if (each === undefined) throw price.error('UNKNOWN_SKU', { sku });
      return total + each * quantity;
    }, 0);
    return { cents: sum, validUntil: '2031-01-01T00:00:00Z' };
  }),
  { brokers: endpoint },
);
const lister = new Worker(
  priceList.name,
  implement(priceList, async function* ({ skus }) {
    for (const sku of skus) yield { sku, cents: cents[sku] ?? 0 };
    return { count: skus.length };
  }),
  { brokers: endpoint },
);
await Promise.all([worker.start(), lister.start()]);

const lines = async (/** @type {string} */ service, /** @type {unknown} */ value) =>
  (await pythonClient(service, value)).join('\n       ');
show(
  'Python client → our worker',
  await lines('price', { lines: [{ sku: 'tea', quantity: 2 }, { sku: 'cup' }] }),
  '{"reply": {"cents": 1800, "validUntil": "2031-01-01T00:00:00Z"}}',
);
show(
  'Python client → our worker, which fails as the contract declares',
  await lines('price', { lines: [{ sku: 'pot' }] }),
  '{"failure": {"code": "UNKNOWN_SKU", "details": {"sku": "pot"}}}',
);
show(
  'Python client → our worker, with what does not fit',
  await lines('price', { lines: [{ sku: 'tea', quantity: 'two' }] }),
  '{"failure": {"code": "CONTRACT_MISMATCH", "details": {"part": "request", "issues": ' +
    '[{"path": "lines[0].quantity", "message": "Invalid input: expected number, received string"}]}}}',
);
show(
  'Python client → our worker, with progress',
  await lines('price.list', { skus: ['tea', 'cup'] }),
  [
    '{"progress": {"sku": "tea", "cents": 400}}',
    '{"progress": {"sku": "cup", "cents": 1000}}',
    '{"reply": {"count": 2}}',
  ].join('\n       '),
);

client.close();
await Promise.all([worker.close(), lister.close()]);
await broker.close();
process.exitCode = failed === 0 ? 0 : 1;
