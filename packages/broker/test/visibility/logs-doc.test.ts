import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEVELS } from '../../src/shell/log';

const ROOT = join(__dirname, '../../../..');
const doc = readFileSync(join(ROOT, 'docs/LOGS.md'), 'utf8');

/** The sources of a package, one after the other. */
function sourcesOf(name: string): string {
  const folder = join(ROOT, 'packages', name, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  return files.map((path) => readFileSync(join(folder, path), 'utf8')).join('\n');
}

/** Every call of a logger in a package: its level, and the event that it names. */
function linesOf(name: string): { level: string; event: string | undefined }[] {
  const calls = sourcesOf(name).matchAll(
    /\blogger\s*\.(debug|info|warn|error)\(\s*(?:\{\s*event: '(\w+)')?/g,
  );
  return [...calls].map(([, level, event]) => ({ level: level ?? '', event }));
}

/** `event level` of every row in the section of the document. */
function rowsOf(section: string): string[] {
  const text = doc.split(/^## /m).find((part) => part.startsWith(section)) ?? '';
  return [...text.matchAll(/^\| `(\w+)` +\| (\w+) +\|/gm)]
    .map(([, event, level]) => `${event} ${level}`)
    .sort();
}

const PACKAGES = [
  ['broker', 'The broker'],
  ['client', 'The client'],
  ['worker', 'The worker'],
  ['titanic', 'Titanic'],
  ['cli', 'The command'],
] as const;

test.each(PACKAGES)('every line that the %s logs names its event', (name) => {
  expect(linesOf(name).length).toBeGreaterThan(0);
  expect(linesOf(name).filter(({ event }) => event === undefined)).toEqual([]);
});

test.each(PACKAGES)(
  'the events of the %s are in the document with their levels, and no others',
  (name, section) => {
    const own = name === 'broker' ? Object.entries(LEVELS).map(([event, level]) => ({ event, level })) : [];
    const worst = new Map<string, string>();
    const order = ['debug', 'info', 'warn', 'error'];
    for (const { event = '', level } of [...own, ...linesOf(name)]) {
      const before = worst.get(event);
      if (before === undefined || order.indexOf(level) > order.indexOf(before)) worst.set(event, level);
    }
    expect(rowsOf(section)).toEqual([...worst].map(([event, level]) => `${event} ${level}`).sort());
  },
);
