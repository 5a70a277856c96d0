import type { Frame } from '@majordomo/protocol';
import { quantized, type Agenda } from './agenda';
import type { Random } from './random';

/*
 * What ZeroMQ over TCP can do to messages, and so what happens here, and what it cannot.
 *
 * It can: delay a message for any time; break a connection, and lose a suffix of what was under way in each direction
 * (what arrived, arrived in order and without gaps); tell either side of that at once, late, or never (a host that is
 * gone without a word); hold everything back for a while and then deliver it in one burst; let messages of different
 * connections overtake each other; and take up to a high-water mark of messages for a peer that reads nothing.
 *
 * It cannot: lose, repeat or swap messages inside a connection that stands, deliver part of a message, or bring a
 * connection back to life. A reconnect is another connection, with another routing id unless the peer has set one of
 * its own; ROUTER refuses an id that is taken. A message is seen twice only where somebody sent it twice.
 */

/** The end of a connection at a client or worker: a DEALER. */
export interface PeerEnd {
  /** The connection stands. */
  opened(): void;
  message(frames: Frame[]): void;
  /** It could not be made, or is gone. */
  closed(reason: string): void;
}

/** A process that listens: a ROUTER. */
export interface RouterEnd {
  /** Whoever runs in its name now; `undefined` while nobody does. */
  readonly name: string;
  accept(connection: Connection): void;
  message(connection: Connection, frames: Frame[]): void;
  /** The connection is gone, and the router notices. */
  departed(connection: Connection): void;
}

/** How long things take in a world, in ms. */
export interface Weather {
  readonly leastMs: number;
  readonly spreadMs: number;
  /** How likely a message is to take far longer, and how much longer. */
  readonly stragglers: number;
  readonly stragglerMs: number;
  /** Messages that a router and the network hold for a peer that does not read. */
  readonly heldMax: number;
}

/** One direction of a connection: first in, first out. */
export class Pipe {
  /** Messages sent and not yet read. */
  unread = 0;
  #lastAt = 0;
  #sent = 0;
  #arrived = 0;
  /** The number of the first message that is lost. */
  #lostFrom = Infinity;
  /** True while nothing moves. */
  #stalled = false;
  readonly #held: (() => void)[] = [];

  constructor(
    private readonly agenda: Agenda,
    private readonly weather: Weather,
    private readonly random: Random,
  ) {}

