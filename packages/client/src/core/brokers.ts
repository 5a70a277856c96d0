import type { DialectName, Protocol } from '@majordomo/protocol';

/** A broker as this client sees it. */
export interface BrokerState {
  readonly endpoint: string;
  /** True where it is found out what it speaks. */
  readonly asked: boolean;
  /** What it speaks; `auto` until that is found. */
  speaks: Protocol;
  /** Until when that holds, in ms, where it is a guess; else `Infinity`. */
  guessedUntil: number;
  /** True once a call was answered in what was guessed. */
  guessHeld: boolean;
  /** When its last connection was closed by us, in ms. */
  leftAt: number;
  /** Outages, one after another, since it last answered. */
  failures: number;
  /** No new connection is tried before this time. */
  downUntil: number;
  /** Others are preferred until this time, because it left a call without reply. */
  suspectUntil: number;
  /** True from its first open connection until it loses the last one, or cannot make another. */
  connected: boolean;
  /** True where it was told that it is down, until it is up. */
  toldDown: boolean;
  /** True while it takes no more requests, and its session ends those under way. */
  draining: boolean;
  links: number;
  lastFailure: string;
  /** True where it did not let us in at the last try, or sent us away: the key, or the lack of one, is not what it wants. */
  unauthorized: boolean;
}

/** What the brokers tell of themselves. */
export interface BrokerEvents {
  brokerUp(endpoint: string): void;
  brokerDown(endpoint: string, reason: string): void;
  /** A broker answered no question: it is taken to speak MDP/0.2 for now. */
  brokerSilent(endpoint: string): void;
}

/** How long a broker that answered nothing is taken to speak {@link GUESS}, in ms; then it is asked again. */
const GUESS_MS = 30_000;
const GUESS: DialectName = 'mdp/0.2';

/** How long it is remembered what a broker speaks once we have closed the last connection to it, in ms. */
const REMEMBER_MS = 30_000;

/** True where nothing speaks against a broker: it is connected, or has not failed since it last answered. */
export function isHopeful({ connected, failures }: BrokerState): boolean {
  return connected || failures === 0;
}

/** True where connections to a broker are sockets for one call each. */
export function isPlain({ speaks }: BrokerState): boolean {
  return speaks !== 'packed' && speaks !== 'auto';
}

/** The brokers: what each speaks, how it fares, and which the next connection goes to. */
export class Brokers {
  readonly all: readonly BrokerState[];
  #next = 0;
  /** Since when it is known that none is connected, in ms. */
  #noneSince: number | undefined;

  constructor(
    endpoints: readonly string[],
    private readonly backoffMs: (failures: number) => number,
    protocol: Protocol,
    private readonly events: BrokerEvents,
  ) {
    this.all = endpoints.map((endpoint) => ({
      endpoint,
      asked: protocol === 'auto',
      speaks: protocol,
      guessedUntil: Infinity,
      guessHeld: false,
      leftAt: 0,
      failures: 0,
      downUntil: 0,
      suspectUntil: 0,
      connected: false,
      toldDown: false,
      draining: false,
      links: 0,
      lastFailure: '',
      unauthorized: false,
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

  /** A connection to it stands, and serves. */
  stands(broker: BrokerState): void {
    broker.unauthorized = false;
    if (broker.connected) return;
    broker.connected = true;
    broker.toldDown = false;
    this.#noneSince = undefined;
    this.events.brokerUp(broker.endpoint);
  }

  /** It sent a reply: all is forgiven. */
  answered(broker: BrokerState): void {
    broker.failures = 0;
    broker.suspectUntil = 0;
    broker.guessHeld = true;
  }

  /** It left a call without reply: others are preferred, and what it speaks is no longer guessed but asked. */
  unanswered(broker: BrokerState, suspectMs: number, now: number): void {
    broker.suspectUntil = now + suspectMs;
    if (broker.guessedUntil !== Infinity && !broker.guessHeld) broker.guessedUntil = now;
  }

  /** A connection broke or was never made. Those that break while the broker is waited for are of one outage. */
  failed(broker: BrokerState, reason: string, now: number): void {
    broker.lastFailure = reason;
    this.#noticeNone(now);
    if (broker.downUntil > now) return;
    broker.failures++;
    broker.downUntil = now + this.backoffMs(broker.failures);
  }

  /** A connection is gone, and no more counted: with the last one goes what was known of it. */
  lost(broker: BrokerState, reason: string, now: number): void {
    this.failed(broker, reason, now);
    if (broker.links === 0 || broker.speaks === 'packed') this.#forget(broker);
    if (broker.links > 0 || broker.toldDown) return;
    broker.connected = false;
    broker.toldDown = true;
    this.#noticeNone(now);
    this.events.brokerDown(broker.endpoint, reason);
  }

  #noticeNone(now: number): void {
    if (this.#noneSince === undefined && this.all.every(({ connected }) => !connected)) this.#noneSince = now;
  }

  /** It was asked what it speaks, and this is the answer. */
  found(broker: BrokerState, verdict: DialectName | 'silent', now: number): void {
    const silent = verdict === 'silent';
    broker.speaks = silent ? GUESS : verdict;
    broker.guessedUntil = silent ? now + GUESS_MS : Infinity;
    broker.guessHeld = false;
    if (silent) {
      this.events.brokerSilent(broker.endpoint);
      return;
    }
    broker.failures = 0;
    broker.downUntil = now;
  }

  /** We closed a connection to it. */
  left(broker: BrokerState, now: number): void {
    if (broker.links === 0) broker.leftAt = now;
  }

  /** What brokers speak is to be found out anew where it was a guess, or long ago. */
  forgetOld(now: number): void {
    for (const broker of this.all) {
      const long = broker.links === 0 && isPlain(broker) && broker.leftAt + REMEMBER_MS <= now;
      if (long || broker.guessedUntil <= now) this.#forget(broker);
    }
  }

  #forget(broker: BrokerState): void {
    if (!broker.asked) return;
    broker.speaks = 'auto';
    broker.guessedUntil = Infinity;
  }

  /** When the next broker may be connected to again, or `Infinity` where none has to wait. */
  nextAt(now: number): number {
    let soonest = Infinity;
    for (const { downUntil } of this.all) if (downUntil > now) soonest = Math.min(soonest, downUntil);
    return soonest;
  }

  /** True where none of them lets us in. */
  get allDeny(): boolean {
    return this.all.every(({ unauthorized }) => unauthorized);
  }

  /** Says in words why no reply may have come. */
  describe(now: number): string {
    const unreachable = this.all.filter(({ connected }) => !connected);
    if (unreachable.length < this.all.length) return '';
    const reasons = unreachable.map(
      ({ endpoint, lastFailure }) => `${endpoint}: ${lastFailure || 'connecting'}`,
    );
    const since = this.#noneSince === undefined ? '' : ` for ${duration(now - this.#noneSince)}`;
    return `no broker reachable${since} (${reasons.join(', ')})`;
  }
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
