import { Lateness } from '../../src/chaos/lateness';

afterEach(() => jest.restoreAllMocks());

test('what timers were late by adds up', () => {
  jest.useFakeTimers();
  let now = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  const lateness = new Lateness();
  for (const at of [20, 45, 265]) {
    now = at;
    jest.advanceTimersByTime(20);
  }
  expect(lateness.stop()).toBe(205);
  jest.useRealTimers();
});
