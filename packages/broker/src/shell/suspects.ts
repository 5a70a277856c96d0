import type { PeerKey } from '@majordomo/transport';

/**
 * Between the news that a connection closed and the first send that fails for it, ZeroMQ takes messages and
 * loses them. So a suspect is asked a little later, and more than once for a machine under load.
 */
const ASK_AFTER_MS = 10;
const ASKED_TIMES = 3;

/**
 * Workers whose connection may have closed. The hint proves nothing, since any peer can fake its own: each
 * suspect is sent something, which fails where it is gone. Those that died together are asked together.
 */
export class Suspects {
  /** How often each is still to be asked. */
  readonly #left = new Map<PeerKey, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param ask - sends something to the peer; returns false where it is nobody that matters any more */
  constructor(private readonly ask: (peer: PeerKey) => boolean) {}

  add(peer: PeerKey): void {
    this.#left.set(peer, ASKED_TIMES);
    this.#timer ??= setTimeout(() => this.#askAll(), ASK_AFTER_MS);
  }

  #askAll(): void {
    this.#timer = undefined;
    for (const [peer, left] of this.#left) {
      if (this.ask(peer) && left > 1) this.#left.set(peer, left - 1);
      else this.#left.delete(peer);
    }
    if (this.#left.size > 0) this.#timer = setTimeout(() => this.#askAll(), ASK_AFTER_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#left.clear();
  }
}
