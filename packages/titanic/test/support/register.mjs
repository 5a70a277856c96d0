// Lets a plain Node process or thread run the sources, as jest does: TypeScript is transpiled as it is required, and
// packages of ours resolve to their sources. For the processes that tests kill, and for the thread of the SQLite store.
// A test that starts many processes names a folder of its own in TRANSPILED_TO, where each source is transpiled once.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OURS = /^@majordomo\/([a-z]+)$/;

/** The hooks that transpilers use have no types. */
const hooks = /** @type {any} */ (Module);

hooks._extensions['.ts'] = (
  /** @type {{ _compile(code: string, filename: string): void }} */ module,
  /** @type {string} */ filename,
) => module._compile(kept(filename), filename);

/**
 * The code of a source, from the folder for that where there is one.
 * @param {string} filename
 */
function kept(filename) {
  const folder = process.env['TRANSPILED_TO'];
  if (!folder) return transpile(filename);
  const file = join(folder, createHash('sha256').update(filename).digest('hex'));
  if (!existsSync(file)) {
    // Put into its place whole: other processes are reading.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, transpile(filename));
    renameSync(draft, file);
  }
  return readFileSync(file, 'utf8');
}

/** @param {string} filename */
function transpile(filename) {
  const { transformSync } = run('@swc/core');
  return transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  }).code;
}

const resolve = hooks._resolveFilename;
hooks._resolveFilename = (/** @type {string} */ request, /** @type {unknown[]} */ ...others) => {
  const [, name] = OURS.exec(request) ?? [];
  const source = name && fileURLToPath(new URL(`../../../${name}/src/index.ts`, import.meta.url));
  return resolve(source ?? request, ...others);
};

/** Runs a source; its path is relative to this file. */
export const run = createRequire(import.meta.url);
