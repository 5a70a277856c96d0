import * as fc from 'fast-check';
import { Meter } from '../../../src/core/access/meter';

test('so many requests at once, and then as they are filled again', () => {
  const meter = new Meter();
  const limits = { requestsPerSecond: 2 };
  expect([0, 0, 0].map((now) => meter.take(limits, 0, now))).toEqual([
    undefined,
    undefined,
    'requestsPerSecond',
  ]);
  expect(meter.take(limits, 0, 499)).toBe('requestsPerSecond');
  expect(meter.take(limits, 0, 500)).toBeUndefined();
  expect(meter.take(limits, 0, 60_000)).toBeUndefined();
  expect(meter.take(limits, 0, 60_000)).toBeUndefined();
  expect(meter.take(limits, 0, 60_000)).toBe('requestsPerSecond');
});

test('a body larger than what is allowed in a second passes, and is waited for', () => {
  const meter = new Meter();
  const limits = { bytesPerSecond: 1_000 };
  expect(meter.take(limits, 3_000, 0)).toBeUndefined();
  expect(meter.take(limits, 1, 1_999)).toBe('bytesPerSecond');
  expect(meter.take(limits, 1, 2_001)).toBeUndefined();
});

test('what is pending counts until it ends', () => {
  const meter = new Meter();
  const limits = { pending: 1 };
  expect(meter.take(limits, 0, 0)).toBeUndefined();
  meter.pending++;
  expect(meter.take(limits, 0, 0)).toBe('pending');
  meter.pending--;
  expect(meter.take(limits, 0, 0)).toBeUndefined();
});

test('what is refused costs nothing', () => {
  const meter = new Meter();
  const limits = { requestsPerSecond: 1, pending: 1 };
  meter.pending = 1;
  for (let n = 0; n < 10; n++) expect(meter.take(limits, 0, 0)).toBe('pending');
  meter.pending = 0;
  expect(meter.take(limits, 0, 0)).toBeUndefined();
});

test('what was used while there was no limit is not owed under the next one', () => {
  const meter = new Meter();
  const limits = { requestsPerSecond: 2, bytesPerSecond: 1_000 };
  expect(meter.take(limits, 1, 0)).toBeUndefined();
  for (let n = 0; n < 100; n++) expect(meter.take({}, 1_000, 1)).toBeUndefined();
  expect(meter.take(limits, 1, 2)).toBeUndefined();
  expect(meter.take(limits, 1, 2)).toBeUndefined();
  expect(meter.take(limits, 1, 2)).toBe('requestsPerSecond');
});

test('over any time, no more than the rate and what is allowed at once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 200 }),
      (requestsPerSecond, gaps) => {
        const meter = new Meter();
        let now = 0;
        let taken = 0;
        for (const gap of gaps) {
          now += gap;
          if (!meter.take({ requestsPerSecond }, 0, now)) taken++;
        }
        expect(taken).toBeLessThanOrEqual(requestsPerSecond + (now / 1_000) * requestsPerSecond + 1e-6);
      },
    ),
  );
});
