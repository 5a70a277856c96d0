import { defineConfig } from 'tsup';
import { library } from '../../tsup.base';

/** The library, and the thread that its SQLite store runs in: found beside it, so it has a file of its own. */
export default defineConfig({
  ...library,
  entry: { index: 'src/index.ts', 'sqlite-thread': 'src/store/sqlite/thread.ts' },
  // `import.meta.url`, by which the thread is found, in the CommonJS build as well.
  shims: true,
});
