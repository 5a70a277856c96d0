import type { Frame } from '@majordomo/protocol';
import { Dealer, type Event, type EventType } from 'zeromq';
import { sharedContext } from './context';
import type { ClientKeys } from './curve/keys';
import { discard, observe, observedDealer } from './observed-dealer';
import { Outbox } from './outbox';
import { uninterrupted } from './socket-error';

/** What a dealer link tells its owner. */
export interface DealerLinkHandlers {
  /** The connection stands. */
  opened(): void;
  message(frames: Frame[]): void;
  /**
   * The connection could not be made, or is gone; the link is closed. Not called after `close()`.
   * @param unauthorized - true where the other side does not let this key in
   * @param ending - what it was that happened
   */
  closed(reason: string, unauthorized: boolean, ending: LinkEnding): void;
}

/**
 * What ended a connection, or kept it from standing:
 * - `refused`: nobody listens, or the connection was not taken in time
 * - `unreachable`: there is no such host, or no way to it, or the connection broke in its first moments
 * - `timeout`: it did not stand in time, though something listens
 * - `mechanism`: one side has CURVE and the other has not, and said so
 * - `protocol`: the other side does not speak ZeroMQ as it should
 * - `handshake`: the other side ended the handshake without a word, as one does whose key is another, and may one that
 *   wants another mechanism
 * - `unauthorized`: the other side does not let this key in
 * - `closed`: the connection was closed
 * - `failed`: the socket failed
 */
export type LinkEnding =
  | 'refused'
  | 'unreachable'
  | 'timeout'
  | 'mechanism'
  | 'protocol'
  | 'handshake'
  | 'unauthorized'
  | 'closed'
  | 'failed';

/** Bounds of a dealer link. */
export interface DealerLinkOptions {
  /** Bytes of a frame at the most; ZeroMQ cuts the connection where the other side sends more. */
  readonly frameBytesMax: number;
  /** How long one try to connect may take, from the name of the host to the end of the handshake, in ms. */
  readonly connectTimeoutMs: number;
  /** Messages that ZeroMQ itself takes in before it pushes back on the other side. Default 1,000. */
  readonly receiveHighWaterMark?: number;
  /** Keys for CURVE. Default: neither encryption nor authentication. */
  readonly curve?: ClientKeys | undefined;
}

/** Messages that wait in this process before `send` asks its caller to pause. */
const PAUSE_AT_MESSAGES = 16;

/** How long unsent messages may still leave after `close`, in ms. */
const LINGER_MS = 1_000;

/**
 * Longer than any link lives. ZeroMQ can be told not to reconnect at all (−1), but throws away what has
 * come and is not yet read when such a connection closes.
 */
const NEVER_MS = 2 ** 31 - 1;

/** What must have happened for a connection to be lost or never made. */
const ENDINGS = {
  close: ['refused', 'connection refused or timed out'],
  'connect:retry': ['unreachable', 'host not found or not reachable'],
  disconnect: ['closed', 'connection closed'],
  'handshake:error:protocol': ['protocol', 'the other side does not speak ZeroMQ'],
  'handshake:error:auth': ['unauthorized', 'the other side does not let this key in'],
} as const satisfies Partial<Record<EventType, readonly [LinkEnding, string]>>;

/** What is said where keys are the matter, without keys of this side and with them. */
const WITHOUT_KEYS = 'the other side wants CURVE, and its key is not given here';
const WITH_KEYS = 'the other side has no CURVE, and a key for it is given here';
/** A side that wants another mechanism may hang up before it has said so. */
const OTHER_KEY =
  'the handshake failed: the other side has another key than the server key given here, or no CURVE';
const NO_KEY = 'the handshake failed: the other side may want CURVE, and its key is not given here';

/** A socket that connects once, and never by itself again. */
function newDealer({
  connectTimeoutMs,
  frameBytesMax,
  receiveHighWaterMark = 1_000,
  curve,
}: DealerLinkOptions): Dealer {
  const socket = new Dealer({
    context: sharedContext(),
    linger: 0,
    reconnectInterval: NEVER_MS,
    connectTimeout: connectTimeoutMs,
    maxMessageSize: frameBytesMax,
    receiveHighWaterMark,
  });
  if (curve) {
    socket.curvePublicKey = curve.publicKey;
    socket.curveSecretKey = curve.secretKey;
    socket.curveServerKey = curve.serverKey;
  }
  return socket;
}

/**
 * A client's or worker's end of one connection to a broker: one DEALER, one connect, no silent reconnect.
 *
 * ZeroMQ would reconnect by itself and say nothing, and a broker that was restarted would then never
 * hear READY again. So a connection that breaks ends the link, and its owner opens a new one.
 */
export class DealerLink {
  readonly #socket: Dealer;
  readonly #outbox = new Outbox();
  readonly #hasKeys: boolean;
  #sending = false;
  #closed = false;
  /** True once the connection is gone, while what came before is still read. */
  #ending = false;
  /** Runs until the connection stands: a host may take the connection and then say nothing. */
  #connecting: NodeJS.Timeout | undefined;
  /** Messages that came so far. */
  #received = 0;
  /** Runs while a closed link still hands what was sent before to ZeroMQ. */
  #patience: NodeJS.Timeout | undefined;
  #resumed: Promise<void> | undefined;
  #resume: (() => void) | undefined;
  #writableWaiters: (() => void)[] = [];

