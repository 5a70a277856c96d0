import { keyToBytes, type Frame } from '@majordomo/protocol';
import { Outbox } from './outbox';
import { codeOf } from './socket-error';

/** A peer of a router: the mark of the router, where it has one, and the routing id, one character per byte. */
export type PeerKey = string;

/** Why a peer can no longer be reached. */
export type PeerGoneReason = 'unreachable' | 'stalled';

/** Bounds of what waits for peers. */
export interface BacklogOptions {
  /** Messages that ZeroMQ itself holds per peer and direction before it pushes back. */
  readonly highWaterMark: number;
  /** Bytes that ZeroMQ holds per peer before it pushes back, where messages come with a spacer; beside one message. */
  readonly highWaterBytes: number;
  /** Messages that wait for one slow peer at the most, beyond what ZeroMQ holds. */
  readonly backlogMessagesMax: number;
  /** Bytes that wait for one slow peer at the most. */
  readonly backlogBytesMax: number;
  /** Bytes that wait for all peers together at the most: beyond it the one that most waits for is given up. */
  readonly backlogTotalBytesMax: number;
}

/** What a backlog does to the world. */
export interface BacklogEffects {
  /** Gives ZeroMQ a message, the routing id first. It takes it at once, or refuses it. */
  send(message: Frame[]): Promise<void>;
  /** The routing id of a peer, one character per byte. */
  routingIdOf(peer: PeerKey): string;
  /** A peer is given up. */
  gone(peer: PeerKey, reason: PeerGoneReason): void;
  /** The socket failed for good. */
  failed(error: unknown): void;
}

/** How often messages to peers that pushed back are tried again, in ms. */
const RETRY_MS = 5;

/** How often the outboxes that are empty are thrown away, in ms. */
const SWEEP_MS = 10_000;

/** What waits for one peer, how the socket knows that peer, and what is done once it has taken a message or not. */
class PeerOutbox extends Outbox {
  /** The routing id. */
  readonly id: Frame;
  readonly taken: () => void;
  readonly refused: (error: unknown) => void;
  /** True while ZeroMQ is being given a message, or will be again. */
  sending = false;
  /** Means nothing to the peer; `undefined` where there is no such message. */
  spacer: readonly Frame[] | undefined;
  /** Spacers that are still to follow the last message. */
  spaces = 0;

  constructor(
    readonly peer: PeerKey,
    routingId: string,
    taken: (outbox: PeerOutbox) => void,
    refused: (outbox: PeerOutbox, error: unknown) => void,
  ) {
    super();
    this.id = keyToBytes(routingId);
    this.taken = () => taken(this);
    this.refused = (error) => refused(this, error);
  }
}

/**
 * What waits for the peers of a router. What a peer cannot take at once stays in its outbox, in order, up to a bound;
 * beyond it the peer is given up.
 */
