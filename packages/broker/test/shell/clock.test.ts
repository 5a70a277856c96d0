import { Clock } from '../../src/shell/clock';

test('a clock that is read often enough tells the time', () => {
  let time = 1_000;
  const clock = new Clock(100, () => time);
  for (; time < 2_000; time += 100) expect(clock.now()).toBe(time);
});

test('a step that is too long counts as the longest, and the clock goes on from there', () => {
  let time = 1_000;
  const clock = new Clock(100, () => time);
  time = 9_000;
  expect(clock.now()).toBe(1_100);
  expect(clock.now()).toBe(1_100);
  time = 9_050;
  expect(clock.now()).toBe(1_150);
});
