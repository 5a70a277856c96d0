import { BindError, bytesToKey, StateError, type Frame } from '@majordomo/protocol';
import { capability, Router } from 'zeromq';
import { Backlog, type BacklogOptions, type PeerGoneReason, type PeerKey } from './backlog';
import { sharedContext } from './context';
import { ZapEntry, type ZapGate } from './curve/zap-handler';
import { removeFile, whatIsAt } from './ipc-socket';
import { codeOf, uninterrupted } from './socket-error';
import { explainBind, IN_USE, NO_SOCKET } from './why-not-bound';

/** Who may connect to a router, and how. */
export interface RouterSecurity {
  /** The secret key of a CURVE server, as Z85; without, connections are neither encrypted nor authenticated. */
  readonly secretKey?: string | undefined;
  /** Names the ZAP domain, for people to read: 1 to 200 bytes. */
  readonly label: string;
  readonly gate: ZapGate;
}

/** What a router link tells its owner. */
export interface RouterLinkHandlers {
  /** A message of a peer, without the routing id. */
  message(peer: PeerKey, frames: Frame[]): void;
  /**
   * The peer's connection opened or closed, or the peer itself sent one empty frame: nothing tells
   * these apart, so it is a hint. A send to a closed peer confirms it with {@link peerGone}; in the first
   * moments after the hint ZeroMQ may still take messages for it, and loses them.
   */
  connectionChanged(peer: PeerKey): void;
  /** A message could not be delivered: its connection is closed, or its backlog outgrew its bound. */
  peerGone(peer: PeerKey, reason: PeerGoneReason): void;
  /** The socket failed for good. */
  failed(error: unknown): void;
}

/** Bounds of a router link. */
export interface RouterLinkOptions extends BacklogOptions {
  /** Bytes of a frame at the most; ZeroMQ cuts the connection of a peer that sends more. */
  readonly frameBytesMax: number;
  /** How long a peer on TCP may take nothing of what is sent to it before its connection is closed, in ms. */
  readonly stallMs: number;
  /** How long `close` leaves unsent messages to ZeroMQ, in ms. */
  readonly lingerMs: number;
  /** How long a connection may take for its handshake, in ms, before it is closed. Default 10,000. */
  readonly handshakeMs?: number | undefined;
  /** Default: whoever reaches the socket may connect, without CURVE. */
  readonly security?: RouterSecurity | undefined;
  /** Starts the keys of this router's peers, where one owner has several: a character beyond U+00FF. Default: none. */
  readonly mark?: string | undefined;
}

/** ZMQ_ROUTER_NOTIFY, a draft option that zeromq.js has no name for; 3 is "connect and disconnect". */
const ROUTER_NOTIFY = 97;
const NOTIFY_BOTH = 3;

/**
 * When TCP asks whether the host of a silent peer is still there, how often then, in seconds, and after how many
 * questions without answer the connection ends. A host that is gone without a word would else keep its connection
 * for ever, and a peer with a routing id of its own could not come back: ZeroMQ refuses an id that is taken.
 */
const KEEPALIVE = { idleS: 30, intervalS: 10, count: 3 };

/** Tries to have an endpoint again that was given up a moment ago, each a little later than the one before. */
const REBIND_TRIES_MAX = 100;
const REBIND_WAIT_MS_MAX = 50;

/** Connections that never say who they are cost a file each. */
const HANDSHAKE_MS = 10_000;

class NotifyingRouter extends Router {
  /** Asks for a message `[routing id, empty]` whenever a connection opens or closes. */
  notifyConnections(): void {
    this.setInt32Option(ROUTER_NOTIFY, NOTIFY_BOTH);
  }
}

/**
 * The broker's end of every connection: one ROUTER, bound to any number of endpoints.
 *
 * Sends never wait: what a peer cannot take at once stays in its outbox, in order, up to a bound;
 * beyond it the peer is given up. Nobody waits for a slow peer.
 */
export class RouterLink {
  readonly #socket: NotifyingRouter;
  /** Runs while the endpoints are had again. */
  #renewing: Promise<void> | undefined;
  /** Endpoints that are listened on. */
  readonly #bound: string[] = [];
  readonly #backlog: Backlog;
  readonly #mark: string;
  readonly #zap: ZapEntry | undefined;
  #closed = false;
  /** True where connections that close are noticed at once, not by missing heartbeats only. */
  readonly noticesDepartures: boolean;

