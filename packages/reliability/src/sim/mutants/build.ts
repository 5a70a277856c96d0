import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { planting, plantIn, type Mutant } from '../../mutant';

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
 * @throws Error where the text to be replaced is not there exactly once
 */
export function plant(mutant: Mutant): string {
  return plantIn(packagesFolder(), mutant);
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
    plugins: mutant ? [planting(packages, mutant)] : [],
    logLevel: 'silent',
  });
  return result.outputFiles[0]?.text ?? '';
}