export class Backlog {
  /**
   * What waits for each peer, and empty ones for those sent to lately: a map that is added to and deleted from with
   * every message makes more garbage than all else.
   */
  readonly #outboxes = new Map<PeerKey, PeerOutbox>();
  /** Peers whose oldest message ZeroMQ would not take. */
  readonly #pushedBack = new Set<PeerKey>();
  /** Bytes that one of the places in ZeroMQ's queue for a peer stands for. */
  readonly #placeBytes: number;
  #bytes = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: BacklogOptions,
    private readonly effects: BacklogEffects,
  ) {
    this.#placeBytes = Math.ceil(options.highWaterBytes / options.highWaterMark);
  }

  /** Bytes that wait for all peers, those of messages that ZeroMQ is just being given included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Begins to throw empty outboxes away, until it is closed. */
  start(): void {
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  #sweep(): void {
    for (const [peer, outbox] of this.#outboxes) if (!outbox.sending) this.#outboxes.delete(peer);
  }

  /** Sends a message to a peer, after all that was sent to it before; see `RouterLink.send`. */
  send(peer: PeerKey, frames: readonly Frame[], spacer: readonly Frame[] | undefined): void {
    let outbox = this.#outboxes.get(peer);
    if (!outbox) {
      outbox = new PeerOutbox(peer, this.effects.routingIdOf(peer), this.#taken, this.#refused);
      this.#outboxes.set(peer, outbox);
    }
    outbox.spacer = spacer;
    if (!spacer) outbox.spaces = 0;
    this.#bytes += outbox.push(frames);
    if (outbox.sending) this.#check(outbox);
    else this.#flush(outbox);
  }

  #check(outbox: PeerOutbox): void {
    const { backlogMessagesMax, backlogBytesMax, backlogTotalBytesMax } = this.options;
    if (outbox.length > backlogMessagesMax || outbox.bytes > backlogBytesMax) {
      this.#giveUp(outbox.peer, 'stalled');
    } else if (this.#bytes > backlogTotalBytesMax) {
      this.#giveUp(this.#largest(outbox).peer, 'stalled');
    }
  }

  #largest(among: PeerOutbox): PeerOutbox {
    let largest = among;
    for (const outbox of this.#outboxes.values()) if (outbox.bytes > largest.bytes) largest = outbox;
    return largest;
  }

  /**
   * Sends what waits for a peer. Whether ZeroMQ took a message is known one microtask later, so the next
   * one leaves only then: a message must not overtake one that was pushed back.
   */
  #flush(outbox: PeerOutbox): void {
    const message = outbox.spaces > 0 ? outbox.spacer : outbox.peek();
    outbox.sending = message !== undefined;
    if (message) this.effects.send([outbox.id, ...message]).then(outbox.taken, outbox.refused);
  }

  readonly #taken = (outbox: PeerOutbox): void => {
    if (this.#outboxes.get(outbox.peer) !== outbox) return;
    if (outbox.spaces > 0) {
      outbox.spaces--;
    } else {
      const bytes = outbox.shift();
      this.#bytes -= bytes;
      if (outbox.spacer) outbox.spaces = this.#spacesAfter(bytes);
    }
    this.#flush(outbox);
  };

  /** How many spacers follow a message, so that all together take the places that its bytes deserve. */
  #spacesAfter(bytes: number): number {
    if (bytes <= this.#placeBytes) return 0;
    return Math.min(this.options.highWaterMark, Math.ceil(bytes / this.#placeBytes)) - 1;
  }

  readonly #refused = (outbox: PeerOutbox, error: unknown): void => {
    const { peer } = outbox;
    if (this.#outboxes.get(peer) !== outbox) return;
    if (codeOf(error) === 'EAGAIN') this.#retryLater(peer);
    else if (codeOf(error) === 'EHOSTUNREACH') this.#giveUp(peer, 'unreachable');
    else this.effects.failed(error);
  };

  /** True where messages wait for a peer that pushed back. */
  isCongested(peer: PeerKey): boolean {
    return this.#pushedBack.has(peer);
  }

  #retryLater(peer: PeerKey): void {
    this.#pushedBack.add(peer);
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      const peers = [...this.#pushedBack];
      this.#pushedBack.clear();
      for (const peer of peers) {
        const outbox = this.#outboxes.get(peer);
        if (outbox) this.#flush(outbox);
      }
    }, RETRY_MS);
  }

  #giveUp(peer: PeerKey, reason: PeerGoneReason): void {
    this.#bytes -= this.#outboxes.get(peer)?.bytes ?? 0;
    this.#outboxes.delete(peer);
    this.#pushedBack.delete(peer);
    this.effects.gone(peer, reason);
  }

  /** Forgets all that waits, and tells nobody. */
  clear(): void {
    this.#outboxes.clear();
    this.#pushedBack.clear();
    this.#bytes = 0;
  }

  /** The end: forgets all that waits. */
  close(): void {
    clearTimeout(this.#retryTimer);
    clearInterval(this.#sweeper);
    this.clear();
  }
}
