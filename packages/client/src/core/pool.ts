import type { Protocol } from '@majordomo/protocol';
import { isPlain, type BrokerState, type Brokers } from './brokers';
import type { Call } from './call';
import { PlainLink } from './plain-link';
import { Queue } from './queue';
import type { Sockets } from './sockets';

/** Bounds of the pool. */
export interface PoolSettings {
  readonly socketsMax: number;
  /** How long a socket may be idle before it is closed, in ms. */
  readonly idleSocketMs: number;
}

/** What the pool does to the world; see `ClientEffects`. */
export interface PoolEffects {
  openLink(link: number, endpoint: string, speak: Protocol): void;
  closeLink(link: number): void;
}

/** A connection that takes longer than this, in ms, is awaited no more where there are other brokers. */
export const SLOW_MS = 250;

/**
 * The plain sockets of a client: which are open, idle or busy, to which broker the next is opened, and when one
 * is closed. It knows nothing of requests but the broker that a call had better avoid.
 */
export class Pool {
  readonly #links = new Map<number, PlainLink>();
  /** Idle sockets, longest idle first. */
  readonly #idle = new Queue<PlainLink>();
  /** Sockets whose connection is awaited, longest awaited first; those that take long are not. */
  readonly #opening = new Queue<PlainLink>();

  constructor(
    private readonly brokers: Brokers,
    private readonly sockets: Sockets,
    private readonly settings: PoolSettings,
    private readonly effects: PoolEffects,
  ) {}

  /** Sockets, opening ones included. */
  get size(): number {
    return this.#links.size;
  }

  /** Sockets that could take a call. */
  get idle(): number {
    return this.#idle.length;
  }

  /** Sockets whose connection is awaited. */
  get opening(): number {
    return this.#opening.length;
  }

  get(id: number): PlainLink | undefined {
    return this.#links.get(id);
  }

  get all(): Iterable<PlainLink> {
    return this.#links.values();
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
      if (isLastOfAsked(link.broker)) this.release(link, now);
      else this.drop(link, now);
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

  /** The socket that has been idle longest, to a broker that nothing speaks against. */
  goodFor(call: Call, now: number): PlainLink | undefined {
    for (const link of this.#idle) {
      if (link.broker !== call.avoid && link.broker.suspectUntil <= now) return link;
    }
    return undefined;
  }

  /** The socket that has been idle longest. */
  get any(): PlainLink | undefined {
    return this.#idle.first;
  }

  /** Opens sockets until as many are on their way as calls wait, as far as bounds and brokers allow. */
  open(wanted: number, avoid: BrokerState | undefined, now: number): void {
    while (this.#opening.length < wanted && !this.sockets.full) {
      const broker =
        this.brokers.take(now, (each) => isPlain(each) && each !== avoid && each.suspectUntil <= now) ??
        this.brokers.take(now, isPlain);
      if (!broker) return;
      this.openTo(broker, now);
    }
  }

  /**
   * To be called while there is work: a broker that came back gets its share of sockets again, one after the
   * other. Where the pool is full, an idle socket to a broker that has more than its share makes room.
   */
  evenOut(now: number): void {
    if (!this.#hasAlternatives || this.#opening.length > 0) return;
    const share = Math.floor(this.size / this.brokers.all.length);
    const broker = this.brokers.take(
      now,
      (each) => isPlain(each) && each.links < share && each.suspectUntil <= now,
    );
    if (!broker || (this.sockets.full && !this.makeRoom(share, now))) return;
    this.openTo(broker, now);
  }

  /** Closes an idle socket to a broker that has more than so many; false where there is none. */
  makeRoom(share: number, now: number): boolean {
    for (const link of this.#idle) {
      if (link.broker.links <= share) continue;
      this.drop(link, now);
      return true;
    }
    return false;
  }

  /** Opens a socket to a plain broker. */
  openTo(broker: BrokerState, now: number): void {
    const link = new PlainLink(this.sockets.add(), broker, broker.speaks, now);
    this.#links.set(link.id, link);
    this.#opening.push(link);
    broker.links++;
    this.effects.openLink(link.id, broker.endpoint, broker.speaks);
  }

  /** What a broker speaks has turned out: sockets that speak anything else to it are closed, but for those with a call. */
  dropOthers(broker: BrokerState, now: number): void {
    for (const link of [...this.#links.values()]) {
      if (link.broker !== broker || link.speaks === broker.speaks || link.state === 'busy') continue;
      this.drop(link, now);
    }
  }

  /** A connection stands: its socket is idle. */
  stands(link: PlainLink, now: number): void {
    this.#opening.remove(link);
    this.release(link, now);
    this.brokers.stands(link.broker);
  }

  /** An idle socket is a call's own from now on. */
  occupy(link: PlainLink, call: Call): void {
    this.#idle.remove(link);
    link.state = 'busy';
    link.call = call;
  }

  /** A socket is free for the next call. */
  release(link: PlainLink, now: number): void {
    this.#idle.remove(link);
    link.state = 'idle';
    link.call = undefined;
    link.since = now;
    this.#idle.push(link);
  }

  /** Closes a socket of our own accord. */
  drop(link: PlainLink, now: number): void {
    this.forget(link);
    this.brokers.left(link.broker, now);
    this.effects.closeLink(link.id);
  }

  /** Closes all sockets. */
  closeAll(): void {
    for (const link of [...this.#links.values()]) {
      this.forget(link);
      this.effects.closeLink(link.id);
    }
  }

  /** A socket is gone. */
  forget(link: PlainLink): void {
    this.#opening.remove(link);
    this.#idle.remove(link);
    link.state = 'closed';
    link.call = undefined;
    link.broker.links--;
    this.sockets.size--;
    this.#links.delete(link.id);
  }
}

/** A broker that was asked what it speaks is remembered while a connection stands: the last one is kept. */
function isLastOfAsked(broker: BrokerState): boolean {
  return broker.asked && broker.links === 1;
}
