import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'bullmq';
import { dies, drops, expectError, fails, repeats, until, useTestBroker } from '@majordomo/testing';
import { busWorker, ByBus, notBegun } from '../by-bus.mjs';
import { ByQueue, startQueueWorker } from '../by-queue.mjs';
import { redisIsInstalled, startRedis } from '../redis.mjs';
import { placeOf, Switched } from '../switched.mjs';

const SERVICE = 'invoices.make';

/** The queue is a real one, on a redis-server of its own; CI installs that. */
const withRedis = redisIsInstalled() ? describe : describe.skip;

test('the place of a job is always the same, and all places are about as frequent', () => {
  expect([placeOf('invoice-1'), placeOf('invoice-2')]).toEqual([placeOf('invoice-1'), placeOf('invoice-2')]);
  const places = Array.from({ length: 10_000 }, (_, n) => placeOf(`invoice-${n}`));
  const below = places.filter((place) => place < 25).length;
  expect(Math.min(...places)).toBe(0);
  expect(Math.max(...places)).toBe(99);
  expect(below).toBeGreaterThan(2_300);
  expect(below).toBeLessThan(2_700);
});

withRedis('the switch', () => {
  const bus = useTestBroker();
  const folder = mkdtempSync(join(tmpdir(), 'majordomo-migration-test-'));
  const journal = join(folder, 'journal');
  let server: Awaited<ReturnType<typeof startRedis>>;
  let queueWorker: Worker;
  let byQueue: ByQueue;
  let byBus: ByBus;
  let invoices: Switched;
  let jobs = 0;

  beforeAll(async () => {
    server = await startRedis();
    queueWorker = await startQueueWorker(server.redis, journal);
    byQueue = new ByQueue(server.redis);
    await byQueue.ready();
  });
  afterAll(async () => {
    await byQueue.close();
    await queueWorker.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    byBus = new ByBus({
      brokers: bus.endpoint,
      protocol: 'packed',
      reconnectMinMs: 5,
      reconnectMaxMs: 20,
    });
    invoices = new Switched(byQueue, byBus);
    invoices.share = 100;
  });
  afterEach(() => byBus.close());

  const invoice = (cents = 1_999) => ({ id: `invoice-${++jobs}`, cents });
  /** Who made an invoice: a word for each time that it was made. */
  const makersOf = (id: string) =>
    readFileSync(journal, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(`${id} `))
      .map((line) => line.split(' ')[1]);

  test('off, all goes by the queue', async () => {
    invoices.share = 0;
    const job = invoice();
    expect(await invoices.make(job, 5_000)).toBe(`${job.id}: 19.99 €`);
    expect(makersOf(job.id)).toEqual(['queue']);
    expect(invoices.counts).toEqual({ queue: 1, bus: 0, fallback: 0 });
  });

  test('on, all goes by the bus', async () => {
    const own = busWorker(bus.endpoint, journal);
    await own.start();
    await bus.broker.served(SERVICE);
    const job = invoice();
    expect(await invoices.make(job, 5_000)).toBe(`${job.id}: 19.99 €`);
    await own.drain();
    expect(makersOf(job.id)).toEqual(['bus']);
    expect(invoices.counts).toEqual({ queue: 0, bus: 1, fallback: 0 });
  });

  test('in between, a job goes the way of its place', async () => {
    await bus.fakeWorker(SERVICE, 'made on the bus');
    const list = Array.from({ length: 20 }, () => invoice());
    invoices.share = 50;
    for (const job of list) {
      const made = await invoices.make(job, 5_000);
      expect(made).toBe(placeOf(job.id) < 50 ? 'made on the bus' : `${job.id}: 19.99 €`);
    }
    const byTheBus = list.filter(({ id }) => placeOf(id) < 50).length;
    expect(invoices.counts).toEqual({ queue: 20 - byTheBus, bus: byTheBus, fallback: 0 });
  });

  test('without a worker on the bus, the queue does it', async () => {
    const job = invoice();
    expect(await invoices.make(job, 5_000)).toBe(`${job.id}: 19.99 €`);
    expect(makersOf(job.id)).toEqual(['queue']);
    expect(invoices.counts).toEqual({ queue: 0, bus: 0, fallback: 1 });
  });

  test('without a broker, the queue does it', async () => {
    await byBus.ready(3_000);
    await bus.broker.crash();
    await until(() => !byBus.reachable);
    const job = invoice();
    expect(await invoices.make(job, 5_000)).toBe(`${job.id}: 19.99 €`);
    expect(invoices.counts.fallback).toBe(1);
    await bus.broker.start();
    await until(() => byBus.reachable);
    await bus.fakeWorker(SERVICE, 'made on the bus');
    expect(await invoices.make(invoice(), 5_000)).toBe('made on the bus');
  });

  test.each([
    ['its worker dies with it', dies(), 'ATTEMPTS_EXHAUSTED'],
    ['it takes too long', drops(), 'TIMEOUT'],
    ['the service says no', fails('NO_SUCH_CUSTOMER'), 'WORKER_FAILED'],
  ] as const)('what may have begun is not given to the queue: %s', async (_what, step, code) => {
    for (let n = 0; n < 3; n++) await bus.fakeWorker(SERVICE, repeats(step));
    const job = invoice();
    const error = await expectError(invoices.make(job, 500), code);
    expect(notBegun(error)).toBe(false);
    expect(makersOf(job.id)).toEqual([]);
    expect(invoices.counts).toEqual({ queue: 0, bus: 0, fallback: 0 });
  });

  test('a failure of the job is the same on both sides', async () => {
    invoices.share = 0;
    await expect(invoices.make(invoice(-1), 5_000)).rejects.toThrow('an invoice of less than nothing');
  });

  test('a share is 0 to 100', () => {
    for (const share of [-1, 101, NaN]) expect(() => (invoices.share = share)).toThrow(RangeError);
    expect(invoices.share).toBe(100);
  });
});
