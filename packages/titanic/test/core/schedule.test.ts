import { CATCH_UP_MAX, fire } from '../../src/core/schedule';
import { occurrencesOf } from '../../src/service/cron';

const at = (text: string): number => Date.parse(text);
const hourly = (after: number): number => (Math.floor(after / 3_600_000) + 1) * 3_600_000;
const H = 3_600_000;

test('in time: one request, and the next occurrence', () => {
  expect(fire(10 * H, 10 * H + 5, false, hourly)).toEqual({ dueAt: [10 * H], nextAt: 11 * H });
  expect(fire(10 * H, 10 * H + 5, true, hourly)).toEqual({ dueAt: [10 * H], nextAt: 11 * H });
});

test('missed: made up for by one request, or one by one', () => {
  expect(fire(10 * H, 13 * H + 1, false, hourly)).toEqual({ dueAt: [10 * H], nextAt: 14 * H });
  expect(fire(10 * H, 13 * H, true, hourly)).toEqual({
    dueAt: [10 * H, 11 * H, 12 * H, 13 * H],
    nextAt: 14 * H,
  });
});

test('however many were missed, so many at a time', () => {
  const { dueAt, nextAt } = fire(0, 5_000 * H, true, hourly);
  expect(dueAt).toHaveLength(CATCH_UP_MAX);
  expect(nextAt).toBe(CATCH_UP_MAX * H);
});

test('a clock that went back does not fire twice', () => {
  expect(fire(10 * H, 2 * H, false, hourly)).toEqual({ dueAt: [10 * H], nextAt: 11 * H });
  expect(fire(10 * H, 2 * H, true, hourly)).toEqual({ dueAt: [10 * H], nextAt: 11 * H });
});

test('the last one', () => {
  expect(fire(10 * H, 10 * H, true, () => undefined)).toEqual({ dueAt: [10 * H], nextAt: undefined });
});

describe('cron', () => {
  test('eleven sharp in Vienna, in winter and in summer', () => {
    const next = occurrencesOf({ pattern: '0 11 * * *', timezone: 'Europe/Vienna' });
    expect(next(at('2026-01-10T00:00:00Z'))).toBe(at('2026-01-10T10:00:00Z'));
    expect(next(at('2026-07-10T00:00:00Z'))).toBe(at('2026-07-10T09:00:00Z'));
    expect(next(at('2026-01-10T10:00:00Z'))).toBe(at('2026-01-11T10:00:00Z'));
  });

  test('every day has one, also that on which the clocks change', () => {
    for (const [pattern, from] of [
      ['30 2 * * *', '2026-03-27T12:00:00Z'],
      ['30 2 * * *', '2026-10-23T12:00:00Z'],
    ] as const) {
      const next = occurrencesOf({ pattern, timezone: 'Europe/Vienna' });
      const days: number[] = [];
      for (let time = at(from), count = 0; count < 4; count++) days.push((time = next(time)!));
      expect(new Set(days).size).toBe(4);
      for (const [index, time] of days.slice(1).entries()) {
        expect(time - days[index]!).toBeGreaterThanOrEqual(22 * H);
        expect(time - days[index]!).toBeLessThanOrEqual(26 * H);
      }
    }
  });

  test('with seconds, and one that never comes', () => {
    const next = occurrencesOf({ pattern: '*/10 * * * * *', timezone: 'UTC' });
    expect(next(at('2026-01-01T00:00:03Z'))).toBe(at('2026-01-01T00:00:10Z'));
    expect(
      occurrencesOf({ pattern: '0 0 30 2 *', timezone: 'UTC' })(at('2026-01-01T00:00:00Z')),
    ).toBeUndefined();
  });

  test.each([
    ['61 * * * *', 'UTC'],
    ['often', 'UTC'],
    ['', 'UTC'],
    ['* * * * *', 'Middle/Earth'],
  ])('%j in %s does not fit', (pattern, timezone) => {
    expect(() => occurrencesOf({ pattern, timezone })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });
});
