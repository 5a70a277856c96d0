import {
  packedClientAtBroker,
  packedWorkerAtBroker,
  type BrokerToClient,
  type BrokerToWorker,
  type ClientToBroker,
  type Decoded,
  type Dialect,
  type Frame,
  type Limits,
  type PackedClientAtBroker,
  type PackedWorkerAtBroker,
  type WorkerToBroker,
} from '@majordomo/protocol';
import type { PeerKey } from '@majordomo/transport';

/** Sends a message to a peer. */
type Send = (peer: PeerKey, frames: readonly Frame[]) => void;

/** One packed peer, the dialect that the core speaks to it in: what is said leaves as one message per turn. */
abstract class PackedPeer implements Dialect {
  readonly name = 'packed';
  readonly partials = true;
  readonly packed = true;
  /** True once the session is over: what came with its end is not heard. */
  over = false;

  constructor(
    readonly peer: PeerKey,
    protected readonly peers: PackedPeers,
  ) {}

  protected abstract readonly session: PackedClientAtBroker | PackedWorkerAtBroker;

  /** Sends what has been said. */
  flush(send: Send): void {
    if (!this.session.empty) send(this.peer, this.session.take());
  }
}

/** A packed client. */
export class PackedClientPeer extends PackedPeer {
  protected readonly session = packedClientAtBroker();

  say(command: BrokerToClient): void {
    if (this.session.empty) this.peers.toFlush(this);
    this.session.add(command);
    if (this.session.full) this.peers.flush(this);
  }

  decode(frames: readonly Frame[], limits: Limits): Decoded<readonly ClientToBroker[]> {
    return this.session.decode(frames, limits);
  }
}

/** A packed worker. */
export class PackedWorkerPeer extends PackedPeer {
  protected readonly session = packedWorkerAtBroker();

  say(command: BrokerToWorker): void {
    if (this.session.empty) this.peers.toFlush(this);
    this.session.add(command);
    if (this.session.full) this.peers.flush(this);
  }

  decode(frames: readonly Frame[], limits: Limits): Decoded<readonly WorkerToBroker[]> {
    return this.session.decode(frames, limits);
  }
}

/** The packed peers that have sessions, or say that they want one, and what is still to be sent to them. */
export class PackedPeers {
  readonly #peers = new Map<PeerKey, PackedClientPeer | PackedWorkerPeer>();
  #unflushed: PackedPeer[] = [];

  constructor(private readonly send: Send) {}

  get(peer: PeerKey): PackedClientPeer | PackedWorkerPeer | undefined {
    return this.#peers.get(peer);
  }

  /** Begins anew with a peer. */
  begin(peer: PeerKey, half: 'client' | 'worker'): PackedClientPeer | PackedWorkerPeer {
    const packed = half === 'client' ? new PackedClientPeer(peer, this) : new PackedWorkerPeer(peer, this);
    this.#peers.set(peer, packed);
    return packed;
  }

  /** Forgets a peer, once what was said to it has left. */
  end(peer: PeerKey): void {
    const packed = this.#peers.get(peer);
    if (!packed) return;
    this.#peers.delete(peer);
    packed.over = true;
    this.flush(packed);
  }

  /** To be called by a peer that begins a message. */
  toFlush(peer: PackedPeer): void {
    this.#unflushed.push(peer);
  }

  /** Sends what has been said to one peer. */
  flush(peer: PackedPeer): void {
    peer.flush(this.send);
  }

  /** Sends what has been said to all. */
  flushAll(): void {
    const unflushed = this.#unflushed;
    if (unflushed.length === 0) return;
    this.#unflushed = [];
    for (const peer of unflushed) peer.flush(this.send);
  }
}
