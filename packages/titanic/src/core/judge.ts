import { backoffMs } from '@majordomo/protocol';
import type { Rules } from './terms';

/** Why a delivery came to nothing, as it is stored and told. */
export interface Failure {
  /** The code of an error of ours, or `LEASE_LOST`. */
  readonly code: string;
  readonly message: string;
  /** The service's own code, where the worker said that it failed. */
  readonly workerCode?: string | undefined;
  readonly retryable?: boolean | undefined;
  /** True where nobody served the service: the request never reached a worker. */
  readonly absent?: boolean | undefined;
}

/** What of the request matters for its fate. */
export interface Attempt {
  /** This one included. */
  readonly attempts: number;
  readonly expiresAt: number | undefined;
  readonly rules: Rules;
}

/** What becomes of the request, and what that says of its service. */
export interface Verdict {
  readonly outcome: 'retry' | 'release' | 'die' | 'expire';
  /** When it is tried again; of `retry` only. */
  readonly dueAt: number;
  readonly health: 'answered' | 'failed' | 'absent' | undefined;
}

/** It certainly reached no worker, and may well the next time. */
const NOT_DELIVERED = new Set(['NO_WORKER', 'QUEUE_FULL', 'EXPIRED']);
/** We ended it ourselves. */
const WITHDRAWN = new Set(['ABORTED', 'CLOSED']);
/** It can never be sent as it is. */
const UNSENDABLE = new Set(['INVALID_BODY', 'INVALID_OPTIONS', 'INVALID_SERVICE', 'MESSAGE_TOO_LARGE']);

/**
 * What becomes of a request whose delivery came to nothing.
 * @param random - from 0 to below 1
 */
export function judge(failure: Failure, attempt: Attempt, now: number, random: number): Verdict {
  const { attempts, expiresAt = Infinity, rules } = attempt;
  const verdict = (outcome: Verdict['outcome'], health: Verdict['health'], dueAt = 0): Verdict => ({
    outcome,
    health,
    dueAt,
  });
  const isOver = now >= expiresAt;
  if (failure.absent || NOT_DELIVERED.has(failure.code))
    return verdict(isOver ? 'expire' : 'release', 'absent');
  if (WITHDRAWN.has(failure.code)) return verdict(isOver ? 'expire' : 'release', undefined);
  if (UNSENDABLE.has(failure.code)) return verdict('die', undefined);
  if (failure.code === 'WORKER_FAILED' && !failure.retryable) return verdict('die', 'answered');
  if (attempts >= rules.attempts) return verdict('die', 'failed');
  const dueAt = now + Math.round(backoffMs(attempts, rules.backoff, random));
  return dueAt >= expiresAt ? verdict('expire', 'failed') : verdict('retry', 'failed', dueAt);
}
