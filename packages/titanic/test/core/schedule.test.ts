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

  /** What a pattern gives from one time to another. */
  const between = (pattern: string, timezone: string, from: string, to: string): string[] => {
    const next = occurrencesOf({ pattern, timezone });
    const found: string[] = [];
    for (let time = next(at(from)); time !== undefined && time < at(to); time = next(time)) {
      found.push(new Date(time).toISOString().slice(11, 16));
    }
    return found;
  };

  test('every hour is every hour, also where the clocks are put back or forward', () => {
    const hours = ['00:00', '01:00', '02:00', '03:00'];
    for (const day of ['2026-03-29', '2026-10-25']) {
      const range = [`${day}T00:00:00Z`, `${day}T04:00:00Z`] as const;
      const from = new Date(at(range[0]) - 1).toISOString();
      expect(between('0 * * * *', 'Europe/Vienna', from, range[1])).toEqual(hours);
      expect(between('@hourly', 'Europe/Vienna', from, range[1])).toEqual(hours);
      expect(between('*/20 * * * *', 'Europe/Vienna', from, range[1])).toHaveLength(12);
    }
    // By half an hour.
    expect(
      between('*/10 * * * *', 'Australia/Lord_Howe', '2026-04-04T13:59:00Z', '2026-04-04T17:00:00Z'),
    ).toHaveLength(18);
  });

  test('what is at an hour comes once, in the time that is there twice and for that which is skipped', () => {
    const inAutumn = (pattern: string) =>
      between(pattern, 'Europe/Vienna', '2026-10-24T22:30:00Z', '2026-10-25T03:00:00Z');
    expect(inAutumn('30 2 * * *')).toEqual(['00:30']);
    expect(inAutumn('*/30 1-3 * * *')).toEqual(['23:00', '23:30', '00:00', '00:30', '02:00', '02:30']);
    const inSpring = (pattern: string) =>
      between(pattern, 'Europe/Vienna', '2026-03-28T23:30:00Z', '2026-03-29T03:00:00Z');
    expect(inSpring('30 2 * * *')).toEqual(['01:30']);
    expect(inSpring('0,30 2,3 * * *')).toEqual(['01:00', '01:30']);
    expect(inSpring('45 2 * * *')).toEqual(['01:45']);
    expect(inSpring('15 3 * * *')).toEqual(['01:15']);
  });

  test('far away too, and on a day that is there every four years', () => {
    const next = occurrencesOf({ pattern: '30 2 29 2 *', timezone: 'America/New_York' });
    expect(next(at('2026-06-01T00:00:00Z'))).toBe(at('2028-02-29T07:30:00Z'));
    expect(next(at('2028-02-29T07:30:00Z'))).toBe(at('2032-02-29T07:30:00Z'));
  });

  test.each([
    ['Europe/Vienna', '2026-03-29', '2026-10-25'],
    ['Australia/Lord_Howe', '2026-10-03', '2026-04-04'],
    ['America/Santiago', '2026-09-06', '2026-04-05'],
    ['Africa/Cairo', '2026-04-23', '2026-10-29'],
    ['Antarctica/Troll', '2026-03-29', '2026-10-25'],
  ])('in %s each comes after the one before, from whenever one looks', (timezone, ...days) => {
    for (const pattern of ['*/15 * * * *', '30 1,2 * * *', '10 0,23 * * *', '5 */2 * * *']) {
      const next = occurrencesOf({ pattern, timezone });
      for (const day of days) {
        const from = at(`${day}T00:00:00Z`);
        for (let time = from; time < from + 24 * H; time += 17 * 60_000) {
          const [first, later] = [next(time)!, next(time + 60_000)!];
          expect(first).toBeGreaterThan(time);
          expect(later).toBe(first > time + 60_000 ? first : next(first));
        }
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
