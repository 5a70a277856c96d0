// Run by `lerna version` once it has written the changelogs, before it commits them: what was written by hand under
// "Unreleased" moves into the new version, before the list of commits that lerna has made.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allPackages, ROOT } from '../packages/workspace.mjs';

const UNRELEASED = /^## Unreleased\n([\s\S]*?)(?=^## |(?![\s\S]))/m;

/**
 * @param {string} text a changelog, the newest version on top
 * @param {string} version the newest one
 * @returns {string} the same without "Unreleased"
 * @throws {Error} where there is something unreleased, and no such version
 */
export function fold(text, version) {
  const written = UNRELEASED.exec(text);
  if (written === null) return text;
  const rest = text.replace(UNRELEASED, '');
  const heading = new RegExp(String.raw`^##? \[?${version.replaceAll('.', String.raw`\.`)}\b.*\n`, 'm');
  if (!heading.test(rest)) throw new Error(`a changelog has "Unreleased", and no heading of ${version}`);
  const summary = String(written[1]).trim();
  return rest.replace(heading, (line) => (summary === '' ? line : `${line}\n${summary}\n`));
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
