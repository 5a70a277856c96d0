import { isHopeful, type Brokers } from './brokers';
import type { BrokerState, Call, Link } from './call';
import { Queue } from './queue';

/** Bounds of the pool. */
export interface PoolSettings {
  readonly socketsMax: number;
  /** How long a socket may be idle before it is closed, in ms. */
  readonly idleSocketMs: number;
}

/** What the pool does to the world; see `ClientEffects`. */
export interface PoolEffects {
  openLink(link: number, endpoint: string): void;
  closeLink(link: number): void;
}

/** A connection that takes longer than this, in ms, is awaited no more where there are other brokers. */
const SLOW_MS = 250;

/**
 * The sockets of a client: which are open, idle or busy, to which broker the next is opened, and when one
 * is closed. It knows nothing of requests but the broker that a call had better avoid.
 */
export class Pool {
  readonly #links = new Map<number, Link>();
  /** Idle sockets, longest idle first. */
  readonly #idle = new Queue<Link>();
  /** Sockets whose connection is awaited, longest awaited first; those that take long are not. */
  readonly #opening = new Queue<Link>();
  #ids = 0;

  constructor(
    private readonly brokers: Brokers,
    private readonly settings: PoolSettings,
    private readonly effects: PoolEffects,
  ) {}

  /** Sockets, opening ones included. */
  get size(): number {
    return this.#links.size;
  }

  /** True where no socket is to be had but by waiting for a busy one. */
  get allTaken(): boolean {
    return this.#opening.length === 0 && this.size >= this.settings.socketsMax;
  }

  get(id: number): Link | undefined {
    return this.#links.get(id);
  }

  /** When `tick` has something to do, in ms, or `Infinity`. */
  get nextWakeAt(): number {
    const idle = this.#idle.first;
    const opening = this.#hasAlternatives ? this.#opening.first : undefined;
    return Math.min(
      idle ? idle.since + this.settings.idleSocketMs : Infinity,
      opening ? opening.since + SLOW_MS : Infinity,
    );
  }

  /** Closes sockets that have been idle for long, and awaits no longer what takes long to connect. */
  tick(now: number): void {
    for (let link = this.#idle.first; link; link = this.#idle.first) {
      if (link.since + this.settings.idleSocketMs > now) break;
      this.drop(link);
    }
    if (this.#hasAlternatives) this.#passOverSlow(now);
  }

  get #hasAlternatives(): boolean {
    return this.brokers.all.length > 1;
  }

  /** A host that is gone without a word lets a connection wait for long: others are tried beside it. */
  #passOverSlow(now: number): void {
    for (let link = this.#opening.first; link; link = this.#opening.first) {
      if (link.since + SLOW_MS > now) break;
      this.#opening.remove(link);
      this.brokers.failed(link.broker, `no connection within ${SLOW_MS} ms`, now);
    }
  }

  /** An idle socket for a call; none where one to a better broker can be had by opening it. */
  idleFor(call: Call, now: number): Link | undefined {
    const good = (broker: BrokerState) => broker !== call.avoid && broker.suspectUntil <= now;
    for (const link of this.#idle) if (good(link.broker)) return link;
    const canOpen = this.size < this.settings.socketsMax || this.#opening.length > 0;
    const better = (broker: BrokerState) => good(broker) && broker.downUntil <= now && isHopeful(broker);
    return canOpen && this.brokers.all.some(better) ? undefined : this.#idle.first;
  }

  /** Opens sockets until as many are on their way as calls wait, as far as bounds and brokers allow. */
  open(wanted: number, avoid: BrokerState | undefined, now: number): void {
    while (this.#opening.length < wanted && this.size < this.settings.socketsMax) {
      const broker =
        this.brokers.take(now, (each) => each !== avoid && each.suspectUntil <= now) ??
        this.brokers.take(now, () => true);
      if (!broker) return;
      this.#openTo(broker, now);
    }
  }

  /**
   * To be called while there is work: a broker that came back gets its share of sockets again, one after the
   * other. Where the pool is full, an idle socket to a broker that has more than its share makes room.
   */
  evenOut(now: number): void {
    if (!this.#hasAlternatives || this.#opening.length > 0) return;
    const share = Math.floor(this.size / this.brokers.all.length);
    const broker = this.brokers.take(now, (each) => each.links < share && each.suspectUntil <= now);
    if (!broker || (this.size >= this.settings.socketsMax && !this.#makeRoom(share))) return;
    this.#openTo(broker, now);
  }

  #makeRoom(share: number): boolean {
    for (const link of this.#idle) {
      if (link.broker.links <= share) continue;
      this.drop(link);
      return true;
    }
    return false;
  }

  #openTo(broker: BrokerState, now: number): void {
    const link: Link = {
      id: ++this.#ids,
      broker,
      state: 'opening',
      call: undefined,
      since: now,
      queue: undefined,
      ahead: undefined,
      behind: undefined,
    };
    this.#links.set(link.id, link);
    this.#opening.push(link);
    broker.links++;
    this.effects.openLink(link.id, broker.endpoint);
  }

  /** A connection stands: its socket is idle. */
  stands(link: Link, now: number): void {
    this.#opening.remove(link);
    this.release(link, now);
  }

  /** An idle socket is a call's own from now on. */
  occupy(link: Link, call: Call): void {
    this.#idle.remove(link);
    link.state = 'busy';
    link.call = call;
  }

  /** A socket is free for the next call. */
  release(link: Link, now: number): void {
    link.state = 'idle';
    link.call = undefined;
    link.since = now;
    this.#idle.push(link);
  }

  /** Closes a socket of our own accord. */
  drop(link: Link): void {
    this.forget(link);
    this.effects.closeLink(link.id);
  }

  dropAll(): void {
    for (const link of [...this.#links.values()]) this.drop(link);
  }

  /** A socket is gone. */
  forget(link: Link): void {
    this.#opening.remove(link);
    this.#idle.remove(link);
    link.state = 'closed';
    link.call = undefined;
    link.broker.links--;
    this.#links.delete(link.id);
  }
}
