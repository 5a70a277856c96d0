import { METER_KEPT_MS, Meters, OUTCOME, OUTCOMES, type ServiceMeter } from '../../src/core/meters';
import { Bench, body, INTRODUCTION, PACKED, requestOf, type RequestFields } from './bench';

/** What a meter counted, without what it did not. */
function outcomesOf(meter: ServiceMeter | undefined): Record<string, number> {
  const counted = OUTCOMES.map((outcome) => [outcome, meter?.outcomes[OUTCOME[outcome]] ?? 0] as const);
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}

const meterOf = (bench: Bench, service: string): ServiceMeter | undefined =>
  [...bench.meters.all].find((meter) => meter.service === service);

/** A bench with a packed client `c` and a packed worker `w` for `echo`. */
function pair(credit = 10): Bench {
  const bench = new Bench();
  bench.tell('c', { kind: 'hello', ...INTRODUCTION });
  bench.say('w', { kind: 'ready', service: 'echo', credit, ...INTRODUCTION }, PACKED);
  return bench;
}

const ask = (bench: Bench, id: number, fields: RequestFields = {}, service = 'echo'): void =>
  bench.tell('c', requestOf(id, service, 'work', fields));

const answer = (bench: Bench, ref: number): void =>
  bench.say(
    'w',
    { kind: 'final', ref, body: body('done'), metadata: requestOf(1, 'echo', '').metadata },
    PACKED,
  );

test('the time in the queue ends with the first worker, that at the worker with its last reply', () => {
  const bench = pair(1);
  ask(bench, 1);
  ask(bench, 2);
  bench.now += 30;
  answer(bench, 1);
  bench.now += 50;
  answer(bench, 2);
  const meter = meterOf(bench, 'echo');
  expect([meter?.queued.count, meter?.queued.sumMs]).toEqual([2, 30]);
  expect([meter?.atWorker.count, meter?.atWorker.sumMs]).toEqual([2, 80]);
  expect([meter?.total.count, meter?.total.sumMs]).toEqual([2, 110]);
  expect(outcomesOf(meter)).toEqual({ answered: 2 });
});

test('every end of a request is counted once, as what it was', () => {
  const bench = pair(0);
  ask(bench, 1);
  bench.tell('c', { kind: 'cancel', id: 1 });
  ask(bench, 2, { remainingMs: 10 });
  bench.tickAfter(20);
  ask(bench, 3);
  bench.say('w', { kind: 'credit', credit: 1 }, PACKED);
  bench.say('w', { kind: 'failure', ref: 1, code: 'BROKEN', message: '', retryable: false }, PACKED);
  ask(bench, 4);
  bench.tell('c', { kind: 'disconnect' });
  expect(outcomesOf(meterOf(bench, 'echo'))).toEqual({ cancelled: 1, expired: 1, failed: 1, client_gone: 1 });
});

test('what a worker ends after its client left counts for the worker, and not for the whole', () => {
  const bench = pair();
  ask(bench, 1);
  bench.tell('c', { kind: 'cancel', id: 1 });
  bench.now += 5;
  answer(bench, 1);
  const meter = meterOf(bench, 'echo');
  expect([meter?.atWorker.count, meter?.total.count]).toEqual([1, 0]);
});

test('a lost worker is a redispatch, and the wait is counted once', () => {
  const bench = pair(1);
  ask(bench, 1);
  bench.say('v', { kind: 'ready', service: 'echo', credit: 1, ...INTRODUCTION }, PACKED);
  bench.say('w', { kind: 'disconnect' }, PACKED);
  const meter = meterOf(bench, 'echo');
  expect([meter?.redispatched, meter?.queued.count]).toEqual([1, 1]);
});

test('services that no worker ever served have no meter: what is asked of them is counted with the rest', () => {
  const bench = pair();
  for (let n = 1; n <= 50; n++) ask(bench, n, { failFast: true }, `made-up-${n}`);
  for (let n = 51; n <= 99; n++) ask(bench, n, { remainingMs: 10 }, `made-up-${n}`);
  bench.tickAfter(20);
  expect([...bench.meters.all].map(({ service }) => service)).toEqual(['echo']);
  expect(outcomesOf(bench.meters.rest)).toEqual({ no_worker: 50, expired: 49 });
});

test('a stopping broker counts what it refuses and what it fails', () => {
  const bench = pair();
  ask(bench, 1);
  bench.core.drain();
  ask(bench, 2);
  ask(bench, 3, {}, 'unknown');
  bench.core.stop(bench.now);
  expect(outcomesOf(meterOf(bench, 'echo'))).toEqual({ broker_draining: 2 });
  expect(outcomesOf(bench.meters.rest)).toEqual({ broker_draining: 1 });
});

describe('places', () => {
  test('the first services have labels, the others meters without', () => {
    const meters = new Meters(2);
    expect(['a', 'b', 'c'].map((name) => meters.served(name, 0).labelled)).toEqual([true, true, false]);
    expect(meters.served('a', 0).labelled).toBe(true);
  });

  test('a service that comes back has the meter that it had', () => {
    const meters = new Meters(2);
    const meter = meters.served('a', 0);
    meters.vanished('a', 10);
    expect(meters.known('a')).toBe(meter);
    expect(meters.known('never')).toBe(meters.rest);
  });

  test('the place of a service that has been gone for long goes to the next that needs it, and no sooner', () => {
    const meters = new Meters(1);
    const gone = meters.served('a', 0);
    gone.ended(OUTCOME.answered);
    meters.vanished('a', 0);
    expect(meters.served('b', METER_KEPT_MS - 1).labelled).toBe(false);
    expect(meters.served('c', METER_KEPT_MS).labelled).toBe(true);
    expect([...meters.all].map(({ service }) => service)).toEqual(['b', 'c']);
    expect(outcomesOf(meters.retired)).toEqual({});
  });

  test('what a meter without a label counted stays in the sum when its place is taken', () => {
    const meters = new Meters(0);
    const gone = meters.served('a', 0);
    gone.ended(OUTCOME.failed);
    gone.total.record(12);
    gone.redispatched = 3;
    meters.vanished('a', 0);
    meters.served('b', METER_KEPT_MS);
    expect(outcomesOf(meters.retired)).toEqual({ failed: 1 });
    expect([meters.retired.total.sumMs, meters.retired.redispatched]).toEqual([12, 3]);
  });

  test('a service that came back is not taken for gone', () => {
    const meters = new Meters(1);
    meters.served('a', 0);
    meters.vanished('a', 0);
    meters.known('a');
    expect(meters.served('b', METER_KEPT_MS).labelled).toBe(false);
  });

  test('beyond two thousand services there are no more meters', () => {
    const meters = new Meters(0);
    for (let n = 0; n < 2_000; n++) expect(meters.served(`s${n}`, 0)).not.toBe(meters.rest);
    expect(meters.served('one more', 0)).toBe(meters.rest);
  });
});
