// A broker, a worker and a client, each a process of its own, and one trace through all three. Exits with 0 only where
// the trace is whole.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** How long the request waits for its worker, so that there is something to see, in ms. */
const WAIT_MS = 150;

/**
 * @typedef {{
 *   traceId: string, spanId: string, parent?: string, name: string, kind: string, startMs: number, ms: number,
 *   attributes: Record<string, unknown>, process: string
 * }} Span
 */

/** @type {Span[]} */
const spans = [];
/** @type {import('node:child_process').ChildProcess[]} */
const children = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/**
 * @param {string} name
 * @param {string[]} args
 */
function run(name, ...args) {
  const script = fileURLToPath(new URL(`./${name}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    if (line.startsWith('{')) spans.push({ ...JSON.parse(line), process: name });
  });
  return { child, lines, exited: once(child, 'close') };
}

const broker = run('broker');
const [endpoint] = await once(broker.lines, 'line');
const client = run('client', endpoint);
await once(client.lines, 'line');
await delay(WAIT_MS);
const worker = run('worker', endpoint);
await client.exited;
worker.child.kill('SIGTERM');
await worker.exited;
broker.child.kill('SIGTERM');
await broker.exited;

/**
 * @param {string | undefined} parent
 * @param {number} depth
 */
function show(parent, depth) {
  const children = spans.filter((span) => span.parent === parent).sort((a, b) => a.startMs - b.startMs);
  for (const { spanId, name, kind, ms, process: where, attributes } of children) {
    const waited = attributes['majordomo.queue_time_ms'];
    if (typeof waited === 'number') {
      const attempt = attributes['majordomo.attempt'];
      console.log(`${line('waited in the queue', depth, waited)}  broker    attempt ${attempt}`);
    }
    console.log(`${line(name, depth, ms)}  ${where.padEnd(8)}  ${kind}`);
    show(spanId, depth + 1);
  }
}

/**
 * @param {string} name
 * @param {number} depth
 * @param {number} ms
 */
function line(name, depth, ms) {
  return `${'   '.repeat(depth)}└─ ${name}`.padEnd(34) + `${ms.toFixed(1)} ms`.padStart(10);
}

const traces = new Set(spans.map(({ traceId }) => traceId));
console.log(`trace ${[...traces].join(', ')}`);
show(undefined, 0);

const names = spans.map(({ name }) => name).sort();
const expected = ['a visitor', 'find the name', 'process greet', 'request greet'];
const waited = spans.find(({ name }) => name === 'process greet')?.attributes['majordomo.queue_time_ms'];
const whole =
  traces.size === 1 && names.join() === expected.join() && typeof waited === 'number' && waited > 0;
if (!whole)
  console.error(`The trace is not whole: ${names.join(', ') || 'no spans'} in ${traces.size} traces.`);
process.exitCode = whole ? 0 : 1;
