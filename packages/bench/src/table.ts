/** One column of a table: its title, and what it shows of a row. */
export interface Column<Row> {
  readonly title: string;
  /** Numbers stand to the right. Default: left. */
  readonly align?: 'right';
  readonly show: (row: Row) => string;
}

/** Rows under titles, in columns two spaces apart. */
export function textTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const grid = cells(columns, rows);
  const widths = columns.map((_, at) => Math.max(...grid.map((line) => line[at]!.length)));
  return grid
    .map((line) => line.map((cell, at) => padded(cell, widths[at]!, columns[at]!.align)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

/** The same as a table in markdown. */
export function markdownTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const [head = [], ...body] = cells(columns, rows);
  const rule = columns.map(({ align }) => (align === 'right' ? '---:' : '---'));
  return [head, rule, ...body].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function cells<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[][] {
  return [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ show }) => show(row)))];
}

function padded(cell: string, width: number, align: 'right' | undefined): string {
  return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
}
