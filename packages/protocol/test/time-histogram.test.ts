import * as fc from 'fast-check';
import { percentileMs, TIME_BOUNDS_MS, TIME_BUCKETS, TimeHistogram } from '../src/index';

const histogramOf = (...times: number[]): TimeHistogram => {
  const histogram = new TimeHistogram();
  for (const ms of times) histogram.record(ms);
  return histogram;
};

test('the bounds go from 0.1 ms to 1,000 s, seven to a decade', () => {
  expect(TIME_BOUNDS_MS).toHaveLength(50);
  expect([TIME_BOUNDS_MS[0], TIME_BOUNDS_MS[3], TIME_BOUNDS_MS[49]]).toEqual([0.1, 0.25, 1_000_000]);
  expect([...TIME_BOUNDS_MS]).toEqual([...TIME_BOUNDS_MS].sort((left, right) => left - right));
});

test('a time is in the first bucket whose bound it does not exceed', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 2_000_000, noNaN: true }), (ms) => {
      const { buckets } = histogramOf(ms);
      const bucket = buckets.indexOf(1);
      expect(ms).toBeLessThanOrEqual(TIME_BOUNDS_MS[bucket] ?? Infinity);
      if (bucket > 0) expect(ms).toBeGreaterThan(TIME_BOUNDS_MS[bucket - 1] ?? Infinity);
    }),
  );
});

test('a bound belongs to its own bucket, and what is beyond the last one has a bucket too', () => {
  expect(histogramOf(0.1).buckets[0]).toBe(1);
  expect(histogramOf(1_000_000).buckets[49]).toBe(1);
  expect(histogramOf(1_000_001).buckets[TIME_BUCKETS - 1]).toBe(1);
});

test('histograms add up', () => {
  const sum = histogramOf(1, 20);
  sum.add(histogramOf(1, 300));
  expect([sum.count, sum.sumMs, sum.buckets.indexOf(2)]).toEqual([4, 322, histogramOf(1).buckets.indexOf(1)]);
});

describe('percentiles', () => {
  test('there are none of nothing', () => {
    expect(percentileMs(new TimeHistogram().buckets, 0.5)).toBeUndefined();
  });

  test('they are in the bucket of the time that they stand for', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 900_000, noNaN: true }), { minLength: 1, maxLength: 50 }),
        fc.constantFrom(0.5, 0.9, 0.99, 1),
        (times, share) => {
          const sorted = [...times].sort((left, right) => left - right);
          const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
          const { buckets } = histogramOf(exact);
          const bucket = buckets.indexOf(1);
          const found = percentileMs(histogramOf(...times).buckets, share) ?? NaN;
          expect(found).toBeLessThanOrEqual(TIME_BOUNDS_MS[bucket] ?? Infinity);
          expect(found).toBeGreaterThanOrEqual(TIME_BOUNDS_MS[bucket - 1] ?? 0);
        },
      ),
    );
  });

  test('what is beyond the last bound counts as that bound', () => {
    expect(percentileMs(histogramOf(5_000_000).buckets, 0.5)).toBe(1_000_000);
  });
});
