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
  type PackedSession,
  type WorkerToBroker,
} from '@majordomo/protocol';

type Send = (peer: string, frames: readonly Frame[]) => void;

/** One packed peer at the virtual broker: the dialect that the core speaks to it in, and what is still to be sent. */
abstract class PackedPeerAtBroker<Out, In> implements Dialect {
  readonly name = 'packed';
  readonly partials = true;
  readonly packed = true;
  /** True once the session is over: what came with its end is not heard. */
  over = false;

  constructor(
    readonly peer: string,
    private readonly peers: PackedPeersAtBroker,
  ) {}

  protected abstract readonly session: PackedSession<Out, In>;

  say(command: Out): void {
    if (this.session.empty) this.peers.toFlush(this);
    this.session.add(command);
    if (this.session.full) this.peers.flush(this);
  }

  decode(frames: readonly Frame[], limits: Limits): Decoded<readonly In[]> {
    return this.session.decode(frames, limits);
  }

  flush(send: Send): void {
    if (!this.session.empty) send(this.peer, this.session.take());
  }
}

export class PackedClientAtBroker extends PackedPeerAtBroker<BrokerToClient, ClientToBroker> {
  protected readonly session = packedClientAtBroker();
}

export class PackedWorkerAtBroker extends PackedPeerAtBroker<BrokerToWorker, WorkerToBroker> {
  protected readonly session = packedWorkerAtBroker();
}

type AnyPeer = PackedClientAtBroker | PackedWorkerAtBroker;

/** The packed peers of a virtual broker; see `PackedPeers` of the real shell. */
export class PackedPeersAtBroker {
  readonly #peers = new Map<string, AnyPeer>();
  #unflushed: { flush(send: Send): void }[] = [];

  constructor(private readonly send: Send) {}

  get(peer: string): AnyPeer | undefined {
    return this.#peers.get(peer);
  }

  /** True where something waits to leave. */
  get waiting(): boolean {
    return this.#unflushed.length > 0;
  }

  begin(peer: string, half: 'client' | 'worker'): AnyPeer {
    const packed =
      half === 'client' ? new PackedClientAtBroker(peer, this) : new PackedWorkerAtBroker(peer, this);
    this.#peers.set(peer, packed);
    return packed;
  }

  end(peer: string): void {
    const packed = this.#peers.get(peer);
    if (!packed) return;
    this.#peers.delete(peer);
    packed.over = true;
    this.flush(packed);
  }

  toFlush(peer: { flush(send: Send): void }): void {
    this.#unflushed.push(peer);
  }

  flush(peer: { flush(send: Send): void }): void {
    peer.flush(this.send);
  }

  flushAll(): void {
    const unflushed = this.#unflushed;
    this.#unflushed = [];
    for (const peer of unflushed) peer.flush(this.send);
  }
}
