import type { Shared } from './shared';

/**
 * What a worker's sessions with one broker amount to: registered with the first of them, lost with the
 * last. A broker that cannot be reached is reported once, not with every try of every session.
 */
export class BrokerPresence {
  readonly broker: string;
  readonly #shared: Shared;
  readonly #sessions = new Set<object>();
  #reported = false;

  constructor(broker: string, shared: Shared) {
    this.broker = broker;
    this.#shared = shared;
  }

  /** Sessions registered now. */
  get registered(): number {
    return this.#sessions.size;
  }

  /** A session said READY, for the first time or anew. */
  arrived(session: object): void {
    const first = this.#sessions.size === 0;
    this.#sessions.add(session);
    if (!first) return;
    const { broker } = this;
    const { events, options, service } = this.#shared;
    this.#reported = false;
    options.logger.info({ event: 'registered', service, broker }, 'registered with a broker');
    events.emit('registered', { broker });
  }

  /** A session has no connection, whether or not it had one before. */
  lost(session: object, reason: string): void {
    const { broker } = this;
    const { events, options, service } = this.#shared;
    const wasLast = this.#sessions.delete(session) && this.#sessions.size === 0;
    if (wasLast || (this.#sessions.size === 0 && !this.#reported)) {
      options.logger.warn(
        { event: 'lost', service, broker, reason },
        'not connected to a broker: trying until it is back',
      );
      this.#reported = true;
    } else {
      options.logger.debug(
        { event: 'sessionLost', service, broker, reason },
        'a session is not connected to its broker',
      );
    }
    if (wasLast) events.emit('lost', { broker, reason });
  }

  /** A session left of its own will. */
  left(session: object): void {
    this.#sessions.delete(session);
  }
}
