import { median, ratio, rotated, spread } from '../src/stats';

test.each([
  [[3], 3],
  [[9, 1, 5], 5],
  [[4, 1, 3, 2], 2.5],
  [[], NaN],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('the values that are measured stay in the order of their rounds', () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

test('a spread has the median, the least and the greatest', () => {
  expect(spread([20, 10, 40])).toEqual({ median: 20, min: 10, max: 40 });
});

test('a ratio is that of each round, not that of the medians', () => {
  // The third round was disturbed for both: its ratio is as good as any.
  expect(ratio([100, 110, 20], [10, 10, 2])).toEqual({ median: 10, min: 10, max: 11 });
});

test('a ratio takes the rounds that both have', () => {
  expect(ratio([8, 8, 8], [4, 2])).toEqual({ median: 3, min: 2, max: 4 });
});

test('who is first changes from round to round', () => {
  expect([0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join(''))).toEqual([
    'abc',
    'bca',
    'cab',
    'abc',
  ]);
  expect(rotated([], 3)).toEqual([]);
});
