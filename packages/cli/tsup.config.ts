import { defineConfig } from 'tsup';

/** The command alone, as ESM: a chunk per subcommand, so that `--help` loads none of them. */
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
