import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const SUFFIX = '?text';

/**
 * Imports like `./page.css?text` give the file as text; of a TypeScript file, what it and its imports are as one script
 * for a browser. `.jest/text.mjs` does the same for tests.
 */
export const textImports: Plugin = {
  name: 'text-imports',
  setup({ esbuild, onLoad, onResolve }) {
    onResolve({ filter: /\?text$/ }, ({ path, resolveDir }) => ({
      // The suffix stays: what tsup does to style sheets is not for these.
      path: join(resolveDir, path),
      namespace: 'text',
    }));
    onLoad({ filter: /.*/, namespace: 'text' }, async ({ path: withSuffix }) => {
      const path = withSuffix.slice(0, -SUFFIX.length);
      if (!path.endsWith('.ts')) return { contents: await readFile(path, 'utf8'), loader: 'text' };
      const { outputFiles } = await esbuild.build({
        entryPoints: [path],
        bundle: true,
        write: false,
        minify: true,
        format: 'esm',
        target: 'es2022',
        legalComments: 'none',
      });
      return { contents: outputFiles[0]?.text ?? '', loader: 'text' };
    });
  },
};
