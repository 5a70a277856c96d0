import { defineConfig } from 'tsup';

/** The command, and the program of its child processes. */
export default defineConfig({
  entry: {
    main: 'src/main.ts',
    'chaos-child': 'src/chaos/child.ts',
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
