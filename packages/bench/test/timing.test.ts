import { cellKey, cellsOf, FULL_CELLS, QUICK_CELLS } from '../src/scenarios/cells';
import { timingOf } from '../src/scenarios/timing';

test('a quick run of the usual peers and cells fits into a minute', () => {
  const { rounds, measureMs, warmupMs, firstWarmupMs } = timingOf({ quick: true }, QUICK_CELLS.length * 4, 4);
  const totalMs = rounds * QUICK_CELLS.length * 4 * (measureMs + warmupMs) + 4 * firstWarmupMs;
  expect(totalMs).toBeLessThanOrEqual(45_000);
  expect(rounds).toBeGreaterThanOrEqual(3);
  expect(measureMs).toBeGreaterThanOrEqual(400);
});

test('what the user says about time holds', () => {
  expect(timingOf({ quick: true, seconds: 3, rounds: 2 }, 100, 9)).toMatchObject({
    rounds: 2,
    measureMs: 3_000,
  });
  expect(timingOf({ quick: false }, 100, 9)).toMatchObject({ rounds: 5, measureMs: 5_000 });
});

test('cells are every number in flight with every size', () => {
  expect(FULL_CELLS).toHaveLength(12);
  expect(cellsOf(true, undefined, undefined)).toEqual(QUICK_CELLS);
  expect(cellsOf(true, [1, 2], [3, 4]).map(cellKey)).toEqual(['1x3', '1x4', '2x3', '2x4']);
  expect(cellsOf(false, [1], undefined).map(cellKey)).toEqual(['1x100', '1x1024', '1x65536']);
});
