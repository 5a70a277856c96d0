import type { Logger } from '@majordomo/protocol';
import type { BrokerEvent } from '../core/outbound';

/** Which level an event is worth: what an operator should look at is a warning, what is routine is not. */
const LEVELS: Readonly<Record<BrokerEvent['type'], keyof Logger>> = {
  workerRegistered: 'info',
  workerLost: 'info',
  requestRedispatched: 'warn',
  requestExpired: 'warn',
  requestFailed: 'warn',
  replyDropped: 'debug',
  clientGone: 'debug',
  protocolError: 'warn',
  messageRejected: 'warn',
};

const TEXTS: Readonly<Record<BrokerEvent['type'], string>> = {
  workerRegistered: 'worker registered',
  workerLost: 'worker lost',
  requestRedispatched: 'request given to another worker',
  requestExpired: 'request expired: no worker serves it',
  requestFailed: 'request not served',
  replyDropped: 'late reply dropped',
  clientGone: 'client left before its reply',
  protocolError: 'command out of place: peer disconnected',
  messageRejected: 'message rejected',
};

/** Writes what happened in the broker to a logger. */
export function logEvent(logger: Logger, event: BrokerEvent): void {
  const { type, ...fields } = event;
  logger[LEVELS[type]]({ event: type, ...fields }, TEXTS[type]);
}
