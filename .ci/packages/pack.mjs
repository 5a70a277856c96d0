// Tarballs as npm would publish them, and what must and must not be in them.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { each, run } from './processes.mjs';
import { publicPackages, SCOPE } from './workspace.mjs';

/**
 * A package as it would be published; sizes in bytes.
 * @typedef {import('./workspace.mjs').Package & { tarball: string, files: string[], packed: number, unpacked: number }} Packed
 */

/** Where the tarballs of the version before are. */
export const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));

/**
 * Packs all public packages into a folder.
 * @param {string} into
 * @returns {Promise<Packed[]>} each after all that it depends on
 */
export async function pack(into) {
  return each(publicPackages(), async (one) => {
    const json = await run('npm', ['pack', '--json', '--pack-destination', into], { cwd: one.directory });
    const [{ filename, files, size, unpackedSize }] = JSON.parse(json);
    const paths = files.map((/** @type {{ path: string }} */ file) => file.path);
    checkContents(one, paths);
    return { ...one, tarball: join(into, filename), files: paths, packed: size, unpacked: unpackedSize };
  });
}

/**
 * What every tarball has, and what none has.
 * @param {import('./workspace.mjs').Package} package_
 * @param {string[]} files
 */
function checkContents({ manifest }, files) {
  const built =
    manifest.bin === undefined
      ? ['dist/index.js', 'dist/index.cjs', 'dist/index.d.ts', 'dist/index.d.cts']
      : Object.values(manifest.bin).map((path) => path.replace('./', ''));
  for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE', 'package.json', ...built]) {
    if (!files.includes(file)) throw new Error(`${manifest.name} lacks ${file}: is it built, does it exist?`);
  }
  const foreign = files.filter((file) => /^(src|test)\/|\.map$|tsconfig|tsup/.test(file));
  if (foreign.length > 0) throw new Error(`${manifest.name} ships ${foreign.join(', ')}`);
}

/**
 * The tarballs of the version before, as far as there was one.
 * @returns {Map<string, string>} paths by package name
 */
export function previousTarballs() {
  return new Map(
    readdirSync(FIXTURES)
      .filter((file) => file.endsWith('.tgz'))
      .map((file) => [file.replace(/^majordomo-(.+?)-\d+\.\d+\.\d+.*$/, `${SCOPE}$1`), join(FIXTURES, file)]),
  );
}
