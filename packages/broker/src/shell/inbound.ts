import {
  decodeAtBroker,
  DISCONNECT,
  packedHalf,
  type Frame,
  type FromPeer,
  type Limits,
  type Rejection,
} from '@majordomo/protocol';
import type { PeerKey } from '@majordomo/transport';
import type { BrokerCore } from '../core/broker-core';
import { PackedClientPeer, type PackedPeers, type PackedWorkerPeer } from './packed-peers';

/** What hears: the core, as far as peers speak to it. */
export type Hearer = Pick<
  BrokerCore,
  | 'beginMessage'
  | 'endMessage'
  | 'fromClient'
  | 'fromWorker'
  | 'inSession'
  | 'refuseStranger'
  | 'reject'
  | 'workers'
>;

/** Where plain workers wait that say DISCONNECT with a request in hand; see `Departures`. */
export interface Departing {
  /** Has a DISCONNECT heard later. */
  add(peer: PeerKey, disconnect: FromPeer): void;
  /** Has it heard now, where the peer has said it: something else of the peer's is about to be heard. */
  settle(peer: PeerKey): void;
}

/** What peers say, on its way to the core: each message is told by its header, decoded, and heard command by command. */
export class Inbound {
  constructor(
    private readonly core: Hearer,
    private readonly packed: PackedPeers,
    private readonly departing: Departing,
    private readonly limits: Limits,
    private readonly now: () => number,
  ) {}

  /** Has a message heard; returns how many commands were in it, where it is packed and may have many. */
  message(peer: PeerKey, frames: Frame[]): number {
    const half = packedHalf(frames);
    if (half) return this.#packedMessage(peer, half, frames);
    this.#plainMessage(peer, frames);
    return 0;
  }

  #plainMessage(peer: PeerKey, frames: readonly Frame[]): void {
    this.departing.settle(peer);
    const decoded = decodeAtBroker(frames, this.limits);
    if (!decoded.ok) this.core.reject(peer, decoded.rejection, this.now());
    else if (this.#leavesWithRequest(peer, decoded.command)) this.departing.add(peer, decoded.command);
    else this.hear(peer, decoded.command);
  }

  #leavesWithRequest(peer: PeerKey, { half, command }: FromPeer): boolean {
    const worker = this.core.workers.get(peer);
    return half === 'worker' && command.kind === 'disconnect' && worker !== undefined && worker.held.size > 0;
  }

  /** Has a command of a plain peer heard. */
  hear(peer: PeerKey, said: FromPeer): void {
    if (said.half === 'client') this.core.fromClient(peer, said.dialect, said.command, this.now());
    else this.core.fromWorker(peer, said.dialect, said.command, this.now());
  }

  /** An empty frame comes before the message that begins a session (docs/PROTOCOL.md, "Opening"), and no other. */
  #packedMessage(peer: PeerKey, half: 'client' | 'worker', frames: Frame[]): number {
    if (frames[0]?.length === 0) frames.shift();
    const known = this.packed.get(peer);
    const from = known ?? this.packed.begin(peer, half);
    this.core.beginMessage(peer, frames[0]?.length ?? 0, this.now());
    const commands =
      from instanceof PackedClientPeer ? this.#fromClient(from, frames) : this.#fromWorker(from, frames);
    this.core.endMessage();
    if (!known && !from.over && !this.core.inSession(peer)) this.core.refuseStranger(peer, half, from);
    return commands;
  }

  /** The same for each half, so that in a loop over very many commands nothing is to be chosen. */
  #fromClient(from: PackedClientPeer, frames: readonly Frame[]): number {
    const now = this.now();
    const decoded = from.decode(frames, this.limits);
    if (!decoded.ok) return this.#reject(from, decoded.rejection, now);
    for (const command of decoded.command) {
      this.core.fromClient(from.peer, from, command, now);
      if (from.over) break;
    }
    return decoded.command.length;
  }

  #fromWorker(from: PackedWorkerPeer, frames: readonly Frame[]): number {
    const now = this.now();
    const decoded = from.decode(frames, this.limits);
    if (!decoded.ok) return this.#reject(from, decoded.rejection, now);
    for (const command of decoded.command) {
      this.core.fromWorker(from.peer, from, command, now);
      if (from.over) break;
    }
    return decoded.command.length;
  }

  /** A packed peer that is not understood has no session any more, whether or not it had one. */
  #reject(from: PackedClientPeer | PackedWorkerPeer, rejection: Rejection, now: number): number {
    this.core.reject(from.peer, rejection, now);
    if (!from.over) {
      from.say(DISCONNECT);
      this.packed.end(from.peer);
    }
    return 0;
  }
}
