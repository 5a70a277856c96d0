import Table from 'cli-table3';

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};

/** One column of a table: its title, and what it shows of a row. */
export interface Column<Row> {
  readonly title: string;
  readonly align?: 'right';
  readonly show: (row: Row) => string;
}

/** Rows under titles, in columns apart by spaces: for people, and for `awk`. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const grid = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  for (const row of rows) grid.push(columns.map(({ show }) => printable(show(row))));
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** What came from elsewhere must not steer the terminal: control characters show as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A time span with its two largest units, such as `3 min 20 s`; below a second in ms. */
export function duration(ms: number): string {
  const first = UNITS.findIndex(([, size]) => ms >= size);
  if (first < 0) return `${trimmed(ms)} ms`;
  let rest = ms;
  const parts = UNITS.slice(first, first + 2).map(([unit, size]) => {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    return amount > 0 ? `${amount} ${unit}` : '';
  });
  return parts.filter(Boolean).join(' ');
}

/** So many of something: `1 request`, `1,200 requests`. */
export function counted(count: number, one: string): string {
  return `${trimmed(count)} ${one}${count === 1 ? '' : 's'}`;
}

/** A number with thousands apart, and three digits that matter where it is small. */
export function trimmed(value: number): string {
  return value.toLocaleString(
    'en-US',
    value < 100 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  );
}
