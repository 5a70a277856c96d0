import { defineConfig } from 'tsup';
import { library } from '../../tsup.base';

/** Beside the library, what runs in the threads of a worker with `handlerFile`: nobody imports it. */
export default defineConfig({
  ...library,
  entry: { index: 'src/index.ts', thread: 'src/threads/thread.ts' },
  dts: { entry: 'src/index.ts' },
  shims: true,
});
