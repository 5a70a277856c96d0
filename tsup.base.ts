import type { Options } from 'tsup';

/** What every published package builds: ESM and CJS from one entry, with types for both. */
export const library: Options = {
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: true,
  clean: true,
  target: 'node20',
  platform: 'node',
};
