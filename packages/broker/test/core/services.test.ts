import type { RequestRecord, WorkerRecord } from '../../src/core/records';
import { Services } from '../../src/core/services';

const request = { client: {}, bytes: 1, priority: 4 } as RequestRecord;
const worker = {} as WorkerRecord;

test('a service exists while it has workers or requests, and is unserved while it has requests only', () => {
  const services = new Services();
  const service = services.named('echo', 5);
  expect(services.named('echo', 9)).toBe(service);
  expect(service.unservedSince).toBe(5);
  service.queue.push(request);
  services.settle(service);
  expect(services.unserved).toEqual([service]);
  service.workers.add(worker);
  services.settle(service);
  expect(services.unserved).toEqual([]);
  service.workers.delete(worker);
  services.settle(service);
  expect(services.unserved).toEqual([service]);
  service.queue.shift();
  services.settle(service);
  expect([services.unserved, services.table.size]).toEqual([[], 0]);
  services.settle(service);
  expect(services.table.size).toBe(0);
});
