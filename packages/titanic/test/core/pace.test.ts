import fc from 'fast-check';
import { AHEAD_MS_MIN, nextAheadMs } from '../../src/core/ahead';
import { Gate } from '../../src/core/gate';
import {
  afterClaim,
  afterDeliveries,
  AHEAD_MS_MAX,
  allowance,
  departuresOf,
  FAILURES_MAX,
  PAUSE,
  type PaceState,
} from '../../src/core/pace';

const T = 1_000_000;
const failed = { answered: 0, failed: 1, absent: 0 };
const absent = { answered: 0, failed: 0, absent: 1 };
const answered = { answered: 1, failed: 0, absent: 0 };

test('a service without a pace may have all there is', () => {
  expect(allowance(undefined, undefined, 99, T)).toEqual({ count: Infinity, nextAt: Infinity });
});

test('however claims come, no window sees more than its rate and one burst; and all tokens are used', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.5, max: 500, noNaN: true }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 60 })), {
        maxLength: 60,
      }),
      (perSecond, burst, steps) => {
        const pace = { perSecond, burst };
        let state: PaceState | undefined;
        let now = T;
        let taken = 0;
        for (const [waitMs, wanted] of steps) {
          now += waitMs;
          const allowed = allowance(pace, state, 0, now);
          expect(allowed.nextAt).toBeGreaterThan(now);
          const count = Math.min(wanted, allowed.count);
          if (count > 0) state = afterClaim(pace, state, count, now);
          taken += count;
          expect(taken).toBeLessThanOrEqual(burst + ((now - T) / 1_000) * perSecond + 1e-6);
          if (wanted > allowed.count) {
            const { nextAt } = allowance(pace, state, 0, now);
            expect(allowance(pace, state, 0, nextAt).count).toBeGreaterThanOrEqual(1);
          }
        }
      },
    ),
  );
});

test('a pace is reached by looks that are as far apart as its burst lasts, and by no rarer ones', () => {
  const given = (burst: number): number => {
    const pace = { perSecond: 1_000, burst };
    let state = afterClaim(pace, undefined, burst, T);
    let count = 0;
    for (let now = T + 20; now <= T + 1_000; now += 20) {
      const allowed = allowance(pace, state, 0, now);
      state = afterClaim(pace, state, allowed.count, now);
      count += allowed.count;
    }
    return count;
  };
  expect(given(1)).toBe(50);
  expect(given(20)).toBe(1_000);
  expect(given(50)).toBe(1_000);
});

test('claimed ahead, a pace is reached whatever the burst, and nothing leaves before its token', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.5, max: 2_000, noNaN: true }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 5, maxLength: 40 }),
      (perSecond, burst, tookMs) => {
        const pace = { perSecond, burst };
        let state: PaceState | undefined;
        let now = T;
        const leaving: number[] = [];
        for (const ms of tookMs) {
          const { count, nextAt } = allowance(pace, state, 0, now, AHEAD_MS_MAX);
          const leavesAt = departuresOf(pace, state, now);
          for (let place = 0; place < count; place++) leaving.push(leavesAt(place));
          if (count > 0) state = afterClaim(pace, state, count, now);
          now = Math.max(now + ms, nextAt);
        }
        const early = leaving.filter(
          (at, index) =>
            index + 1 > burst + ((at - T) / 1_000) * perSecond + 1e-3 || at < (leaving[index - 1] ?? T),
        );
        expect(early).toEqual([]);
        // As much is owed as lies ahead at the least, for no claim took longer than half of that.
        const most = burst + ((now - T) / 1_000) * perSecond;
        expect(leaving.length).toBeGreaterThanOrEqual(Math.floor(most) - 1);
      },
    ),
  );
});

test('what leaves within a few ms leaves together, where the burst allows it', () => {
  const timesOf = (burst: number): number[] => {
    const pace = { perSecond: 1_000, burst };
    const leavesAt = departuresOf(pace, afterClaim(pace, undefined, burst, T), T);
    return [0, 1, 4, 5, 9].map((place) => leavesAt(place) - T);
  };
  expect(timesOf(1)).toEqual([1, 2, 5, 6, 10]);
  expect(timesOf(50)).toEqual([5, 5, 5, 10, 10]);
  expect(departuresOf(undefined, undefined, T)(99)).toBe(T);
});

test('the time ahead follows the claims, up at once and down bit by bit', () => {
  expect(nextAheadMs(AHEAD_MS_MIN, 1)).toBe(AHEAD_MS_MIN);
  expect(nextAheadMs(AHEAD_MS_MIN, 80)).toBe(320);
  expect(nextAheadMs(320, 1)).toBe(288);
  expect(nextAheadMs(320, 5_000)).toBe(AHEAD_MS_MAX);
});

