import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAILURE_CODES, MMI_SERVICES, REJECTION_REASONS } from '../src/index';
import { KIND } from '../src/packed/layout';
import { VECTORS } from './packed/vectors';

const packages = join(__dirname, '../..');
const doc = readFileSync(join(packages, '../docs/PROTOCOL.md'), 'utf8');

/** The part of the document under a heading of the second level. */
function section(title: string): string {
  const start = doc.indexOf(`\n## ${title}\n`);
  expect(start).toBeGreaterThan(0);
  const end = doc.indexOf('\n## ', start + 1);
  return doc.slice(start, end < 0 ? undefined : end);
}

/** The part of the packed dialect's specification under a heading of the third level. */
function subsection(title: string): string {
  const packed = section('MDP/P1, the packed dialect');
  const start = packed.indexOf(`\n### ${title}\n`);
  expect(start).toBeGreaterThan(0);
  const end = packed.indexOf('\n### ', start + 1);
  return packed.slice(start, end < 0 ? undefined : end);
}

/** What stands in code quotes in the first column of the tables of a section. */
function firstColumn(title: string): string[] {
  return [...section(title).matchAll(/^\| `([\w.]+)`/gm)].map(([, name]) => name!);
}

const security = readFileSync(join(packages, '../SECURITY.md'), 'utf8');

/** Every `file › name` in the documents. */
const named = [...`${doc}${security}`.matchAll(/`(\w+\/[\w/.-]+) › ([^`]+)`/g)].map(([, file, name]) => ({
  file: file!,
  name: name!,
}));

test('the document has every rejection reason and no other', () => {
  expect(firstColumn('Messages that are not taken')).toEqual([...REJECTION_REASONS]);
});

test('the document has every management service and no other', () => {
  expect(firstColumn('Management services')).toEqual([...MMI_SERVICES]);
});

test('every attack that the threat model has is shown by a test', () => {
  const table = security.slice(security.indexOf('## What is defended'), security.indexOf('## What is not'));
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !/^\| (Attack|---)/.test(line));
  expect(rows.length).toBeGreaterThan(15);
  expect(rows.filter((row) => !row.includes(' › '))).toEqual([]);
});

test('every test that the document names exists in the file that it names', () => {
  expect(named.length).toBeGreaterThan(100);
  const missing = named.filter(({ file, name }) => {
    const path = join(packages, `${file}.test.ts`);
    if (!existsSync(path)) return true;
    const source = readFileSync(path, 'utf8');
    return !["'", '"', '`'].some((quote) => source.includes(`${quote}${name}${quote}`));
  });
  expect(missing).toEqual([]);
});

test('the counters that requests end in are those that the model of the broker adds up', () => {
  const model = readFileSync(join(packages, 'broker/test/core/world.ts'), 'utf8');
  const [, sum] = /const ended =([^;]+);/.exec(model)!;
  const [, said] = /Of the counters, `requests` =([^.]+) \+\s+those still under way\./.exec(doc)!;
  const added = [...sum!.matchAll(/counters\.(\w+)/g)].map(([, name]) => name);
  expect(added.length).toBeGreaterThan(5);
  expect([...said!.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(added);
});

test.each(['Every rule, and the test that shows it', 'Every rule of MDP/P1, and the test that shows it'])(
  'no row of "%s" is without a test',
  (title) => {
    const rows = section(title)
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (Section|Question|---)/.test(line));
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter((row) => !row.includes(' › '))).toEqual([]);
  },
);

describe('the specification of MDP/P1', () => {
  test('has every kind of record with its number', () => {
    const rows = [...subsection('Records').matchAll(/^\| `([0-9a-f]{2})` +\| ([A-Z]+) /gm)];
    const kinds = Object.fromEntries(
      rows.map(([, number, name]) => [name!.toLowerCase(), Number.parseInt(number!, 16)]),
    );
    expect(kinds).toEqual(KIND);
  });

  test('has every failure code of a broker and no other', () => {
    const codes = [...subsection('Failure codes').matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code);
    expect(codes).toEqual([...FAILURE_CODES]);
  });

  test('has every reason that a test vector is refused for, and no other', () => {
    const reasons = [...subsection('Hostile input').matchAll(/\| `(\w+)` +\|$/gm)].map(
      ([, reason]) => reason,
    );
    const shown = new Set(VECTORS.flatMap(({ rejection }) => rejection ?? []));
    expect([...reasons].sort()).toEqual([...shown, 'empty_message'].sort());
  });
});
