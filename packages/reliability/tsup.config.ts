import { defineConfig } from 'tsup';

/** The command; each of its commands is a chunk, loaded when it is run. */
export default defineConfig({
  entry: ['src/main.ts'],
  format: ['esm'],
  dts: false,
  splitting: true,
  sourcemap: true,
  clean: true,
  target: 'node20',
  platform: 'node',
});
