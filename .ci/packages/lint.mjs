// publint and "are the types wrong": what is wrong with a package before anybody uses it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { each, run } from './processes.mjs';
import { ROOT } from './workspace.mjs';

const ATTW = join(ROOT, 'node_modules', '.bin', 'attw');

/**
 * @param {import('./pack.mjs').Packed[]} packages
 * @throws {Error} with all that they find, suggestions included
 */
export async function lint(packages) {
  const found = await each(packages, async ({ manifest, tarball }) => [
    ...(await lintManifest(tarball)).map((message) => `publint: ${manifest.name}: ${message}`),
    ...(await lintTypes(tarball)).map((problem) => `attw: ${manifest.name}: ${problem}`),
  ]);
  const complaints = found.flat();
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
}

/** @param {string} tarball */
async function lintManifest(tarball) {
  const { buffer, byteOffset, byteLength } = readFileSync(tarball);
  const { messages, pkg } = await publint({
    pack: { tarball: buffer.slice(byteOffset, byteOffset + byteLength) },
    level: 'suggestion',
    strict: true,
  });
  return messages.map((message) => String(formatMessage(message, pkg)));
}

/** @param {string} tarball */
async function lintTypes(tarball) {
  const args = [tarball, '--no-definitely-typed', '--profile', 'strict', '--format', 'ascii', '--no-color'];
  // A package without types, such as a command, has none that are wrong: what must be there, pack.mjs knows.
  return run(ATTW, args).then(
    () => [],
    (error) => [error.message],
  );
}
