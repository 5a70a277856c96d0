import { addressOf, type PartParams } from '../part';

export const QUEUE = 'bench';

/** Jobs that a worker takes at once until it is told how many calls will be in flight. */
export const CONCURRENCY = 100;

/** How long a job may take, in ms. */
export const TIMEOUT_MS = 60_000;

/**
 * Finished jobs go, but for the last ones: `waitUntilFinished` reads the result of a job that was done before it began
 * to wait, and fails where that is gone.
 */
export const JOB_OPTIONS = { removeOnComplete: { count: 5_000 }, removeOnFail: true };

export function connectionOf(params: PartParams): { host: string; port: number; maxRetriesPerRequest: null } {
  return { host: '127.0.0.1', port: Number(addressOf(params)), maxRetriesPerRequest: null };
}