  constructor(
    options: RouterLinkOptions,
    private readonly handlers: RouterLinkHandlers,
  ) {
    const { security, mark = '' } = options;
    this.#mark = mark;
    this.#zap = security && new ZapEntry(security.label, security.gate);
    this.#backlog = new Backlog(options, {
      send: (message) => this.#socket.send(message),
      routingIdOf: (peer) => this.routingIdOf(peer),
      gone: (peer, reason) => handlers.peerGone(peer, reason),
      failed: (error) => handlers.failed(error),
    });
    this.#socket = new NotifyingRouter({
      context: sharedContext(),
      mandatory: true,
      sendTimeout: 0,
      linger: options.lingerMs,
      sendHighWaterMark: options.highWaterMark,
      receiveHighWaterMark: options.highWaterMark,
      maxMessageSize: options.frameBytesMax,
      handshakeInterval: options.handshakeMs ?? HANDSHAKE_MS,
      tcpKeepalive: 1,
      tcpKeepaliveIdle: KEEPALIVE.idleS,
      tcpKeepaliveInterval: KEEPALIVE.intervalS,
      tcpKeepaliveCount: KEEPALIVE.count,
      tcpMaxRetransmitTimeout: options.stallMs,
    });
    if (this.#zap) {
      // Without its handler, nobody comes in.
      this.#socket.zapDomain = this.#zap.domain;
      this.#socket.zapEnforceDomain = true;
    }
    if (security?.secretKey !== undefined) {
      this.#socket.curveServer = true;
      this.#socket.curveSecretKey = security.secretKey;
    }
    this.noticesDepartures = capability.draft === true;
    if (this.noticesDepartures) this.#socket.notifyConnections();
  }

  /**
   * Binds one more endpoint and returns it as it really is, its port filled in.
   * @throws BindError where it is taken or cannot be had
   * @throws StateError where the link is closed, before or meanwhile
   */
  async bind(endpoint: string): Promise<string> {
    this.#requireOpen();
    await this.#zap?.open();
    this.#requireOpen();
    const there = await whatIsAt(endpoint);
    if (there !== undefined) {
      throw new BindError(endpoint, `Cannot bind ${endpoint}: ${there === 'file' ? NO_SOCKET : IN_USE}.`);
    }
    this.#requireOpen();
    try {
      await this.#socket.bind(endpoint);
    } catch (cause) {
      this.#requireOpen();
      throw new BindError(endpoint, `Cannot bind ${endpoint}: ${explainBind(cause)}.`, { cause });
    }
    if (this.#closed) await removeFile(endpoint);
    this.#requireOpen();
    const bound = this.#socket.lastEndpoint ?? endpoint;
    this.#bound.push(bound);
    return bound;
  }

  /**
   * Closes every connection and listens on: whoever may come back does, and whom the gate does not let in any more stays
   * out. ZeroMQ can close all connections of an endpoint and no single one. What was on its way is lost, and
   * nobody is reported gone: the owner knows.
   *
   * Where an endpoint cannot be had again, `failed` is told. Resolves once all are, or the link is closed.
   */
  renew(): Promise<void> {
    const renewing = this.#renewing ? this.#renewing.then(() => this.#renewNow()) : this.#renewNow();
    this.#renewing = renewing;
    return renewing.then(() => {
      if (this.#renewing === renewing) this.#renewing = undefined;
    });
  }

  async #renewNow(): Promise<void> {
    if (this.#closed) return;
    try {
      // ZeroMQ ends what was bound as it ends what was connected; of the two, zeromq.js does this one in its turn.
      for (const endpoint of this.#bound) uninterrupted(() => this.#socket.disconnect(endpoint));
      this.#backlog.clear();
      for (const endpoint of this.#bound) await this.#bindAgain(endpoint);
    } catch (error) {
      if (!this.#closed) this.handlers.failed(error);
    }
  }

  /** The old listener has the address until ZeroMQ's own thread has seen to it. */
  async #bindAgain(endpoint: string): Promise<void> {
    for (let tries = 1; !this.#closed; tries++) {
      try {
        uninterrupted(() => this.#socket.bindSync(endpoint));
        return;
      } catch (cause) {
        if (codeOf(cause) !== 'EADDRINUSE' || tries === REBIND_TRIES_MAX) {
          throw new BindError(endpoint, `Cannot bind ${endpoint} again: ${explainBind(cause)}.`, { cause });
        }
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(tries, REBIND_WAIT_MS_MAX)));
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new StateError('This link is closed.');
  }

  /** Starts to deliver messages to the handlers, until the link is closed. */
  receive(): void {
    this.#backlog.start();
    void this.#receiveAll();
  }

  async #receiveAll(): Promise<void> {
    try {
      while (!this.#closed) {
        const frames: Frame[] = await this.#socket.receive();
        const id = frames.shift();
        if (!id) continue;
        const peer = this.#mark + bytesToKey(id);
        if (frames.length === 1 && frames[0]?.length === 0) this.handlers.connectionChanged(peer);
        else this.handlers.message(peer, frames);
      }
    } catch (error) {
      if (!this.#closed) this.handlers.failed(error);
    }
  }

  /** The routing id of a peer, one character per byte. */
  routingIdOf(peer: PeerKey): string {
    return peer.slice(this.#mark.length);
  }

  /** Bytes that wait for all peers, those of messages that ZeroMQ is just being given included. */
  get backlogBytes(): number {
    return this.#backlog.bytes;
  }

  /**
   * Sends a message to a peer, after all that was sent to it before.
   *
   * ZeroMQ counts messages where it bounds what it holds for a peer, not bytes, and does not tell what has left. With a
   * spacer, a small message that means nothing to the peer, large messages take as many places as their bytes
   * deserve: each is followed by so many of them.
   */
  send(peer: PeerKey, frames: readonly Frame[], spacer?: readonly Frame[]): void {
    if (this.#closed) return;
    this.#backlog.send(peer, frames, spacer);
  }

  /** True where messages wait for a peer that pushed back. */
  isCongested(peer: PeerKey): boolean {
    return this.#backlog.isCongested(peer);
  }

  /**
   * Closes the socket. What was sent to peers that take it goes to ZeroMQ first, which may still deliver it
   * for `lingerMs`; what waits for slow peers is dropped.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#closed) return;
    this.#closed = true;
    this.#backlog.close();
    this.#socket.close();
    this.#zap?.close();
    for (const endpoint of this.#bound) await removeFile(endpoint);
  }
}
