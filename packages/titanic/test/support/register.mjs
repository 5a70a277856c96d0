// Lets a plain Node process or thread run the sources, as jest does: TypeScript is transpiled as it is required, and
// packages of ours resolve to their sources. For the processes that tests kill, and for the thread of the SQLite store.
import { transformSync } from '@swc/core';
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const OURS = /^@majordomo\/([a-z]+)$/;

/** The hooks that transpilers use have no types. */
const hooks = /** @type {any} */ (Module);

hooks._extensions['.ts'] = (
  /** @type {{ _compile(code: string, filename: string): void }} */ module,
  /** @type {string} */ filename,
) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  });
  module._compile(code, filename);
};

const resolve = hooks._resolveFilename;
hooks._resolveFilename = (/** @type {string} */ request, /** @type {unknown[]} */ ...others) => {
  const [, name] = OURS.exec(request) ?? [];
  const source = name && fileURLToPath(new URL(`../../../${name}/src/index.ts`, import.meta.url));
  return resolve(source ?? request, ...others);
};

/** Runs a source; its path is relative to this file. */
export const run = createRequire(import.meta.url);
