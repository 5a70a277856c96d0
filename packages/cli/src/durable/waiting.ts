import { isMajordomoError } from '@majordomo/protocol';
import type { Result, TitanicClient } from '@majordomo/titanic';
import { CliError, EXIT } from '../exit';
import { duration } from '../format';
import { showProgress } from './progress';

/**
 * Waits for the end of a request, and shows the progress of its worker meanwhile.
 * @param waitMaxMs - how long at the most; for ever where it is `undefined`
 * @throws CliError where it has not ended by then; the request goes on
 */
export async function awaitOutcome(
  titanic: TitanicClient,
  id: string,
  waitMaxMs: number | undefined,
): Promise<Result> {
  const startedAt = performance.now();
  const end = showProgress(() => titanic.status(id));
  try {
    return await titanic.outcome(id, waitMaxMs === undefined ? {} : { timeoutMs: waitMaxMs });
  } catch (error) {
    const isOver = waitMaxMs !== undefined && performance.now() - startedAt >= waitMaxMs;
    if (!isOver || !isMajordomoError(error, 'TIMEOUT')) throw error;
    throw new CliError(
      EXIT.timeout,
      `request ${id} has no reply after ${duration(waitMaxMs)}; it goes on: majordomo result ${id} --wait`,
      { cause: error },
    );
  } finally {
    end();
  }
}
