import type { BrokerState } from './call';

/** True where nothing speaks against a broker: it is connected, or has not failed since it last answered. */
export function isHopeful({ connected, failures }: BrokerState): boolean {
  return connected || failures === 0;
}

/** Which broker the next connection goes to. */
export class Brokers {
  readonly all: readonly BrokerState[];
  #next = 0;

  constructor(
    endpoints: readonly string[],
    private readonly backoffMs: (failures: number) => number,
  ) {
    this.all = endpoints.map((endpoint) => ({
      endpoint,
      failures: 0,
      downUntil: 0,
      suspectUntil: 0,
      connected: false,
      links: 0,
      lastFailure: '',
    }));
  }

  /**
   * The next broker in turn that may be connected to and that `fits`. One that failed is tried by one
   * connection alone until that stands.
   */
  take(now: number, fits: (broker: BrokerState) => boolean): BrokerState | undefined {
    for (let step = 0; step < this.all.length; step++) {
      const broker = this.all[(this.#next + step) % this.all.length];
      if (!broker || broker.downUntil > now || !fits(broker)) continue;
      if (broker.links > 0 && !isHopeful(broker)) continue;
      this.#next = (this.#next + step + 1) % this.all.length;
      return broker;
    }
    return undefined;
  }

  /** A connection broke or was never made. Those that break while the broker is waited for are of one outage. */
  failed(broker: BrokerState, reason: string, now: number): void {
    broker.lastFailure = reason;
    if (broker.downUntil > now) return;
    broker.failures++;
    broker.downUntil = now + this.backoffMs(broker.failures);
  }

  /** When the next broker may be connected to again, or `Infinity` where none has to wait. */
  nextAt(now: number): number {
    let soonest = Infinity;
    for (const { downUntil } of this.all) if (downUntil > now) soonest = Math.min(soonest, downUntil);
    return soonest;
  }

  /** Says in words why no reply may have come. */
  describe(): string {
    const unreachable = this.all.filter(({ connected }) => !connected);
    if (unreachable.length < this.all.length) return '';
    const reasons = unreachable.map(
      ({ endpoint, lastFailure }) => `${endpoint}: ${lastFailure || 'connecting'}`,
    );
    return `no broker reachable (${reasons.join(', ')})`;
  }
}
