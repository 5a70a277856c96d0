import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The built file that runs in each thread: beside the others of this package, wherever it is installed. */
export function threadEntry(): string {
  const manifest = createRequire(import.meta.url).resolve('@majordomo/worker/package.json');
  return join(dirname(manifest), 'dist', 'thread.cjs');
}
