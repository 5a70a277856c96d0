import type { Dialect, WorkerToBroker } from '@majordomo/protocol';

/**
 * True for a question that a peer sent before it heard that this broker speaks the packed dialect: a broker that was
 * slow to answer hears it afterwards.
 */
export function isProbe(spoken: Dialect, dialect: Dialect, command: WorkerToBroker): boolean {
  return spoken.packed && !dialect.packed && command.kind === 'heartbeat';
}
