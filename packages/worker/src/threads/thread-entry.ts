import { InvalidHandlerError } from '@majordomo/protocol';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * The built file that runs in each thread: beside the others of this package, wherever that is installed.
 * @throws InvalidHandlerError where it was left behind, as by a bundler
 */
export function threadEntry(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve('@majordomo/worker/package.json');
    return join(dirname(manifest), 'dist', 'thread.cjs');
  } catch (cause) {
    throw new InvalidHandlerError(
      'The package @majordomo/worker is not installed beside this program, so there is nothing to run in threads. ' +
        'A bundler should leave it out of the bundle (external).',
      { cause },
    );
  }
}
