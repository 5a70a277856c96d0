import type { RequestRecord, WorkerRecord } from '../../src/core/records';
import { Services } from '../../src/core/services';
import { Bench } from './bench';

const waiting = (queuedAt: number) =>
  ({ client: { lane: {} }, bytes: 1, priority: 4, queuedAt }) as RequestRecord;
const worker = {} as WorkerRecord;

test('a service exists while it has workers or requests, and is unserved while it has requests only', () => {
  const services = new Services(100, 0);
  const service = services.named('echo', 5);
  expect(services.named('echo', 9)).toBe(service);
  expect(service.unservedSince).toBe(5);
  service.queue.push(waiting(5));
  services.settle(service);
  expect(services.unserved).toBe(1);
  service.workers.add(worker);
  services.settle(service);
  expect(services.unserved).toBe(0);
  service.workers.delete(worker);
  services.settle(service);
  expect(services.unserved).toBe(1);
  service.queue.shift();
  services.settle(service);
  expect([services.unserved, services.table.size]).toEqual([0, 0]);
  services.settle(service);
  expect(services.table.size).toBe(0);
});

test('a service is overdue once its oldest request has waited in vain for the time allowed, and not before', () => {
  const services = new Services(100, 0);
  const service = services.named('echo', 5);
  const [first, second] = [waiting(5), waiting(50)];
  for (const request of [first, second]) service.queue.push(request);
  services.settle(service);
  expect(services.takeOverdue(104)).toEqual([]);
  expect(services.takeOverdue(105)).toEqual([service]);
  expect([services.isOverdue(service, first, 105), services.isOverdue(service, second, 105)]).toEqual([
    true,
    false,
  ]);
  service.queue.remove(first);
  services.settle(service);
  expect(services.takeOverdue(149)).toEqual([]);
  expect(services.takeOverdue(150)).toEqual([service]);
});

test('time in which a service had a worker is not waited in vain', () => {
  const services = new Services(100, 0);
  const service = services.named('echo', 0);
  service.queue.push(waiting(0));
  services.settle(service);
  service.workers.add(worker);
  services.settle(service);
  expect(services.takeOverdue(1_000)).toEqual([]);
  service.workers.delete(worker);
  service.unservedSince = 1_000;
  services.settle(service);
  expect(services.takeOverdue(1_099)).toEqual([]);
  expect(services.takeOverdue(1_100)).toEqual([service]);
});

test('a tick looks at the services that are overdue only, however many are waited for', () => {
  const bench = new Bench({ servicesMax: 20_000, pendingBytesMax: 100_000_000 });
  const looked: string[] = [];
  for (let n = 0; n < 10_000; n++) {
    bench.now = n / 10;
    bench.request('c', `s${n}`);
  }
  for (const service of bench.core.services.values()) {
    const { queue } = service;
    Object.defineProperty(service, 'queue', {
      get: () => {
        looked.push(service.name);
        return queue;
      },
    });
  }
  bench.tickAfter(0);
  expect(looked).toEqual([]);
  bench.now = 1_000.05;
  bench.tickAfter(0);
  expect(new Set(looked)).toEqual(new Set(['s0']));
  expect(bench.core.services.size).toBe(9_999);
});

test('a service a day leaves nothing behind', () => {
  const bench = new Bench();
  for (let day = 0; day < 2_000; day++) {
    bench.request('c', `unserved-${day}`);
    bench.ready('w', `served-${day}`);
    bench.request('c', `served-${day}`, 'x');
    bench.final('w', bench.job('w').ref, 'x');
    bench.disconnect('w');
    bench.tickAfter(1_000);
  }
  expect([bench.core.services.size, bench.core.workers.size, bench.core.pendingBytes]).toEqual([0, 0, 0]);
  expect(bench.core.counters).toMatchObject({ requests: 4_000, answered: 2_000, expired: 2_000 });
});
