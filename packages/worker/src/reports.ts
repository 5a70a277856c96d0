import type { Events } from './events';
import type { ResolvedThreadedWorkerOptions, ResolvedWorkerOptions } from './options';
import type { Counters } from './stats';
import type { ThreadWatcher } from './threads/thread-pool';

/** Logs and tells that the event loop was blocked. */
export function loopReporter(
  service: string,
  { logger, heartbeatMs }: ResolvedWorkerOptions,
  events: Events,
): (blockedMs: number) => void {
  return (blockedMs) => {
    logger.warn(
      { event: 'loopBlocked', service, blockedMs, heartbeatMs },
      'the event loop was blocked for longer than the heartbeat interval, and no heartbeat left: brokers give up a ' +
        'worker that is silent for several. A handler that computes for long belongs into threads: see handlerFile',
    );
    events.emit('loopBlocked', { blockedMs });
  };
}

/** Counts, logs and tells what becomes of threads. */
export function threadReporter(
  service: string,
  { logger, abortGraceMs }: ResolvedThreadedWorkerOptions,
  counters: Counters,
  events: Events,
): ThreadWatcher {
  return {
    lost() {
      counters.threadsLost++;
    },
    crashed(error) {
      logger.error({ event: 'threadLost', service, err: error }, 'a thread crashed: another takes its place');
      events.emit('threadLost', { why: 'crashed', error });
    },
    terminated() {
      logger.warn(
        { event: 'threadTerminated', service, abortGraceMs },
        'a handler went on for longer than abortGraceMs after its signal had fired: its thread was ended, another ' +
          'takes its place',
      );
      events.emit('threadLost', { why: 'terminated' });
    },
  };
}
