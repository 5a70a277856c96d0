import { ServiceError } from '@majordomo/protocol';
import { eventually, leakCheck } from '@majordomo/testkit';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { Titanic } from '../src/index';
import { MeasuredStore } from '../src/service/measured-store';
import { TitanicMeter, titanicMetrics } from '../src/service/metrics';
import { ENDED, LEASES, SUBMITTED } from '../src/service/service-meter';
import { StoreLooks } from '../src/service/store-looks';
import { STATES } from '../src/core/lifecycle';
import type { RequestStore } from '../src/store/store';
import { anOrder, HandClock, newRequest, T0 } from './support/requests';
import { openSqlite, scratchFolder, sweep } from './support/scratch';
import { closeAll, newBroker, newTitanic, newWorker } from './support/service';

leakCheck();
afterEach(closeAll);
afterEach(sweep);

const doc = readFileSync(join(__dirname, '../../../docs/METRICS.md'), 'utf8');
const PATIENCE = { timeoutMs: 15_000 };

/** The values of a registry, by what stands before each. */
async function valuesOf(registry: Registry): Promise<Map<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at).replace(/^majordomo_titanic_/, ''), Number(line.slice(at + 1))];
    }),
  );
}

/** A store that is measured, on a clock that stands still. */
async function measured(servicesMax = 2) {
  const clock = new HandClock();
  const inner = await openSqlite({ file: join(scratchFolder(), 'requests.db') }, { now: clock.now });
  const registry = new Registry();
  const meter = TitanicMeter.of(registry);
  meter.label([], servicesMax);
  const titanic = { store: inner as RequestStore, running: 0, waiting: 0 };
  meter.add(titanic);
  const end = inner.subscribe({ committed: (operations) => meter.commits.record(operations) });
  return { clock, registry, store: new MeasuredStore(inner, meter), inner, end };
}

const done = { outcome: 'succeed', reply: new Uint8Array(4), replyType: undefined } as const;
const died = (code: string) => ({ outcome: 'die', error: JSON.stringify({ code, message: 'no' }) }) as const;

test('a titanic counts what it does, and what was counted stays', async () => {
  const registry = new Registry();
  const brokers = await newBroker();
  await newWorker('echo', ({ body }) => body, { brokers });
  await newWorker('never', () => Promise.reject(new ServiceError('NO', 'not this one')), { brokers });
  const { titanic, api } = await newTitanic(brokers, {
    metrics: registry,
    services: { never: { attempts: 1 } },
  });
  const key = { key: 'the same' };
  const { id } = await api.submit('echo', 'hello', key);
  await api.submit('echo', 'hello', key);
  await api.wait(id, PATIENCE);
  const bad = await api.submit('never', 'x');
  await expect(api.wait(bad.id, PATIENCE)).rejects.toMatchObject({ code: 'REQUEST_DEAD' });
  await api.submit('echo', 'tomorrow', { inMs: 86_400_000 });
  const values = await valuesOf(registry);
  expect(values.get('submissions_total{service="never",outcome="stored"}')).toBe(1);
  expect(values.get('submissions_total{service="echo",outcome="stored"}')).toBe(1);
  expect(values.get('submissions_total{service="other",outcome="stored"}')).toBe(1);
  expect(values.get('submissions_total{service="other",outcome="duplicate"}')).toBe(1);
  expect(values.get('attempts_total{service="echo",outcome="delivered"}')).toBe(1);
  expect(values.get('attempt_duration_seconds_count{service="echo"}')).toBe(1);
  expect(values.get('dead_letters_total{service="never",code="worker_failed"}')).toBe(1);
  expect(values.get('requests{service="echo",state="waiting"}')).toBe(1);
  expect(values.get('requests{service="never",state="dead"}')).toBe(1);
  expect(values.get('due{service="echo"}')).toBe(0);
  expect(values.get('store_operation_seconds_count{operation="submit"}')).toBe(4);
  expect(values.get('store_commit_operations_count')).toBeGreaterThan(4);
  expect(values.get('in_hand')).toBe(0);
  expect(values.get('majordomo_client_calls_total{outcome="replied"}')).toBeGreaterThan(0);
  expect(values.get('majordomo_worker_jobs_total{service="titanic.submit",outcome="handled"}')).toBe(4);
  await titanic.close();
  const after = await valuesOf(registry);
  expect(after.get('attempts_total{service="echo",outcome="delivered"}')).toBe(1);
  expect([...after.keys()].filter((line) => line.startsWith('requests{'))).toEqual([]);
});

