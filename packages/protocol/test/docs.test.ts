import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MMI_SERVICES, REJECTION_REASONS } from '../src/index';

const packages = join(__dirname, '../..');
const doc = readFileSync(join(packages, '../docs/PROTOCOL.md'), 'utf8');

/** The part of the document under a heading of the second level. */
function section(title: string): string {
  const start = doc.indexOf(`\n## ${title}\n`);
  expect(start).toBeGreaterThan(0);
  const end = doc.indexOf('\n## ', start + 1);
  return doc.slice(start, end < 0 ? undefined : end);
}

/** What stands in code quotes in the first column of the tables of a section. */
function firstColumn(title: string): string[] {
  return [...section(title).matchAll(/^\| `([\w.]+)`/gm)].map(([, name]) => name!);
}

/** Every `file › name` in the document. */
const named = [...doc.matchAll(/`(\w+\/[\w/-]+) › ([^`]+)`/g)].map(([, file, name]) => ({
  file: file!,
  name: name!,
}));

test('the document has every rejection reason and no other', () => {
  expect(firstColumn('Messages that are not taken')).toEqual([...REJECTION_REASONS]);
});

test('the document has every management service and no other', () => {
  expect(firstColumn('Management services')).toEqual([...MMI_SERVICES]);
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

test('no row of the rules is without a test', () => {
  const rows = section('Every rule, and the test that shows it')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (Section|Question|---)/.test(line));
  expect(rows.length).toBeGreaterThan(60);
  expect(rows.filter((row) => !row.includes(' › '))).toEqual([]);
});
