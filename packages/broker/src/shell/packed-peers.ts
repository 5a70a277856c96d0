import {
  HEARTBEAT,
  packedClientAtBroker,
  packedWorkerAtBroker,
  type BrokerToClient,
  type BrokerToWorker,
  type ClientToBroker,
  type Decoded,
  type Dialect,
  type Frame,
  type Limits,
  type PackedSession,
  type WorkerToBroker,
} from '@majordomo/protocol';
import type { PeerKey } from '@majordomo/transport';

/** Sends a message to a peer, spaced out by others that mean nothing to it where it is large. */
type Send = (peer: PeerKey, frames: readonly Frame[], spacer: readonly Frame[]) => void;

/** Something that messages wait in. */
interface Flushable {
  flush(send: Send): void;
}

/** A lone HEARTBEAT: a broker may send as many as it likes. */
function heartbeat(session: { add(command: typeof HEARTBEAT): void; take(): Frame[] }): readonly Frame[] {
  session.add(HEARTBEAT);
  return session.take();
}

const CLIENT_SPACER = heartbeat(packedClientAtBroker());
const WORKER_SPACER = heartbeat(packedWorkerAtBroker());

/** One packed peer, the dialect that the core speaks to it in: what is said leaves as one message per turn. */
abstract class PackedPeer<Out, In> implements Dialect, Flushable {
  readonly name = 'packed';
  readonly partials = true;
  readonly packed = true;
  /** True once the session is over: what came with its end is not heard. */
  over = false;

  constructor(
    readonly peer: PeerKey,
    private readonly peers: PackedPeers,
  ) {}

  protected abstract readonly session: PackedSession<Out, In>;
  protected abstract readonly spacer: readonly Frame[];

  say(command: Out): void {
    if (this.session.empty) this.peers.toFlush(this);
    this.session.add(command);
    if (this.session.full) this.peers.flush(this);
  }

  decode(frames: readonly Frame[], limits: Limits): Decoded<readonly In[]> {
    return this.session.decode(frames, limits);
  }

  /** Sends what has been said. */
  flush(send: Send): void {
    if (!this.session.empty) send(this.peer, this.session.take(), this.spacer);
  }
}

/** A packed client. */
export class PackedClientPeer extends PackedPeer<BrokerToClient, ClientToBroker> {
  protected readonly session = packedClientAtBroker();
  protected readonly spacer = CLIENT_SPACER;
}

/** A packed worker. */
export class PackedWorkerPeer extends PackedPeer<BrokerToWorker, WorkerToBroker> {
  protected readonly session = packedWorkerAtBroker();
  protected readonly spacer = WORKER_SPACER;
}

/** The packed peers that have sessions, or say that they want one, and what is still to be sent to them. */
export class PackedPeers {
  readonly #peers = new Map<PeerKey, PackedClientPeer | PackedWorkerPeer>();
  #unflushed: Flushable[] = [];

  constructor(private readonly send: Send) {}

  get(peer: PeerKey): PackedClientPeer | PackedWorkerPeer | undefined {
    return this.#peers.get(peer);
  }

  /** True where something that was said is still to be sent. */
  get waiting(): boolean {
    return this.#unflushed.length > 0;
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
  toFlush(peer: Flushable): void {
    this.#unflushed.push(peer);
  }

  /** Sends what has been said to one peer. */
  flush(peer: Flushable): void {
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
