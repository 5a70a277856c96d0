import type { WorkerRejection } from './events';
import type { Shared } from './shared';

/** Counts, logs and tells of a message of a broker that was not taken. */
export function reportRejection(shared: Shared, broker: string, rejection: WorkerRejection): void {
  const { counters, events, options, service } = shared;
  counters.rejected++;
  options.logger.warn(
    { event: 'rejected', service, broker, ...rejection },
    'a message of a broker was not taken',
  );
  events.emit('rejected', { broker, rejection });
}