  /** Something that comes out behind all that was put in before. */
  put(arrive: () => void): void {
    const { leastMs, spreadMs, stragglers, stragglerMs } = this.weather;
    let delay = leastMs + this.random.fraction() * spreadMs;
    if (stragglers > 0 && this.random.chance(stragglers)) delay += this.random.fraction() * stragglerMs;
    this.#lastAt = Math.max(this.#lastAt, this.agenda.now + quantized(delay));
    const number = this.#sent++;
    this.agenda.at(this.#lastAt, () => this.#come(number, arrive));
  }

  #come(number: number, arrive: () => void): void {
    if (this.#stalled || this.#held.length > 0) {
      this.#held.push(() => this.#hand(number, arrive));
      if (!this.#stalled) this.resume();
    } else {
      this.#hand(number, arrive);
    }
  }

  #hand(number: number, arrive: () => void): void {
    if (number >= this.#lostFrom) return;
    this.#arrived = number + 1;
    arrive();
  }

  stall(): void {
    this.#stalled = true;
  }

  /** What was held back comes in one burst. */
  resume(): void {
    this.#stalled = false;
    for (const hand of this.#held.splice(0)) hand();
  }

  /** Loses a random suffix of what is under way, and all that is still to come. */
  cut(): void {
    const underWay = this.#sent - this.#arrived;
    this.#lostFrom = Math.min(this.#lostFrom, this.#arrived + this.random.between(0, underWay));
  }

  /** Loses all that is under way and still to come. */
  cutAll(): void {
    this.#lostFrom = Math.min(this.#lostFrom, this.#arrived);
  }
}

/** One connection between a peer and a broker. */
export class Connection {
  /** Messages that the router and the network hold for the peer. */
  readonly heldMax: number;
  readonly toRouter: Pipe;
  readonly toPeer: Pipe;
  /** False once the peer is done with it, or was told that it is gone. */
  peerHolds = true;
  /** True from the handshake until the router is told that it is gone. */
  routerHolds = false;
  /** True where it is gone. */
  broken = false;

  /**
   * @param key - the routing id, one character per byte
   * @param peerName - who is at the other end
   */
  constructor(
    private readonly network: Network,
    readonly key: string,
    readonly peerName: string,
    readonly peer: PeerEnd,
    readonly router: RouterEnd,
    random: Random,
  ) {
    this.heldMax = network.weather.heldMax;
    this.toRouter = new Pipe(network.agenda, network.weather, random.stream(`${peerName}${key} up`));
    this.toPeer = new Pipe(network.agenda, network.weather, random.stream(`${peerName}${key} down`));
  }

  /** The peer sends. */
  send(frames: readonly Frame[]): void {
    if (!this.peerHolds) return;
    const message = [...frames];
    this.toRouter.unread++;
    this.toRouter.put(() => {
      if (this.routerHolds) this.router.message(this, message);
    });
  }

  /** The router sends. */
  sendToPeer(frames: readonly Frame[]): void {
    const message = [...frames];
    this.toPeer.unread++;
    this.toPeer.put(() => {
      if (this.peerHolds) this.peer.message(message);
    });
  }

  /** The peer closes it; without `flush`, some of what it sent last may never leave. */
  close(flush: boolean): void {
    if (!this.peerHolds) return;
    this.peerHolds = false;
    if (!flush) this.toRouter.cut();
    this.toPeer.cutAll();
    this.network.settle(this);
    this.network.closing(this);
  }

  /** The router closes it: what it sent before still arrives, and then the end. */
  closeByRouter(): void {
    this.routerHolds = false;
    if (this.broken) return;
    this.broken = true;
    this.toRouter.cutAll();
    this.toPeer.put(() => this.peerLost('connection closed'));
    this.network.settle(this);
  }

  /**
   * It breaks.
   * @param peerAfterMs - when the peer notices; Infinity for never
   * @param routerAfterMs - when the router notices; Infinity for never
   */
  break(reason: string, peerAfterMs: number, routerAfterMs: number): void {
    if (this.broken) return;
    this.broken = true;
    this.toRouter.cut();
    this.toPeer.cut();
    const { agenda } = this.network;
    if (peerAfterMs !== Infinity) {
      agenda.in(quantized(peerAfterMs), () => {
        this.toPeer.resume();
        this.peerLost(reason);
      });
    }
    if (routerAfterMs !== Infinity) agenda.in(quantized(routerAfterMs), () => this.routerLost());
  }

  /** The peer has waited for too long for it to be made. */
  giveUp(reason: string): void {
    if (!this.peerHolds) return;
    this.close(false);
    this.peer.closed(reason);
  }

  /** The peer is told that it is gone, behind all that arrived. */
  peerLost(reason: string): void {
    if (!this.peerHolds) return;
    this.peerHolds = false;
    this.network.settle(this);
    this.peer.closed(reason);
  }

  /** The router is told that it is gone. */
  routerLost(): void {
    if (!this.routerHolds) return;
    this.toRouter.resume();
    this.routerHolds = false;
    this.network.settle(this);
    this.router.departed(this);
  }
}

/** How long a peer waits for a connection to be made, in ms. */
const CONNECT_TIMEOUT_MS = 300;

/** All connections of a world. */
export class Network {
  readonly #connections = new Set<Connection>();
  /** Pairs that nothing passes between, as `peer broker`; either may be `*`. */
  readonly #partitions = new Set<string>();
  #ids = 0;

  constructor(
    readonly agenda: Agenda,
    readonly weather: Weather,
    private readonly random: Random,
  ) {}

  get connections(): Iterable<Connection> {
    return this.#connections;
  }

  /**
   * A peer connects. It hears `opened`, or `closed` where nobody listens; nothing at all behind a partition.
   * @param identity - the routing id that it has set itself
   */
  connect(peerName: string, peer: PeerEnd, router: RouterEnd | undefined, identity?: string): Connection {
    const key = identity ?? this.#newKey();
    const listener = router ?? NOBODY;
    const connection = new Connection(this, key, peerName, peer, listener, this.random);
    this.#connections.add(connection);
    if (this.isCut(peerName, listener.name)) {
      connection.toRouter.stall();
      connection.toPeer.stall();
    }
    let answered = false;
    this.agenda.in(CONNECT_TIMEOUT_MS, () => {
      if (!answered) connection.giveUp(`no connection within ${CONNECT_TIMEOUT_MS} ms`);
    });
    connection.toRouter.put(() => {
      if (connection.broken) return;
      if (listener === NOBODY || !connection.peerHolds) {
        connection.toPeer.put(() => connection.peerLost('connection refused or timed out'));
        return;
      }
      connection.routerHolds = true;
      listener.accept(connection);
      connection.toPeer.put(() => {
        answered = true;
        if (connection.peerHolds) peer.opened();
      });
    });
    return connection;
  }

  /** ZeroMQ's own ids: a zero and four bytes, never the same twice. */
  #newKey(): string {
    const number = ++this.#ids;
    return String.fromCharCode(0, 0x6b, (number >> 16) & 0xff, (number >> 8) & 0xff, number & 0xff);
  }

  /** Forgets a connection that neither side has any more. */
  settle(connection: Connection): void {
    if (!connection.peerHolds && !connection.routerHolds) this.#connections.delete(connection);
  }

  /** A connection that its peer closed: the router notices behind what was sent; behind a partition, when it heals. */
  closing(connection: Connection): void {
    if (connection.broken) return;
    if (this.isCut(connection.peerName, connection.router.name)) return;
    const { leastMs, spreadMs, stragglerMs } = this.weather;
    this.agenda.in(quantized(leastMs + spreadMs + stragglerMs), () => connection.routerLost());
  }

  isCut(peerName: string, routerName: string): boolean {
    if (this.#partitions.size === 0) return false;
    const cut = this.#partitions;
    return cut.has(`${peerName} ${routerName}`) || cut.has(`* ${routerName}`) || cut.has(`${peerName} *`);
  }

  #between(peerName: string, routerName: string): Connection[] {
    return [...this.#connections].filter(
      (each) =>
        !each.broken &&
        (peerName === '*' || each.peerName === peerName) &&
        (routerName === '*' || each.router.name === routerName),
    );
  }

  /** Nothing passes any more, and nobody is told. */
  partition(peerName: string, routerName: string): void {
    this.#partitions.add(`${peerName} ${routerName}`);
    for (const connection of this.#between(peerName, routerName)) {
      connection.toRouter.stall();
      connection.toPeer.stall();
    }
  }

  /** The end of a partition: what was held back comes in a burst, or was lost with its connections. */
  heal(peerName: string, routerName: string, lossy: boolean): void {
    if (!this.#partitions.delete(`${peerName} ${routerName}`)) return;
    for (const connection of this.#between(peerName, routerName)) {
      if (this.isCut(connection.peerName, connection.router.name)) continue;
      if (lossy) {
        connection.break('connection reset', this.random.between(0, 20), this.random.between(0, 20));
      }
      connection.toRouter.resume();
      connection.toPeer.resume();
      if (!connection.peerHolds) this.closing(connection);
    }
  }

  /** Breaks what stands between two. */
  cut(peerName: string, routerName: string, peerAfterMs: number, routerAfterMs: number): number {
    const found = this.#between(peerName, routerName);
    for (const connection of found) connection.break('connection reset', peerAfterMs, routerAfterMs);
    return found.length;
  }
}

const NOBODY: RouterEnd = {
  name: 'nobody',
  accept: () => undefined,
  message: () => undefined,
  departed: () => undefined,
};
