import type { WorkerRecord } from '../core/records';

/**
 * - `idle`: holds no request.
 * - `busy`: holds requests, and takes more.
 * - `full`: holds as many as it takes.
 * - `draining`: finishes what it holds, and takes no more.
 */
export const WORKER_STATES = ['idle', 'busy', 'full', 'draining'] as const;

export type WorkerState = (typeof WORKER_STATES)[number];

export function stateOf({ draining, held, credit }: WorkerRecord): WorkerState {
  if (draining) return 'draining';
  if (held.size === 0) return 'idle';
  return held.size < credit ? 'busy' : 'full';
}