test('what comes late leaves by its pace, and not all at once', () => {
  const gate = new Gate();
  const pace = { perSecond: 100, burst: 3 };
  const pass = (at: number): number => gate.pass('mail', pace, at);
  expect([0, 0, 0, 10, 20].map(pass)).toEqual([0, 0, 0, 10, 20]);
  // 100 ms later than they should.
  expect([120, 120, 120, 120, 120].map(pass)).toEqual([120, 120, 120, 130, 140]);
  expect(pass(140)).toBe(150);
  expect(gate.pass('sms', pace, 140)).toBe(140);
  expect(gate.pass('mail', undefined, 140)).toBe(140);
  expect(gate.pass('mail', { burst: 1, concurrency: 2 }, 140)).toBe(140);
});

test('a gate forgets services that have left nothing for long', () => {
  const gate = new Gate();
  const pace = { perSecond: 1, burst: 1 };
  for (let index = 0; index < 5_000; index++)
    expect(gate.pass(`${index}`, pace, index * 1_000)).toBe(index * 1_000);
  expect(gate.size).toBeLessThanOrEqual(1_000);
});

test('a claim that waited for another’s does not count the same time twice', () => {
  const pace = { perSecond: 1_000, burst: 50 };
  const other = afterClaim(pace, undefined, 30, T + 20);
  const own = afterClaim(pace, other, 20, T);
  expect(own).toMatchObject({ refilledAt: T + 20 });
  expect(allowance(pace, own, 0, T + 20).count).toBe(0);
});

test('an empty bucket is filled again after the clock went back', () => {
  const pace = { perSecond: 10, burst: 5 };
  const empty = afterClaim(pace, undefined, 5, T);
  expect(allowance(pace, empty, 0, T - PAUSE.maxMs).count).toBe(0);
  const early = T - PAUSE.maxMs - 1;
  expect(allowance(pace, empty, 0, early).count).toBe(1);
  expect(allowance(pace, afterClaim(pace, empty, 1, early), 0, early + 100).count).toBe(1);
});

test('a clock that goes back gives nothing, takes nothing, and delays no longer than a pause', () => {
  const pace = { perSecond: 10, burst: 5 };
  const state = afterClaim(pace, undefined, 3, T);
  expect(allowance(pace, state, 0, T - 1e9).count).toBe(2);
  const back = afterClaim(pace, state, 1, T - 1e9);
  expect(allowance(pace, back, 0, T - 1e9 + 100).count).toBe(2);
  const paused = afterDeliveries(undefined, absent, T, 0.5)!;
  expect(allowance(undefined, paused, 0, T).count).toBe(0);
  expect(allowance(undefined, paused, 0, T - 1e9).count).toBe(1);
});

test('concurrency counts what runs', () => {
  const pace = { burst: 1, concurrency: 3 };
  expect(allowance(pace, undefined, 2, T).count).toBe(1);
  expect(allowance(pace, undefined, 3, T)).toEqual({ count: 0, nextAt: Infinity });
  expect(allowance(pace, undefined, 9, T).count).toBe(0);
});

test('failures in a row pause a service, longer each time; then one at a time; an answer ends it', () => {
  let state: PaceState | undefined;
  for (let count = 1; count < FAILURES_MAX; count++) {
    state = afterDeliveries(state, failed, T, 0);
    expect(allowance(undefined, state, 5, T).count).toBe(Infinity);
  }
  state = afterDeliveries(state, failed, T, 0)!;
  expect(state.pausedUntil).toBe(T + PAUSE.minMs / 2);
  expect(allowance(undefined, state, 0, T)).toEqual({ count: 0, nextAt: state.pausedUntil });

  // What had left before makes it no longer.
  state = afterDeliveries(state, failed, T, 0)!;
  expect(state.pausedUntil).toBe(T + PAUSE.minMs / 2);

  const probing = state.pausedUntil;
  expect(allowance(undefined, state, 0, probing).count).toBe(1);
  expect(allowance(undefined, state, 1, probing).count).toBe(0);
  state = afterDeliveries(state, failed, probing, 0)!;
  expect(state.pausedUntil).toBe(probing + PAUSE.minMs);
  for (let round = 0; round < 50; round++) state = afterDeliveries(state, failed, state!.pausedUntil, 0.999)!;
  expect(state.pausedUntil - T).toBeLessThan(60 * PAUSE.maxMs);

  const well = afterDeliveries(state, { ...answered, failed: 3 }, state.pausedUntil, 0)!;
  expect(allowance(undefined, well, 7, T).count).toBe(Infinity);
});

test('nobody there pauses at once, and says nothing of a bucket', () => {
  const pace = { perSecond: 1, burst: 4 };
  const state = afterDeliveries(undefined, absent, T, 1)!;
  expect(state.pausedUntil).toBe(T + PAUSE.minMs);
  const well = afterDeliveries(state, answered, T + 600, 1)!;
  expect(allowance(pace, well, 0, T + 600).count).toBe(4);
});

test('no news is no change', () => {
  expect(afterDeliveries(undefined, { answered: 0, failed: 0, absent: 0 }, T, 0)).toBeUndefined();
  expect(afterDeliveries(undefined, answered, T, 0)).toBeUndefined();
});
