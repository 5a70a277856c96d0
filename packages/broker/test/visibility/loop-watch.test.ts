import { leakCheck } from '@majordomo/testkit';
import { LoopWatch } from '../../src/visibility/loop-watch';

leakCheck();

let now: number;
let watch: LoopWatch;

beforeEach(() => {
  jest.useFakeTimers();
  now = 1_000_000;
  watch = new LoopWatch(() => now);
  watch.start();
});

afterEach(() => {
  watch.stop();
  jest.useRealTimers();
});

/** The loop turns for so long: every timer runs in time. */
function turn(ms: number): void {
  for (const end = now + ms; now < end; now++) jest.advanceTimersByTime(1);
}

/** The loop stands still for so long. */
const block = (ms: number): void => void (now += ms);

test('a loop that turns is not late', () => {
  turn(3_000);
  expect(watch.longestMs(3)).toBeLessThan(2);
});

test('a block counts while it lasts, before any timer has run', () => {
  turn(200);
  block(1_300);
  expect(watch.longestMs(5)).toBeGreaterThan(1_270);
});

test('a block right after the start, over the end of a second, or over many seconds is not overlooked', () => {
  block(700);
  turn(20);
  expect(watch.longestMs(1)).toBeGreaterThan(670);
  turn(3_290);
  block(5_000);
  turn(20);
  expect(watch.longestMs(1)).toBeGreaterThan(4_970);
});

test('the longest of the last seconds is told, and forgotten after them', () => {
  block(900);
  turn(2_000);
  block(300);
  turn(20);
  expect(watch.longestMs(1)).toBeLessThan(310);
  expect(watch.longestMs(5)).toBeGreaterThan(870);
  turn(6_000);
  expect(watch.longestMs(5)).toBeLessThan(2);
  expect(watch.longestMs(15)).toBeGreaterThan(870);
  turn(15_000);
  expect(watch.longestMs(15)).toBeLessThan(2);
});

test('stopped, it tells of no block that goes on', () => {
  watch.stop();
  block(5_000);
  expect(watch.longestMs(1)).toBe(0);
});
