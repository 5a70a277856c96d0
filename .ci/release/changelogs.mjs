// Run by `lerna version` once it has written the changelogs, before it commits them: what was written by hand under
// "Unreleased" moves into the new version, before the list of commits that lerna has made.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allPackages, ROOT } from '../packages/workspace.mjs';

const UNRELEASED = /^## Unreleased\n([\s\S]*?)(?=^## |(?![\s\S]))/m;
/** Lerna writes a head of its own above one that differs. */
const HEAD = /^# Change ?log\n+/gim;

/**
 * @param {string} text a changelog, the newest version on top
 * @param {string} version the newest one
 * @returns {string} the same with one head and nothing unreleased
 * @throws {Error} where there is something unreleased, and no such version
 */
export function fold(text, version) {
  let heads = 0;
  const once = text.replace(HEAD, (head) => (heads++ === 0 ? head : ''));
  const written = UNRELEASED.exec(once);
  if (written === null) return once;
  const escaped = version.replaceAll('.', String.raw`\.`);
  const newest = new RegExp(String.raw`^(##? \[?${escaped}\b.*\n)([\s\S]*?)(?=^##? |(?![\s\S]))`, 'm');
  const rest = once.replace(UNRELEASED, '');
  if (!newest.test(rest)) throw new Error(`a changelog has "Unreleased", and no heading of ${version}`);
  const summary = String(written[1]).trim();
  if (summary === '') return rest;
  return rest.replace(newest, (_, heading, commits) =>
    [heading, summary, '### Commits', commits.trim().replaceAll(/^### /gm, '#### '), ''].join('\n\n'),
  );
}

if (process.argv[1] === import.meta.filename) {
  for (const { directory, manifest } of allPackages(ROOT)) {
    const path = join(directory, 'CHANGELOG.md');
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8');
    // Packages that are not part of this release keep what is unreleased.
    if (!text.includes(` ${manifest.version} (`) && !text.includes(`[${manifest.version}]`)) continue;
    writeFileSync(path, fold(text, manifest.version));
  }
}
