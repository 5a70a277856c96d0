// Gives imports like `./page.css?text` to tests as tsup.text.ts gives them to the build.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { buildSync } from 'esbuild';

/** @param {string} path */
function textOf(path) {
  if (!path.endsWith('.ts')) return readFileSync(path, 'utf8');
  const { outputFiles } = buildSync({
    entryPoints: [path],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
  });
  return outputFiles[0]?.text ?? '';
}

export default {
  /** @param {string} _source @param {string} path */
  process(_source, path) {
    return { code: `exports.__esModule = true; exports.default = ${JSON.stringify(textOf(path))};` };
  },
  /** What a script imports belongs to its text. @param {string} _source @param {string} path */
  getCacheKey(_source, path) {
    return createHash('sha256').update(textOf(path)).digest('hex');
  },
};
