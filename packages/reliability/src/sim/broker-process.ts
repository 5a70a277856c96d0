import {
  decodeAtBroker,
  DEFAULT_LIMITS,
  HEARTBEAT,
  packedHalf,
  type BrokerToClient,
  type BrokerToWorker,
  type Dialect,
  type Frame,
  type FromPeer,
  type PlainDialect,
} from '@majordomo/protocol';
import { BrokerCore } from '../../../broker/src/core/broker-core';
import type { BrokerEvent, Outbound } from '../../../broker/src/core/outbound';
import type { PeerGoneReason } from '../../../broker/src/core/records';
import { Clock } from '../../../broker/src/shell/clock';
import { Inbound, type Hearer } from '../../../broker/src/shell/inbound';
import { PackedClientPeer, PackedPeers, PackedWorkerPeer } from '../../../broker/src/shell/packed-peers';
import type { Agenda } from './agenda';
import { Violation } from './checks/violation';
import type { Connection } from './network';
import type { BrokerPlan } from './plan';
import { Process } from './process';
import type { Sight } from './watcher';

/** As the real shell has them, in ms. */
const TICKS_PER_HEARTBEAT = 10;
const TICK_MS_MIN = 5;
const TICK_MS_MAX = 20;
const DEPARTURE_MS = 20;
const ASK_AFTER_MS = 10;
const ASKED_TIMES = 3;
/** Commands of one turn: more than any world has requests. */
const SAID_MAX = 50_000;

/**
 * A virtual shell around the real {@link BrokerCore}: one run of one broker. It does what `broker/src/shell` does, on
 * the virtual network and clock, and what of that is pure it does with the same code: hears messages ({@link Inbound}),
 * and leaves time in which it did not run out of its {@link Clock}. It hears all of a turn before it gives anything away,
 * sends packed peers one message per turn, and asks workers whose connection seems to be gone.
 */
export class BrokerProcess extends Process {
  readonly core: BrokerCore;
  readonly tickMs: number;
  readonly #peers = new Map<string, Connection>();
  readonly #packed: PackedPeers;
  readonly #inbound: Inbound;
  readonly #clock: Clock;
  readonly #gone = new Map<string, PeerGoneReason>();
  /** Plain workers that said DISCONNECT with a request in hand: heard a little later. */
  readonly #departing = new Map<string, FromPeer>();
  /** Workers whose connection may have closed, and how often each is still to be asked. */
  readonly #suspects = new Map<string, number>();
  #asking = false;
  /** Commands of this turn. */
  #said = 0;
  #drained: (() => void) | undefined;
  #closed = false;

  constructor(
    agenda: Agenda,
    readonly plan: BrokerPlan,
    run: { readonly clockMs: number; readonly prefix: string; readonly idSeed: number },
    private readonly watcher: Sight,
    private readonly invariants: boolean,
    /** Called once nothing of it is left but its connections. */
    private readonly over: (connections: readonly Connection[]) => void,
  ) {
    super(agenda, plan.name, { ...run, turnMs: plan.turnMs, timersFirst: plan.timersFirst });
    const { heartbeatMs } = plan;
    this.tickMs = Math.min(TICK_MS_MAX, Math.max(TICK_MS_MIN, heartbeatMs / TICKS_PER_HEARTBEAT));
    this.#clock = new Clock(Math.max(heartbeatMs, 2 * this.tickMs), () => super.now);
    this.#packed = new PackedPeers((peer, frames) => this.#send(peer, frames));
    this.core = new BrokerCore(
      { ...plan, limits: DEFAULT_LIMITS, referencePrefix: run.prefix, idSeed: run.idSeed },
      this.#outbound(),
      this.now,
    );
    this.#inbound = new Inbound(
      this.#hearer(),
      this.#packed,
      {
        add: (peer, disconnect) => {
          this.#departing.set(peer, disconnect);
          this.after(DEPARTURE_MS, () => this.#depart(peer));
        },
        settle: (peer) => this.#depart(peer),
      },
      DEFAULT_LIMITS,
      () => this.now,
    );
    watcher.brokerStarted(this);
    this.#tickLater();
  }