  constructor(
    readonly endpoint: string,
    options: DealerLinkOptions,
    private readonly handlers: DealerLinkHandlers,
  ) {
    const { curve } = options;
    this.#hasKeys = curve !== undefined;
    if (endpoint.startsWith('inproc:')) {
      this.#socket = newDealer(options);
      this.#connect();
      queueMicrotask(() => {
        if (!this.#closed) this.handlers.opened();
      });
    } else {
      const { socket, events } = observedDealer(() => newDealer(options));
      this.#socket = socket;
      this.#connecting = setTimeout(
        () => this.#lost(`no connection within ${options.connectTimeoutMs} ms`, 'timeout'),
        options.connectTimeoutMs,
      );
      if (events) {
        void this.#watch(events);
        this.#connect();
      } else {
        void this.#connectObserved();
      }
    }
  }

  /** @throws where ZeroMQ refuses the endpoint; the link is closed then */
  #connect(): void {
    try {
      uninterrupted(() => this.#socket.connect(this.endpoint));
      void this.#receiveAll();
    } catch (error) {
      this.close({ flush: false });
      throw error;
    }
  }

  /** Connects as soon as the socket can be observed. */
  async #connectObserved(): Promise<void> {
    try {
      for (let tries = 1; !this.#closed; tries++) {
        await new Promise((resolve) => setTimeout(resolve, tries));
        if (this.#closed) return;
        const events = observe(this.#socket);
        if (!events) continue;
        void this.#watch(events);
        this.#connect();
        return;
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  /**
   * Follows the connection to the very end, for only an observer that has read its end is closed. `events.on`
   * would do, but shares one emitter among all copies of zeromq.
   */
  async #watch(events: Dealer['events']): Promise<void> {
    try {
      for (let event = await events.receive(); event.type !== 'end'; event = await events.receive()) {
        if (event.type === 'handshake') this.#stands();
        else if (event.type === 'disconnect') void this.#readOut();
        else if (!this.#ending) this.#mayBeLost(event);
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #mayBeLost(event: Event): void {
    const { type } = event;
    if (type === 'handshake:error:protocol' && event.error.code === 'ERR_ZMTP_MECHANISM_MISMATCH') {
      this.#lost(this.#hasKeys ? WITH_KEYS : WITHOUT_KEYS, 'mechanism');
    } else if (type === 'handshake:error:other') {
      this.#lost(this.#hasKeys ? OTHER_KEY : NO_KEY, 'handshake');
    } else if (type in ENDINGS) {
      const [ending, reason] = ENDINGS[type as keyof typeof ENDINGS];
      this.#lost(reason, ending);
    }
  }

  #stands(): void {
    clearTimeout(this.#connecting);
    if (!this.#closed) this.handlers.opened();
  }

  /** Ends the link once all that came before its connection closed is read: its last replies may be there. */
  async #readOut(): Promise<void> {
    this.#ending = true;
    let before: number;
    do {
      if (this.#resumed) await this.#resumed;
      before = this.#received;
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    } while (this.#received > before);
    const [ending, reason] = ENDINGS.disconnect;
    this.#lost(reason, ending);
  }

  async #receiveAll(): Promise<void> {
    try {
      while (!this.#closed) {
        const frames = await this.#socket.receive();
        this.#received++;
        if (this.#resumed) await this.#resumed;
        if (!this.#closed) this.handlers.message(frames);
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#lost(error instanceof Error ? error.message : String(error), 'failed');
  }

  #lost(reason: string, ending: LinkEnding): void {
    if (this.#closed) return;
    this.close({ flush: false });
    this.handlers.closed(reason, ending === 'unauthorized', ending);
  }

  /**
   * Sends a message after all that was sent before; it leaves in this turn of the loop where it can.
   * Returns false where messages pile up: await {@link writable} before sending more.
   */
  send(frames: readonly Frame[]): boolean {
    if (this.#closed) return true;
    this.#outbox.push(frames);
    if (!this.#sending) void this.#sendAll();
    return this.#outbox.length < PAUSE_AT_MESSAGES;
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    try {
      for (let message = this.#outbox.peek(); message; message = this.#outbox.peek()) {
        await this.#socket.send([...message]);
        this.#outbox.shift();
        if (this.#outbox.length < PAUSE_AT_MESSAGES) this.#wakeWriters();
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#sending = false;
    if (!this.#closed) return;
    clearTimeout(this.#patience);
    discard(this.#socket);
  }

  #wakeWriters(): void {
    const waiters = this.#writableWaiters;
    if (waiters.length === 0) return;
    this.#writableWaiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves once fewer messages wait than the mark at which `send` said to pause, or the link is closed. */
  async writable(): Promise<void> {
    if (this.#closed || this.#outbox.length < PAUSE_AT_MESSAGES) return;
    await new Promise<void>((wake) => this.#writableWaiters.push(wake));
  }

  /** Leaves what arrives with ZeroMQ, and so pushes back on the other side, until {@link resume}. */
  pause(): void {
    this.#resumed ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  /** Takes messages again after {@link pause}. */
  resume(): void {
    this.#resume?.();
    this.#resumed = undefined;
    this.#resume = undefined;
  }

  /** Closes the connection; with `flush`, what was sent before may still leave, for a second at the most. */
  close({ flush }: { flush: boolean } = { flush: true }): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#connecting);
    this.resume();
    this.#wakeWriters();
    this.#socket.linger = flush ? LINGER_MS : 0;
    if (flush && this.#sending) this.#patience = setTimeout(() => discard(this.#socket), LINGER_MS);
    else discard(this.#socket);
  }
}
