// Python on both sides of our broker: our client calls a Python worker, a Python client calls our worker, and
// Python calls Python. Needs a python3 with pyzmq; without one it says so and exits with 0.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Broker } from '@majordomo/broker';
import { Client } from '@majordomo/client';
import { Worker } from '@majordomo/worker';

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

const pythonWorker = spawn(python, [script('./worker.py'), endpoint, 'upper'], { stdio: 'inherit' });
await once(broker, 'workerRegistered');
const ourWorker = new Worker('reverse', ({ body }) => [...body.text()].reverse().join(''), {
  brokers: endpoint,
});
await ourWorker.start();

/** @param {string[]} args */
async function pythonClient(...args) {
  const child = spawn(String(python), [script('./client.py'), endpoint, ...args]);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.pipe(process.stderr);
  await once(child, 'close');
  return output.trim();
}

const client = new Client({ brokers: endpoint });
const results = [
  ['our client → Python worker', (await client.request('upper', 'majordomo')).text(), 'MAJORDOMO'],
  ['Python client → our worker', await pythonClient('reverse', 'majordomo'), 'omodrojam'],
  ['Python client → Python worker', await pythonClient('upper', 'two', 'frames'), 'TWO\nFRAMES'],
  ['Python client → mmi.service', await pythonClient('mmi.service', 'upper'), '200'],
];
for (const [route, got, expected] of results) {
  console.log(`${got === expected ? 'ok  ' : 'FAIL'} ${route}: ${JSON.stringify(got)}`);
}

client.close();
await ourWorker.close();
pythonWorker.kill();
await once(pythonWorker, 'exit');
await broker.close();
process.exitCode = results.every(([, got, expected]) => got === expected) ? 0 : 1;
