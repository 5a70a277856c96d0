import { isMajordomoError } from '@majordomo/protocol';
import { commonExitCode, exitCodeOf, type ExitCode } from '../exit';
import { complain } from '../output';
import { startProgressOfMany } from '../request/progress';

/**
 * Does the same to each of several requests, one after another. What cannot be done to one is complained of, and the
 * others are done all the same.
 * @throws CliError where nobody answers: then there is no use in going on
 */
export async function forEachId(
  ids: readonly string[],
  act: (id: string) => Promise<void>,
): Promise<ExitCode> {
  const failures: ExitCode[] = [];
  const bar = startProgressOfMany(ids.length);
  try {
    for (const [index, id] of ids.entries()) {
      try {
        await act(id);
      } catch (error) {
        if (!isMajordomoError(error, 'REQUEST_UNKNOWN') && !isMajordomoError(error, 'REQUEST_TAKEN'))
          throw error;
        complain(error.message);
        failures.push(exitCodeOf(error));
      }
      bar.update(index + 1);
    }
  } finally {
    bar.stop();
  }
  return commonExitCode(failures);
}
