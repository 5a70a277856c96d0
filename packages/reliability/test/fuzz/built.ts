import type { Broker } from '@majordomo/broker';
import { build } from 'esbuild';
import { join } from 'node:path';
import { textImports } from '../../../../tsup.text';
import type { Protocol } from '../../src/fuzz/channels';
import { planting, type Mutant } from '../../src/mutant';

const PACKAGES = join(__dirname, '../../..');
const SCOPE = '@majordomo/';

/** The exports of a package of ours, built anew from the sources with a bug in one file, or with none. */
async function built(name: string, mutant?: Mutant): Promise<unknown> {
  const sources = join(PACKAGES, name, 'src');
  const { outputFiles } = await build({
    entryPoints: [join(sources, 'index.ts')],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    plugins: [
      textImports,
      {
        name: 'our-packages',
        setup({ onResolve }) {
          onResolve({ filter: /^[a-z@]/ }, ({ path, kind }) => {
            if (kind === 'entry-point') return undefined;
            if (!path.startsWith(SCOPE)) return { path, external: true };
            return { path: join(PACKAGES, path.slice(SCOPE.length), 'src/index.ts') };
          });
        },
      },
      ...(mutant ? [planting(sources, mutant)] : []),
    ],
  });
  const module: { exports: unknown } = { exports: {} };
  const code = outputFiles[0]?.text ?? '';
  const run = new Function('require', 'module', 'exports', code) as (...of: unknown[]) => void;
  run(require, module, module.exports);
  return module.exports;
}

/** The codec with a bug in it, or with none. */
export async function builtProtocol(mutant?: Mutant): Promise<Protocol> {
  return (await built('protocol', mutant)) as Protocol;
}

/** The broker with a bug in it, or with none. */
export async function builtBroker(mutant?: Mutant): Promise<typeof Broker> {
  return ((await built('broker', mutant)) as { Broker: typeof Broker }).Broker;
}
