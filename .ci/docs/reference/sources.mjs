// The sources, loaded as they stand: nothing has to be built before.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../documents.mjs';

/** @typedef {typeof import('./entry')} Sources */

/**
 * A command is loaded when it is run, and nobody runs one here.
 * @type {import('esbuild').Plugin}
 */
const withoutCommands = {
  name: 'without-commands',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

/** @returns {Promise<Sources>} */
export async function loadSources() {
  const { outputFiles } = await build({
    entryPoints: [join(root, '.ci/docs/reference/entry.ts')],
    tsconfig: join(root, 'tsconfig.json'),
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
    plugins: [withoutCommands],
  });
  const module = { exports: {} };
  const run = new Function('require', 'module', 'exports', outputFiles[0]?.text ?? '');
  run(createRequire(join(root, 'package.json')), module, module.exports);
  return /** @type {Sources} */ (module.exports);
}
