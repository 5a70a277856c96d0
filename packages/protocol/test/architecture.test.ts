import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const packages = join(__dirname, '../..');
const doc = readFileSync(join(packages, '../docs/ARCHITECTURE.md'), 'utf8');

/** The folders whose files have their places in a section of the picture. */
const ROOMS: readonly (readonly [title: string, folders: readonly string[]])[] = [
  ['The rooms of protocol', ['protocol/src', 'protocol/src/dialects', 'protocol/src/packed']],
  ['The rooms of transport', ['transport/src', 'transport/src/curve']],
  ["The rooms of the broker's core", ['broker/src/core']],
  ["The rooms of the broker's shell", ['broker/src/shell']],
  ['The rooms of client and worker', ['client/src', 'client/src/core', 'worker/src', 'worker/src/core']],
  ['The rooms of contracts', ['contracts/src', 'contracts/src/wire']],
  [
    'The rooms of titanic',
    ['titanic/src', 'titanic/src/core', 'titanic/src/store', 'titanic/src/service', 'titanic/src/client'],
  ],
  ['What is seen from outside', ['broker/src/visibility']],
  ['The rooms of the command', ['cli/src']],
  ['The rooms of what tests', ['testing/src']],
];

/** What needs no place: doors, types of what is no code, and the folder of a core, whose files have theirs. */
const PLACELESS = new Set(['index.ts', 'main.ts', 'text-imports.d.ts', 'core']);

/** The part of the document under a heading of the second level, but for its drawings. */
function section(title: string): string {
  const start = doc.indexOf(`\n## ${title}\n`);
  expect(start).toBeGreaterThan(0);
  return doc.slice(start, doc.indexOf('\n## ', start + 1)).replaceAll(/^```[\s\S]*?^```/gm, '');
}

/** What stands in code quotes. */
const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

/** What is quoted or linked to, as the names of files and folders. */
function named(text: string): Set<string> {
  const links = [...text.matchAll(/\(\.\.\/packages\/([^)]+)\)/g)].map(([, path]) => basename(path!));
  return new Set([...quoted(text), ...links].map((name) => name.replace(/(?:\.ts|\/)$/, '')));
}

test.each(ROOMS)('%s: every file has its place', (title, folders) => {
  const names = named(section(title));
  const homeless = folders.flatMap((folder) =>
    readdirSync(join(packages, folder))
      .filter((entry) => !PLACELESS.has(entry) && !names.has(entry.replace(/\.ts$/, '')))
      .map((entry) => `${folder}/${entry}`),
  );
  expect(homeless).toEqual([]);
});

test.each(ROOMS)('%s: every room of a table is there', (title, folders) => {
  const cells = [...section(title).matchAll(/^\| (`[^|]+)\|/gm)].flatMap(([, cell]) => quoted(cell!));
  const missing = cells.filter((name) => {
    const entry = name.endsWith('/') ? name : `${name}.ts`;
    return !folders.some((folder) => existsSync(join(packages, folder, entry)));
  });
  expect(missing).toEqual([]);
});

test('the functions on the path of one request are in the files that it leads through', () => {
  const path = section('The path of one request');
  const files = [...path.matchAll(/\(\.\.\/packages\/([^)]+\.ts)\)/g)].map(([, file]) => file!);
  const sources = files.map((file) => readFileSync(join(packages, file), 'utf8'));
  const functions = quoted(path).filter((name) => /^[A-Z]\w+\.[a-z]\w+$/.test(name));
  expect(functions.length).toBeGreaterThan(15);
  const missing = functions.filter((name) => {
    const [of, method] = name.split('.');
    return !sources.some(
      (source) =>
        new RegExp(`^export (class|interface) ${of}\\b`, 'm').test(source) &&
        new RegExp(`^  ${method}\\(`, 'm').test(source),
    );
  });
  expect(missing).toEqual([]);
});
