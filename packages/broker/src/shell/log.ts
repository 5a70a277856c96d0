import type { Logger } from '@majordomo/protocol';
import type { BrokerEvent } from '../core/outbound';

type EventType = BrokerEvent['type'];

/** Which level an event is worth: what an operator should look at is a warning, what is routine is not. */
export const LEVELS: Readonly<Record<EventType, keyof Logger>> = {
  workerRegistered: 'info',
  workerLost: 'warn',
  requestRedispatched: 'warn',
  requestExpired: 'debug',
  requestFailed: 'warn',
  replyDropped: 'debug',
  workerFailed: 'info',
  clientWelcomed: 'debug',
  clientGone: 'debug',
  protocolError: 'warn',
  messageRejected: 'warn',
  denied: 'warn',
  keyProven: 'debug',
  connectionRefused: 'warn',
};

/** A worker that leaves in peace, or is sent away by a broker that stops, is routine. */
function levelOf(event: BrokerEvent): keyof Logger {
  const routine = event.type === 'workerLost' && ['disconnected', 'broker_closing'].includes(event.reason);
  return routine ? 'info' : LEVELS[event.type];
}

const TEXTS: Readonly<Record<EventType, string>> = {
  workerRegistered: 'worker registered',
  workerLost: 'worker lost',
  requestRedispatched: 'request given to another worker',
  requestExpired: 'request expired before it was served',
  requestFailed: 'request not served',
  replyDropped: 'late reply dropped',
  workerFailed: 'worker answered with a failure',
  clientWelcomed: 'client began a session',
  clientGone: 'client left',
  protocolError: 'command out of place: peer disconnected',
  messageRejected: 'message rejected',
  denied: 'denied by the policy',
  keyProven: 'peer has proven its key',
  connectionRefused: 'connection not let in',
};

/** Lines of one kind in one second; what comes on top is counted, and said in one line. */
const LINES_MAX = 50;
const WINDOW_MS = 1_000;

interface Window {
  readonly startedAt: number;
  lines: number;
}

/**
 * Writes what happens in the broker to a logger. A peer decides how often some events happen, and must not
 * decide how large the log grows: each kind has so many lines a second.
 */
export class EventLog {
  readonly #windows = new Map<EventType, Window>();

  constructor(private readonly logger: Logger) {}

  write(event: BrokerEvent, now: number): void {
    const { type, ...fields } = event;
    let window = this.#windows.get(type);
    if (!window || now - window.startedAt >= WINDOW_MS) {
      this.#close(type);
      window = { startedAt: now, lines: 0 };
      this.#windows.set(type, window);
    }
    if (++window.lines <= LINES_MAX) this.logger[levelOf(event)]({ event: type, ...fields }, TEXTS[type]);
  }

  /** Says what was left out in windows that are over. */
  tick(now: number): void {
    for (const [type, { startedAt }] of this.#windows) {
      if (now - startedAt >= WINDOW_MS) this.#close(type);
    }
  }

  #close(type: EventType): void {
    const unlogged = (this.#windows.get(type)?.lines ?? 0) - LINES_MAX;
    this.#windows.delete(type);
    if (unlogged > 0)
      this.logger[LEVELS[type]]({ event: type, unlogged }, `${TEXTS[type]}, and more like it`);
  }
}
