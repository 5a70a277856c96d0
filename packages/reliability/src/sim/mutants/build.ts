import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { Mutant } from './table';

/** The folder `packages` of this repository, from wherever in it this runs. */
export function packagesFolder(): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const packages = join(folder, 'packages');
    if (existsSync(join(packages, 'reliability', 'package.json'))) return packages;
    if (folder === dirname(folder))
      throw new Error('The sources are not here: run it inside the repository.');
  }
}

/**
 * The source of a file with a bug planted.
 * @throws Error where the text to be replaced is not there exactly once: the table has to follow the code
 */
export function plant({ name, file, find, replace }: Mutant): string {
  const source = readFileSync(join(packagesFolder(), file), 'utf8');
  const count = source.split(find).length - 1;
  if (count !== 1)
    throw new Error(`"${name}": what it replaces is in ${file} ${count} times, and should be once.`);
  return source.replace(find, () => replace);
}

function planting(mutant: Mutant): Plugin {
  const path = join(packagesFolder(), mutant.file);
  const contents = plant(mutant);
  return {
    name: 'plant',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, (args) => (args.path === path ? { contents, loader: 'ts' } : undefined));
    },
  };
}

/** The simulation as one CommonJS program, with a bug planted where one is given. */
export async function bundle(mutant?: Mutant): Promise<string> {
  const packages = packagesFolder();
  const result = await build({
    entryPoints: [join(packages, 'reliability/src/sim/mutants/subject.ts')],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: ['zod'],
    alias: { '@majordomo/protocol': join(packages, 'protocol/src/index.ts') },
    plugins: mutant ? [planting(mutant)] : [],
    logLevel: 'silent',
  });
  return result.outputFiles[0]?.text ?? '';
}
