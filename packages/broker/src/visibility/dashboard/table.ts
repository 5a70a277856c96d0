import { make, write } from './dom';

/** One column of a live table. */
export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** What the title stands for, where it is short. */
  readonly says?: string;
  readonly align?: 'end';
  /** False for columns that go first where there is little room. */
  readonly always?: boolean;
  /** What it is sorted by; a column without cannot be sorted by. Where no column can, rows stay in the order given. */
  readonly by?: (row: Row) => number | string;
  /** Fills a cell that is new. */
  readonly fill?: (cell: HTMLElement) => void;
  /** Shows a row in a cell that may have shown it before. */
  readonly show: (cell: HTMLElement, row: Row) => void;
}

/** A column of text. */
export function textColumn<Row>(
  column: Omit<Column<Row>, 'show'> & { readonly text: (row: Row) => string },
): Column<Row> {
  return { ...column, show: (cell, row) => write(cell, column.text(row)) };
}

interface Line {
  readonly element: HTMLTableRowElement;
  readonly cells: readonly HTMLElement[];
}

/**
 * A table whose rows stay what they are while their contents change. Cells are written where they differ, rows are moved
 * where the order does, and not while somebody points at them or has the focus among them.
 */
export class LiveTable<Row> {
  readonly #head: HTMLTableRowElement;
  readonly #body: HTMLTableSectionElement;
  readonly #lines = new Map<string, Line>();
  #order: string[] = [];
  #sorted: Column<Row>;
  #descending = false;
  #rows: readonly Row[] = [];

  /**
   * @param keyOf - tells rows apart
   * @param rowsMax - rows shown at the most
   */
  constructor(
    table: HTMLTableElement,
    private readonly columns: readonly [Column<Row>, ...Column<Row>[]],
    private readonly keyOf: (row: Row) => string,
    private readonly rowsMax: number,
  ) {
    this.#sorted = columns[0];
    this.#head = table.createTHead().insertRow();
    this.#body = table.createTBody();
    for (const column of columns) this.#head.append(this.#header(column));
    this.#mark();
  }

  #header(column: Column<Row>): HTMLElement {
    const cell = make('th', classOf(column));
    cell.scope = 'col';
    if (!column.by) {
      cell.textContent = column.title;
      if (column.says) cell.title = column.says;
      return cell;
    }
    const button = make('button', '', column.title);
    button.type = 'button';
    if (column.says) button.title = column.says;
    button.addEventListener('click', () => this.#sortBy(column));
    cell.append(button);
    return cell;
  }

  #sortBy(column: Column<Row>): void {
    this.#descending = this.#sorted === column ? !this.#descending : column.align === 'end';
    this.#sorted = column;
    this.#mark();
    this.#arrange(this.#rows);
    this.update(this.#rows);
  }

  #mark(): void {
    if (!this.#isSortable) return;
    for (const [n, cell] of [...this.#head.cells].entries()) {
      if (this.columns[n] === this.#sorted) cell.ariaSort = this.#descending ? 'descending' : 'ascending';
      else cell.removeAttribute('aria-sort');
    }
  }

  get #isSortable(): boolean {
    return this.columns.some(({ by }) => by);
  }

  /** Rows that are shown. */
  get shown(): number {
    return this.#lines.size;
  }

  /** Shows these rows, the first so many of them in the order that was asked for. */
  update(rows: readonly Row[]): void {
    this.#rows = rows;
    const byKey = new Map(rows.map((row) => [this.keyOf(row), row]));
    const changed = this.#order.length !== Math.min(rows.length, this.rowsMax);
    const gone = this.#order.some((key) => !byKey.has(key));
    if (changed || gone || !this.#body.matches(':hover, :focus-within')) this.#arrange(rows);
    for (const [key, { cells }] of this.#lines) {
      const row = byKey.get(key);
      if (row) for (const [n, cell] of cells.entries()) this.columns[n]?.show(cell, row);
    }
  }

  #arrange(rows: readonly Row[]): void {
    const { by } = this.#sorted;
    const sign = this.#descending ? -1 : 1;
    const compare = (left: Row, right: Row): number =>
      (by ? sign * order(by(left), by(right)) : 0) || order(this.keyOf(left), this.keyOf(right));
    const sorted = this.#isSortable ? [...rows].sort(compare) : rows;
    const wanted = sorted.slice(0, this.rowsMax).map(this.keyOf);
    const staying = new Set(wanted);
    for (const [key, { element }] of this.#lines) {
      if (staying.has(key)) continue;
      element.remove();
      this.#lines.delete(key);
    }
    let next: ChildNode | null = this.#body.firstChild;
    for (const key of wanted) {
      const line = this.#lines.get(key) ?? this.#newLine(key);
      if (line.element === next) next = next.nextSibling;
      else this.#body.insertBefore(line.element, next);
    }
    this.#order = wanted;
  }

  #newLine(key: string): Line {
    const element = make('tr');
    const cells = this.columns.map((column, n) => {
      const cell = make(n === 0 ? 'th' : 'td', classOf(column));
      if (n === 0) cell.setAttribute('scope', 'row');
      column.fill?.(cell);
      element.append(cell);
      return cell;
    });
    const line = { element, cells };
    this.#lines.set(key, line);
    return line;
  }
}

function classOf<Row>({ key, align, always }: Column<Row>): string {
  return `c-${key}${align === 'end' ? ' end' : ''}${always === false ? ' extra' : ''}`;
}

const collator = new Intl.Collator('en', { numeric: true });

function order(left: number | string, right: number | string): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return collator.compare(String(left), String(right));
}
