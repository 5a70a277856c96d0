import * as fc from 'fast-check';
import { backoffMs } from '../src/index';

const backoff = { minMs: 100, maxMs: 1_000 };

test('waits double, half of them random, between their bounds', () => {
  expect([1, 2, 3, 4, 5, 99].map((n) => backoffMs(n, backoff, 0))).toEqual([50, 100, 200, 400, 500, 500]);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (n, r) => {
        const ms = backoffMs(n, backoff, r);
        expect(ms).toBeGreaterThanOrEqual(50);
        expect(ms).toBeLessThanOrEqual(1_000);
      },
    ),
  );
});
