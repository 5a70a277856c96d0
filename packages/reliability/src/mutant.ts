import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/** A bug to be planted: one text of one file, put in the place of another. */
export interface Mutant {
  readonly name: string;
  /** Below the folder that the bug is planted in. */
  readonly file: string;
  /** Occurs there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/**
 * The source of a file below a folder, with a bug planted.
 * @throws Error where the text to be replaced is not there exactly once: the table has to follow the code
 */
export function plantIn(folder: string, { name, file, find, replace }: Mutant): string {
  const source = readFileSync(join(folder, file), 'utf8');
  const count = source.split(find).length - 1;
  if (count !== 1)
    throw new Error(`"${name}": what it replaces is in ${file} ${count} times, and should be once.`);
  return source.replace(find, () => replace);
}

/** Has esbuild take the file of a mutant below a folder with the bug planted, and all others as they are. */
export function planting(folder: string, mutant: Mutant): Plugin {
  const path = join(folder, mutant.file);
  const contents = plantIn(folder, mutant);
  return {
    name: 'plant',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, (args) => (args.path === path ? { contents, loader: 'ts' } : undefined));
    },
  };
}
