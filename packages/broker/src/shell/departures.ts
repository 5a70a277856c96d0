import type { FromPeer } from '@majordomo/protocol';
import type { PeerKey } from '@majordomo/transport';

/** How long the sessions of one process take to leave after the first of them, in ms. */
const PUT_OFF_MS = 20;

/**
 * Workers that said DISCONNECT with a request in hand. A process with several sessions leaves by all of them at
 * once, and a request that crosses the first DISCONNECT would be given to the second, and then the third, until
 * its attempts are used up. So such a DISCONNECT is put off until the others of its process have been read.
 */
export class Departures {
  readonly #putOff = new Map<PeerKey, FromPeer>();
  #timer: NodeJS.Timeout | undefined;

  /** @param deliver - has the core hear the DISCONNECT */
  constructor(private readonly deliver: (peer: PeerKey, disconnect: FromPeer) => void) {}

  has(peer: PeerKey): boolean {
    return this.#putOff.has(peer);
  }

  add(peer: PeerKey, disconnect: FromPeer): void {
    this.#putOff.set(peer, disconnect);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const waiting of [...this.#putOff.keys()]) this.settle(waiting);
    }, PUT_OFF_MS);
  }

  /** To be called before anything else that a peer says is heard. */
  settle(peer: PeerKey): void {
    const disconnect = this.#putOff.get(peer);
    if (!disconnect) return;
    this.#putOff.delete(peer);
    this.deliver(peer, disconnect);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#putOff.clear();
  }
}
