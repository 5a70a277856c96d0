import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Broker } from '@majordomo/broker';
import { leakCheck } from '@majordomo/testkit';
import { Worker } from '@majordomo/worker';
import { Registry } from 'prom-client';
import { workerMetrics } from '../../../worker/src/metrics';
import { Client } from '../../src/index';
import { clientMetrics } from '../../src/metrics';

leakCheck();

const doc = readFileSync(join(__dirname, '../../../../docs/METRICS.md'), 'utf8');

/** The value of a line in the format of Prometheus. */
async function valueOf(registry: Registry, line: string): Promise<number> {
  const text = await registry.metrics();
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1));
}

/** A broker, a worker for `echo` that fails at `bad`, and a client, all in one registry. */
async function bus(registry: Registry) {
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0', metrics: registry });
  await broker.start();
  const brokers = [...broker.endpoints];
  const worker = new Worker(
    'echo',
    ({ body }) => (body.text() === 'bad' ? Promise.reject(new Error('bad')) : body),
    { brokers, metrics: registry, concurrency: 3 },
  );
  const registered = new Promise((resolve) => worker.once('registered', resolve));
  await worker.start();
  await registered;
  const client = new Client({ brokers, metrics: registry, pendingMax: 2 });
  const close = async (): Promise<void> => {
    client.close();
    await worker.close();
    await broker.close();
  };
  return { broker, worker, client, brokers, close };
}

test('broker, client and worker count into one registry, and what was counted stays', async () => {
  const registry = new Registry();
  const { client, close } = await bus(registry);
  await client.request('echo', 'good');
  await client.request('echo', 'good');
  await expect(client.request('echo', 'bad')).rejects.toMatchObject({ code: 'WORKER_FAILED' });
  const value = (line: string): Promise<number> => valueOf(registry, line);
  expect(await value('majordomo_client_calls_total{outcome="replied"}')).toBe(2);
  expect(await value('majordomo_client_calls_total{outcome="worker_failed"}')).toBe(1);
  expect(await value('majordomo_client_call_duration_seconds_count')).toBe(3);
  expect(await value('majordomo_client_connections')).toBe(1);
  expect(await value('majordomo_worker_jobs_total{service="echo",outcome="handled"}')).toBe(2);
  expect(await value('majordomo_worker_jobs_total{service="echo",outcome="failed"}')).toBe(1);
  expect(await value('majordomo_worker_job_duration_seconds_count{service="echo"}')).toBe(3);
  expect(await value('majordomo_worker_concurrency{service="echo"}')).toBe(3);
  expect(await value('majordomo_worker_sessions{service="echo"}')).toBe(1);
  expect(await value('majordomo_requests_total{service="echo",outcome="answered"}')).toBe(2);
  await close();
  expect(await value('majordomo_client_calls_total{outcome="replied"}')).toBe(2);
  expect(await value('majordomo_worker_jobs_total{service="echo",outcome="handled"}')).toBe(2);
  expect(await value('majordomo_client_connections')).toBe(0);
  expect(await value('majordomo_worker_concurrency{service="echo"}')).toBe(0);
});

test('several clients and workers share a registry', async () => {
  const registry = new Registry();
  const { brokers, client, close } = await bus(registry);
  const second = new Client({ brokers, metrics: registry });
  const other = new Worker('echo', ({ body }) => body, { brokers, metrics: registry });
  await Promise.all([client.request('echo', 'a'), second.request('echo', 'b')]);
  expect(await valueOf(registry, 'majordomo_client_calls_total{outcome="replied"}')).toBe(2);
  expect(await valueOf(registry, 'majordomo_client_connections')).toBe(2);
  expect(await valueOf(registry, 'majordomo_worker_concurrency{service="echo"}')).toBe(4);
  second.close();
  await other.close();
  await close();
});

test('calls that are not taken count, too', async () => {
  const registry = new Registry();
  const client = new Client({ brokers: 'tcp://127.0.0.1:1', metrics: registry, pendingMax: 1 });
  const first = client.request('echo', 'x').catch((error: unknown) => error);
  await expect(client.request('echo', 'x')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  expect(await valueOf(registry, 'majordomo_client_pending')).toBe(1);
  client.close();
  await first;
  expect(await valueOf(registry, 'majordomo_client_calls_total{outcome="queue_full"}')).toBe(1);
  expect(await valueOf(registry, 'majordomo_client_calls_total{outcome="closed"}')).toBe(1);
  expect(await valueOf(registry, 'majordomo_client_call_duration_seconds_count')).toBe(1);
});

test('a registry that was cleared is filled again by the next one', async () => {
  const registry = new Registry();
  new Client({ metrics: registry }).close();
  registry.clear();
  new Client({ metrics: registry }).close();
  expect(registry.getSingleMetric('majordomo_client_calls_total')).toBeDefined();
});

test('what is no registry, or has such metrics of somebody else, is refused', () => {
  expect(() => new Client({ metrics: {} as never })).toThrow('metrics: should be a registry of prom-client');
  expect(() => new Worker('echo', () => '', { metrics: {} as never })).toThrow(
    'metrics: should be a registry of prom-client',
  );
  const taken = {
    registerMetric: () => {
      throw new Error('taken');
    },
    removeSingleMetric: () => undefined,
  };
  expect(() => new Client({ metrics: taken })).toThrow('of another copy of this package');
  expect(() => new Worker('echo', () => '', { metrics: taken })).toThrow('of another copy of this package');
});

test.each([
  ['The client', clientMetrics()],
  ['The worker', workerMetrics()],
] as const)('%s has its table in docs/METRICS.md, held both ways', (section, families) => {
  const text = doc.split(/^## /m).find((part) => part.startsWith(section)) ?? '';
  const rows = [...text.matchAll(/^\| `(\w+)` +\| (\w+) +\| (.*?) +\|/gm)].map(
    ([, name, type, labels]) => `${name} ${type} ${labels}`,
  );
  const found = families.map(({ name, type, labelNames }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ');
    return `${name} ${type} ${labels || '–'}`;
  });
  expect(rows.sort()).toEqual(found.sort());
  for (const { name, type } of families) expect(name.endsWith('_total')).toBe(type === 'counter');
});
