import { REJECTION_REASONS, type RejectionReason } from '@majordomo/protocol';

/** What the broker counts since its start. */
export interface Counters {
  /** Requests that arrived for services of workers. */
  requests: number;
  /** Requests that the broker answered itself (`mmi.*`). */
  managementRequests: number;
  /** Requests given to workers, again after a loss included. */
  dispatched: number;
  /** Requests given to another worker because theirs was lost. */
  redispatched: number;
  /** PARTIALs of workers. */
  partials: number;
  /** Requests answered: final replies sent to clients. */
  answered: number;
  /** Requests not taken because a bound was reached: of a queue, of the broker, of a reply or of a worker. */
  refused: number;
  /** Requests not taken because the broker was draining. */
  refusedDraining: number;
  /** Requests that waited for longer than they may: than their own deadline, or for a service without workers. */
  expired: number;
  /** Requests not taken because they asked to fail fast and no worker was registered. */
  unserved: number;
  /** Requests that their clients cancelled. */
  cancelled: number;
  /** Requests that their workers failed at. */
  failed: number;
  /** Requests given up because their PARTIALs were not read in time. */
  overflowed: number;
  /** Requests whose attempts were used up. */
  exhausted: number;
  /** Requests whose client left before the end. */
  withdrawn: number;
  /** Replies to requests that had ended. */
  repliesDropped: number;
  /** Packed sessions begun by clients. */
  clientsWelcomed: number;
  workersRegistered: number;
  workersLost: number;
  /** Valid commands out of place, each answered with DISCONNECT. */
  protocolErrors: number;
}

/** All counters at zero. */
export function newCounters(): Counters {
  return {
    requests: 0,
    managementRequests: 0,
    dispatched: 0,
    redispatched: 0,
    partials: 0,
    answered: 0,
    refused: 0,
    refusedDraining: 0,
    expired: 0,
    unserved: 0,
    cancelled: 0,
    failed: 0,
    overflowed: 0,
    exhausted: 0,
    withdrawn: 0,
    repliesDropped: 0,
    clientsWelcomed: 0,
    workersRegistered: 0,
    workersLost: 0,
    protocolErrors: 0,
  };
}

/** Messages not taken, by reason. */
export type RejectionCounts = Record<RejectionReason, number>;

/** Every reason at zero. */
export function newRejectionCounts(): RejectionCounts {
  const counts: Partial<RejectionCounts> = {};
  for (const reason of REJECTION_REASONS) counts[reason] = 0;
  return counts as RejectionCounts;
}
