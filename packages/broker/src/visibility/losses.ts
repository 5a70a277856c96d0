import { WORKER_LOST_REASONS, type WorkerLostReason } from '../core/records';

/** Every reason at zero. */
export function newLosses(): Record<WorkerLostReason, number> {
  return Object.fromEntries(WORKER_LOST_REASONS.map((reason) => [reason, 0])) as Record<
    WorkerLostReason,
    number
  >;
}
