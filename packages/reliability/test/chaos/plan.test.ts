import { describeFault, planOf } from '../../src/chaos/plan';
import { Random } from '../../src/random';

const TARGETS = {
  brokers: ['broker-A', 'broker-B'],
  workers: ['worker-1', 'worker-2'],
  clients: ['client-1'],
  networks: ['workers-A', 'clients-A'],
};

test('a plan comes from its seed alone', () => {
  expect(planOf(7, 60_000, TARGETS)).toEqual(planOf(7, 60_000, TARGETS));
  expect(planOf(7, 60_000, TARGETS)).not.toEqual(planOf(8, 60_000, TARGETS));
});

test.each([1, 2, 3, 4, 5])(
  'seed %i: in the order of time, over in time, one fault per target at a time',
  (seed) => {
    const plan = planOf(seed, 60_000, TARGETS);
    expect(plan.length).toBeGreaterThan(40);
    const until = new Map<string, number>();
    let before = 0;
    for (const { atMs, target, forMs } of plan) {
      expect(atMs).toBeGreaterThanOrEqual(before);
      expect(atMs).toBeGreaterThanOrEqual(until.get(target) ?? 0);
      expect(atMs + forMs).toBeLessThanOrEqual(60_000);
      before = atMs;
      until.set(target, atMs + forMs);
    }
  },
);

test('long plans have every kind of fault, for every target', () => {
  const plan = planOf(1, 600_000, TARGETS);
  expect(new Set(plan.map(({ kind }) => kind))).toEqual(
    new Set(['kill', 'terminate', 'freeze', 'cut', 'refuse', 'stall', 'slow']),
  );
  expect(new Set(plan.map(({ target }) => target))).toEqual(new Set(Object.values(TARGETS).flat()));
});

test('faults in words', () => {
  expect(describeFault({ kind: 'freeze', target: 'worker-3', forMs: 480, atMs: 1_200 })).toBe(
    '   1.20 s  freeze worker-3 for 480 ms',
  );
  expect(
    describeFault({
      kind: 'slow',
      target: 'n',
      forMs: 500,
      atMs: 12_000,
      latencyMs: 20,
      bytesPerSecond: 50_000,
    }),
  ).toBe('  12.00 s  slow n for 500 ms, 20 ms away, 50000 bytes a second');
});

test('random numbers: from 0 up to 1, the same for the same seed, spread over what is asked for', () => {
  const draws = Array.from(
    { length: 10_000 },
    (
      (random) => () =>
        random.next()
    )(new Random('a')),
  );
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThan(1);
  expect(draws.slice(0, 5)).toEqual(
    Array.from(
      { length: 5 },
      (
        (random) => () =>
          random.next()
      )(new Random('a')),
    ),
  );
  const random = new Random('b');
  const dice = Array.from({ length: 6_000 }, () => random.between(1, 6));
  for (const face of [1, 2, 3, 4, 5, 6]) {
    expect(Math.abs(dice.filter((each) => each === face).length - 1_000)).toBeLessThan(150);
  }
  const names = Array.from({ length: 4_000 }, () => random.weighted({ often: 3, seldom: 1 }));
  expect(Math.abs(names.filter((name) => name === 'often').length - 3_000)).toBeLessThan(150);
});