test('lateness is from the due time to the claim; expiries, throttles and lost leases are counted', async () => {
  const { clock, registry, store, end } = await measured();
  await store.submit([newRequest(), newRequest({ expiresAt: T0 + 10 })]);
  clock.time = T0 + 2_000;
  const first = (await store.claim(anOrder())).claimed[0]!;
  clock.time += 60_000;
  const paces = new Map([['mail', { perSecond: 1, burst: 1 }]]);
  await store.submit([newRequest({ dueAt: T0 + 1_000 })]);
  const second = (await store.claim(anOrder({ paces }))).claimed[0]!;
  expect(await store.renew([{ ...first, progress: undefined }], 30_000)).toHaveLength(1);
  await store.settle(
    [
      { ...first, ...done },
      { ...second, ...done },
    ],
    [],
  );
  const values = await valuesOf(registry);
  expect(values.get('claims_total{service="other"}')).toBe(2);
  expect(values.get('lateness_seconds_count{service="other"}')).toBe(2);
  expect(values.get('lateness_seconds_bucket{service="other",le="2.5"}')).toBe(1);
  expect(values.get('expired_total{service="other"}')).toBe(1);
  expect(values.get('throttles_total{service="other"}')).toBe(1);
  for (const how of LEASES) expect(values.get(`leases_lost_total{service="other",how="${how}"}`)).toBe(1);
  expect(values.get('attempts_total{service="mail",outcome="delivered"}')).toBe(1);
  expect(values.get('due{service="mail"}')).toBe(1);
  expect(values.get('oldest_due_seconds{service="mail"}')).toBe(61);
  end();
});

test('services get a label when they have answered, as many as there is room for', async () => {
  const { registry, store, end } = await measured(2);
  const names = ['one', 'two', 'three'];
  await store.submit(names.map((service) => newRequest({ service })));
  const { claimed } = await store.claim(anOrder());
  await store.settle(
    claimed.map((each) => ({ ...each, ...done })),
    [],
  );
  await store.submit(['x<y', 'one', 'three'].map((service) => newRequest({ service })));
  const values = await valuesOf(registry);
  const labels = [...values.keys()]
    .filter((line) => line.startsWith('claims_total'))
    .map((line) => /service="(.*?)"/.exec(line)?.[1]);
  expect(labels).toEqual(['titanic.cron', 'one', 'two', 'other']);
  expect(values.get('requests{service="other",state="waiting"}')).toBe(2);
  expect(values.get('requests{service="one",state="waiting"}')).toBe(1);
  end();
});

test('codes that are not ours are no labels', async () => {
  const { registry, store, end } = await measured();
  await store.submit([newRequest(), newRequest()]);
  const { claimed } = await store.claim(anOrder());
  await store.settle(
    claimed.map((each, index) => ({ ...each, ...died(index === 0 ? 'TIMEOUT' : 'made up') })),
    [],
  );
  const values = await valuesOf(registry);
  const codes = [...values.keys()].filter((line) => line.startsWith('dead_letters_total')).sort();
  expect(codes).toEqual([
    'dead_letters_total{service="other",code="other"}',
    'dead_letters_total{service="other",code="timeout"}',
  ]);
  end();
});

test('a store that fails is counted, and its gauges are left out', async () => {
  const { registry, store, inner, end } = await measured();
  await inner.close();
  await expect(store.submit([newRequest()])).rejects.toMatchObject({ code: 'CLOSED' });
  const values = await valuesOf(registry);
  expect(values.get('submissions_total{service="other",outcome="failed"}')).toBe(1);
  expect(values.get('store_errors_total{operation="submit",code="closed"}')).toBe(1);
  expect([...values.keys()].filter((line) => /^(requests|due)\{/.test(line))).toEqual([]);
  end();
});

test('many who look at once make one look', async () => {
  let looks = 0;
  const store = {
    now: () => T0,
    stats: async () => (looks++, []),
    backlog: async () => [],
  } as unknown as RequestStore;
  const seen = new StoreLooks(store);
  await Promise.all([seen.look(), seen.look(), seen.look()]);
  await seen.look();
  expect(looks).toBe(1);
});

test('a registry that is none, or has such metrics of somebody else, is refused', async () => {
  const store = await openSqlite({ file: join(scratchFolder(), 'requests.db') });
  expect(() => new Titanic({ store, metrics: {} as never })).toThrow(
    'metrics: should be a registry of prom-client',
  );
  const taken = {
    registerMetric: () => {
      throw new Error('taken');
    },
    removeSingleMetric: () => undefined,
  };
  expect(() => new Titanic({ store, metrics: taken })).toThrow('of another copy of this package');
});

test('a titanic whose broker is away is measured all the same', async () => {
  const registry = new Registry();
  await newTitanic('tcp://127.0.0.1:1', { metrics: registry });
  const values = await eventually(async () => {
    const found = await valuesOf(registry);
    return found.has('store_operation_seconds_count{operation="purge"}') ? found : undefined;
  });
  expect(values.get('claims_total{service="other"}')).toBe(0);
});

describe('docs/METRICS.md', () => {
  const text = doc.split(/^## /m).find((part) => part.startsWith('Titanic')) ?? '';

  test('has every metric with its type and labels, and no other', () => {
    const rows = [...text.matchAll(/^\| `(\w+)` +\| (\w+) +\| (.*?) +\|/gm)].map(
      ([, name, type, labels]) => `${name} ${type} ${labels}`,
    );
    const families = titanicMetrics();
    const found = families.map(({ name, type, labelNames }) => {
      const labels = labelNames.map((label) => `\`${label}\``).join(', ');
      return `${name} ${type} ${labels || '–'}`;
    });
    expect(rows.sort()).toEqual(found.sort());
    for (const { name, type } of families) {
      expect(name).toMatch(/^majordomo_titanic_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
    }
  });

  test('names every value of the labels that have a few', () => {
    for (const value of [...SUBMITTED, ...ENDED, ...LEASES, ...STATES])
      expect(text).toContain(`\`${value}\``);
  });
});
