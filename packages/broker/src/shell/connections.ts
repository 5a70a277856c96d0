import { HEARTBEAT, keyToHex, type Logger } from '@majordomo/protocol';
import type { PeerGoneReason as UnreachableReason, PeerKey } from '@majordomo/transport';
import type { BrokerCore } from '../core/broker-core';
import type { PeerGoneReason } from '../core/records';
import type { Access } from './access';
import type { Departures } from './departures';
import type { Sender } from './sender';
import { Suspects } from './suspects';
import type { Turn } from './turn';

/** Who is gone: the core is told once that is certain, and of peers that go together at once. */
export class Connections {
  readonly #suspects = new Suspects((peer) => this.#ask(peer));
  /** Peers found gone in this turn of the loop. */
  readonly #gone = new Map<PeerKey, PeerGoneReason>();
  #stopped = false;

  constructor(
    private readonly core: BrokerCore,
    private readonly access: Access | undefined,
    private readonly sender: Sender,
    private readonly departures: Departures,
    private readonly turn: Turn,
    private readonly now: () => number,
    private readonly logger: Logger,
  ) {}

  /**
   * A connection opened or closed, or the peer pretends so: a worker is asked. A client cannot be asked
   * anything; it is believed, for it speaks of itself only. Under a policy so is a worker: whoever has its routing id
   * next must not have its rights, nor what it holds.
   */
  changed(peer: PeerKey): void {
    if (this.#stopped) return;
    if (this.access) {
      this.access.connectionChanged(peer);
      this.departures.settle(peer);
    }
    if (this.departures.has(peer)) return;
    if (this.core.workers.has(peer) && !this.access) {
      this.#suspects.add(peer);
      return;
    }
    this.core.peerGone(peer, 'connection_closed', this.now());
    this.sender.packed.end(peer);
    // What it held may be for another worker.
    this.turn.endLater();
  }

  #ask(peer: PeerKey): boolean {
    const worker = this.core.workers.get(peer);
    if (worker) this.sender.toWorker(peer, worker.dialect, HEARTBEAT);
    return worker !== undefined;
  }

  /**
   * A peer cannot be reached. The link may say so in the middle of a send of the core's, which must not be called
   * back. Peers that turn out to be gone in one turn of the loop are reported together.
   */
  lost(peer: PeerKey, reason: UnreachableReason): void {
    if (reason === 'stalled') {
      this.logger.warn({ event: 'peerStalled', peer: keyToHex(peer) }, 'peer cut off: it does not read');
    }
    const packed = this.sender.packed.get(peer);
    if (packed) packed.over = true;
    if (this.#gone.size === 0) queueMicrotask(() => this.#report());
    this.#gone.set(peer, reason === 'stalled' ? 'stalled' : 'connection_closed');
  }

  #report(): void {
    const gone = [...this.#gone];
    this.#gone.clear();
    if (this.#stopped) return;
    this.core.peersGone(gone, this.now());
    this.turn.endLater();
  }

  /** The broker has closed: nothing is asked or reported any more. */
  stop(): void {
    this.#stopped = true;
    this.#suspects.stop();
  }
}
