import { defineConfig } from 'tsup';

/** The command, and the program of its child processes: a chunk per peer, so that each loads its own libraries only. */
export default defineConfig({
  entry: ['src/main.ts', 'src/child.ts'],
  format: ['esm'],
  dts: false,
  splitting: true,
  sourcemap: true,
  clean: true,
  target: 'node20',
  platform: 'node',
});