  /** Real time, but for time in which this process did not run. */
  override get now(): number {
    return this.#clock.now();
  }

  #tickLater(): void {
    this.after(this.tickMs, () => {
      if (this.#closed) return;
      this.core.tick(this.now);
      this.#tickLater();
    });
  }

  accept(connection: Connection): void {
    this.input(() => {
      if (this.#closed || this.#peers.has(connection.key)) return;
      this.#peers.set(connection.key, connection);
      if (this.plan.notices) this.#connectionChanged(connection.key);
    });
  }

  message(connection: Connection, frames: Frame[]): void {
    this.input(() => {
      connection.toRouter.unread--;
      // ROUTER takes no second connection under an id that is in use: nothing of it is ever read.
      if (this.#closed || this.#peers.get(connection.key) !== connection) return;
      if (frames.length === 1 && frames[0]?.length === 0) this.#connectionChanged(connection.key);
      else this.#message(connection.key, frames);
    });
  }

  departed(connection: Connection): void {
    this.input(() => {
      if (this.#peers.get(connection.key) !== connection) return;
      this.#peers.delete(connection.key);
      if (!this.#closed && this.plan.notices) this.#connectionChanged(connection.key);
    });
  }

  #message(peer: string, frames: Frame[]): void {
    const { only } = this.plan;
    if (only) {
      if (packedHalf(frames)) return;
      this.#depart(peer);
      const decoded = decodeAtBroker(frames, DEFAULT_LIMITS);
      if (decoded.ok && decoded.command.dialect.name !== only) return;
    }
    this.#inbound.message(peer, frames);
  }

  #depart(peer: string): void {
    const said = this.#departing.get(peer);
    if (!said || this.#closed) return;
    this.#departing.delete(peer);
    this.#inbound.hear(peer, said);
  }

  /** The core, and who looks on: what peers say is seen before it is heard. */
  #hearer(): Hearer {
    const { core, watcher } = this;
    return {
      workers: core.workers,
      beginMessage: (...of) => core.beginMessage(...of),
      endMessage: () => core.endMessage(),
      fromClient: (peer, dialect, command, now) => {
        watcher.clientSaid(this, peer, dialect.name, command);
        core.fromClient(peer, dialect, command, now);
      },
      fromWorker: (peer, dialect, command, now) => {
        watcher.workerSaid(this, peer, dialect.name, command);
        core.fromWorker(peer, dialect, command, now);
      },
      inSession: (peer) => core.inSession(peer),
      refuseStranger: (...of) => core.refuseStranger(...of),
      reject: (...of) => core.reject(...of),
    };
  }

  #connectionChanged(peer: string): void {
    if (this.#departing.has(peer)) return;
    if (this.core.workers.has(peer)) {
      this.#suspects.set(peer, ASKED_TIMES);
      this.#askLater();
      return;
    }
    this.watcher.peerLeft(this, peer);
    this.core.peerGone(peer, 'connection_closed', this.now);
    this.#packed.end(peer);
  }

  #askLater(): void {
    if (this.#asking) return;
    this.#asking = true;
    this.after(ASK_AFTER_MS, () => {
      this.#asking = false;
      if (this.#closed) return;
      for (const [peer, left] of this.#suspects) {
        const worker = this.core.workers.get(peer);
        if (worker) this.#toWorker(peer, worker.dialect, HEARTBEAT);
        if (worker && left > 1) this.#suspects.set(peer, left - 1);
        else this.#suspects.delete(peer);
      }
      if (this.#suspects.size > 0) this.#askLater();
    });
  }

  protected override alarm(): void {
    // Its ticker comes by itself.
  }

  /** Peers that turned out to be gone are reported after what found them so: the core is not to be called back. */
  protected override afterEach(): void {
    while (this.#gone.size > 0 && !this.#closed) {
      const gone = [...this.#gone];
      this.#gone.clear();
      for (const [peer, reason] of gone) {
        this.watcher.peerLeft(this, peer);
        this.core.peerGone(peer, reason, this.now);
      }
    }
  }

  protected override endTurn(): void {
    if (this.#closed) return;
    this.#said = 0;
    let found: boolean;
    do {
      this.core.settle(this.now);
      this.#packed.flushAll();
      found = this.#gone.size > 0;
      this.afterEach();
    } while (found || this.#packed.waiting);
    if (this.invariants && this.everySoOften()) this.core.checkInvariants();
    this.watcher.settled(this);
    if (this.#drained && this.core.drained) this.#drained();
  }

  #send(peer: string, frames: readonly Frame[]): void {
    const connection = this.#peers.get(peer);
    if (!connection) {
      this.#giveUp(peer, 'connection_closed');
      return;
    }
    const { unread } = connection.toPeer;
    if (unread >= connection.heldMax + this.plan.backlogMax) {
      this.#giveUp(peer, 'stalled');
      return;
    }
    connection.sendToPeer(frames);
  }

  #giveUp(peer: string, reason: PeerGoneReason): void {
    const packed = this.#packed.get(peer);
    if (packed) packed.over = true;
    if (!this.#closed) this.#gone.set(peer, reason);
  }

  #toWorker(peer: string, dialect: Dialect, command: BrokerToWorker): void {
    this.#countSaid();
    this.watcher.toWorker(this, peer, dialect.name, command);
    if (dialect instanceof PackedWorkerPeer) {
      dialect.say(command);
      return;
    }
    const frames = (dialect as PlainDialect).brokerToWorker.encode(command);
    if (frames) this.#send(peer, frames);
  }

  /** A core that goes round in circles talks all the while. */
  #countSaid(): void {
    if (++this.#said > SAID_MAX) throw new Violation('stuck', `${this.name} talks without end`);
  }

  #toClient(peer: string, dialect: Dialect, command: BrokerToClient): void {
    this.#countSaid();
    this.watcher.toClient(this, peer, dialect.name, command);
    if (dialect instanceof PackedClientPeer) {
      dialect.say(command);
      return;
    }
    const frames = (dialect as PlainDialect).brokerToClient.encode(command);
    if (frames) this.#send(peer, frames);
  }

  #outbound(): Outbound {
    return {
      toClient: (peer, dialect, command) => this.#toClient(peer, dialect, command),
      toWorker: (peer, dialect, command) => this.#toWorker(peer, dialect, command),
      ended: (peer) => this.#packed.end(peer),
      isCongested: (peer) => {
        const connection = this.#peers.get(peer);
        return connection !== undefined && connection.toPeer.unread > connection.heldMax;
      },
      event: (event: BrokerEvent) => this.watcher.event(this, event),
      about: () => ({ version: '0', memoryBytes: 0 }),
    };
  }

  /** Takes no more requests, and closes once those under way are done, or the time is up. */
  drain(timeoutMs: number): void {
    this.act(() => {
      if (this.#closed || this.#drained) return;
      this.core.drain();
      this.#packed.flushAll();
      this.#drained = () => this.close();
      this.after(timeoutMs, () => this.close());
      if (this.core.drained) this.close();
    });
  }

  /** Closes at once: requests under way fail, sessions are ended. */
  close(): void {
    if (this.#closed) return;
    this.core.stop(this.now);
    this.#packed.flushAll();
    this.#closed = true;
    if (this.invariants) this.core.checkInvariants();
    this.watcher.brokerEnded(this, true);
    this.#end();
  }

  /** Killed: nothing is said to anybody. */
  kill(): void {
    if (this.dead) return;
    this.#closed = true;
    this.watcher.brokerEnded(this, false);
    this.#end();
  }

  #end(): void {
    const connections = [...this.#peers.values()];
    this.#peers.clear();
    this.die();
    this.over(connections);
  }
}
