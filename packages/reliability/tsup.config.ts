import { defineConfig } from 'tsup';

/**
 * The command, a chunk per subcommand, and the programs of its child processes. Sources of cores are bundled in.
 */
export default defineConfig({
  entry: {
    main: 'src/main.ts',
    'chaos-child': 'src/chaos/child.ts',
    'durable-child': 'src/durable/child.ts',
    'overload-child': 'src/overload/child.ts',
  },
  format: ['esm'],
  dts: false,
  splitting: true,
  sourcemap: true,
  clean: true,
  target: 'node20',
  platform: 'node',
});
