import type { LogMethod, Logger } from '@majordomo/protocol';

/** What a client or a worker says of a broker. */
interface Line {
  readonly event?: unknown;
  /** Of a worker. */
  readonly service?: string;
  readonly broker?: string;
  /** Of a client. */
  readonly endpoint?: string;
  readonly reason?: unknown;
}

/**
 * A logger for the client and the workers of a titanic. Each of them says by itself that a broker is lost, or there
 * again; here it is said once for all of them, and what each says is for debugging.
 */
export function brokerLines(logger: Logger): Logger {
  /** Who has lost each broker: services, and the client, which has no name. */
  const lost = new Map<string, Set<string>>();
  const silent = new Set<string>();
  /** What takes the lines of others. */
  const to = logger;
  const debug: LogMethod = (fields, message) => to.debug(fields, message);

  const warn: LogMethod = (fields, message) => {
    const { event, service = '', broker, endpoint, reason } = fields as Line;
    const place = broker ?? endpoint ?? '';
    if (event === 'lost' || event === 'brokerDown') {
      const those = lost.get(place) ?? new Set();
      if (those.size === 0) {
        logger.warn(
          { event: 'brokerLost', broker: place, reason },
          'a broker is lost, or cannot be reached: trying until it is there',
        );
        silent.delete(place);
      }
      lost.set(place, those.add(service));
      debug(fields, message);
    } else if (event === 'brokerSilent' && silent.has(place)) {
      debug(fields, message);
    } else {
      if (event === 'brokerSilent') silent.add(place);
      to.warn(fields, message);
    }
  };

  const info: LogMethod = (fields, message) => {
    const { event, service = '', broker, endpoint } = fields as Line;
    if (event !== 'registered' && event !== 'brokerUp') {
      to.info(fields, message);
      return;
    }
    lost.get(broker ?? endpoint ?? '')?.delete(service);
    debug(fields, message);
  };

  return { debug, info, warn, error: (fields, message) => to.error(fields, message) };
}
