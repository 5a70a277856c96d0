import { bytes, latency, range, times, trimmed } from '../src/format';
import { markdownTable, textTable, type Column } from '../src/table';

const COLUMNS: readonly Column<{ name: string; count: number }>[] = [
  { title: 'name', show: ({ name }) => name },
  { title: 'count', align: 'right', show: ({ count }) => String(count) },
];
const ROWS = [
  { name: 'a', count: 1_000 },
  { name: 'longer', count: 7 },
];

test('a table for people has its columns aligned', () => {
  expect(textTable(COLUMNS, ROWS)).toBe('name    count\na        1000\nlonger      7');
});

test('a table in markdown has a rule that says which columns are numbers', () => {
  expect(markdownTable(COLUMNS, ROWS)).toBe('| name | count |\n| --- | ---: |\n| a | 1000 |\n| longer | 7 |');
});

test('a table without rows is its titles', () => {
  expect(textTable(COLUMNS, [])).toBe('name  count');
});

test.each([
  [trimmed(1_234_567), '1,234,567'],
  [trimmed(12.345), '12.3'],
  [trimmed(NaN), '–'],
  [range({ min: 9.81, max: 11.2 }), '9.81–11.2'],
  [bytes(100), '100 B'],
  [bytes(65_536), '64 KiB'],
  [bytes(3.5 * 1_024 * 1_024), '3.5 MiB'],
  [latency(999), '999 µs'],
  [latency(1_500), '1.5 ms'],
  [latency(NaN), '–'],
  [times(10.42), '10.4x'],
  [times(NaN), '–'],
])('%s reads as %s', (text, expected) => {
  expect(text).toBe(expected);
});
