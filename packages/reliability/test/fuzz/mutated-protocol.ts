import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Protocol } from '../../src/fuzz/channels';
import type { Mutant } from './mutants';

const SOURCES = join(__dirname, '../../../protocol/src');

/** The source with the bug in it. */
function planted({ file, find, replace }: Mutant): string {
  const source = readFileSync(join(SOURCES, file), 'utf8');
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`);
  return parts.join(replace);
}

/** The exports of packages/protocol, built anew with a bug in one of its files, or with none. */
export async function builtProtocol(mutant?: Mutant): Promise<Protocol> {
  const { outputFiles } = await build({
    entryPoints: [join(SOURCES, 'index.ts')],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: ['zod'],
    plugins: [
      {
        name: 'plant',
        setup({ onLoad }) {
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            if (!mutant || path !== join(SOURCES, mutant.file)) return undefined;
            return { contents: planted(mutant), loader: 'ts' };
          });
        },
      },
    ],
  });
  const module: { exports: unknown } = { exports: {} };
  const code = outputFiles[0]?.text ?? '';
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- what was just built from our own sources
  const run = new Function('require', 'module', 'exports', code) as (...of: unknown[]) => void;
  run(require, module, module.exports);
  return module.exports as Protocol;
}
