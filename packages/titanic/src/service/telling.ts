import type { Logger } from '@majordomo/protocol';
import type { Verdict } from '../core/judge';
import type { Terms } from '../core/terms';
import type { Claimed, NewRequest } from '../store/store';

/** What is said of a delivery that came to nothing. */
export interface Said {
  readonly service: string;
  readonly id: string;
  readonly attempt: number;
  readonly traceparent?: string | undefined;
  readonly code?: string | undefined;
  readonly workerCode?: string | undefined;
  readonly message?: string | undefined;
}

/** Says in the log what becomes of a request whose delivery came to nothing. */
export function tellFailed(logger: Logger, outcome: Verdict['outcome'], said: Said): void {
  switch (outcome) {
    case 'die':
      logger.warn({ event: 'requestDead', ...said }, 'a request is a dead letter');
      break;
    case 'expire':
      logger.info({ event: 'requestExpired', ...said }, 'a request has outlived its time');
      break;
    case 'retry':
      logger.info({ event: 'deliveryFailed', ...said }, 'a delivery failed: it is tried again');
      break;
    case 'release':
      logger.debug({ event: 'deliveryReleased', ...said }, 'a delivery did not take place');
  }
}

/** Says in the log that a schedule was due. */
export function tellFired(
  logger: Logger,
  { id }: Claimed,
  { cron }: Terms,
  { requests, dueAt }: { readonly requests: readonly NewRequest[]; readonly dueAt: number | undefined },
): void {
  const made = requests.map((request) => request.id);
  logger.debug(
    { event: 'scheduleFired', service: cron?.service, id, requests: made, nextAt: dueAt },
    'a schedule was due',
  );
}

/**
 * Says in the log that requests are taken up whose titanic was lost.
 * @param services - of each of them
 */
export function tellRegained(logger: Logger, services: readonly string[]): void {
  logger.warn(
    { event: 'leasesRegained', requests: services.length, services: [...new Set(services)].slice(0, 10) },
    'requests of a titanic that was lost wait again',
  );
}

/** Says in the log that deliveries took longer than the time for draining. */
export function tellGivenBack(logger: Logger, requests: number, drainTimeoutMs: number): void {
  logger.warn(
    { event: 'drainTimedOut', requests, drainTimeoutMs },
    'deliveries were still under way when the time for draining was up: they are given back',
  );
}
