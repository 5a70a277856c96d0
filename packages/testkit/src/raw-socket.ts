import { clearInterval, setInterval } from 'node:timers';
import * as zmq from 'zeromq';
import { hex, type Frame } from './hex';
import { Mailbox } from './mailbox';

/** The ZeroMQ context of all raw peers, apart from the global one that the code under test may use. */
export const testContext = new zmq.Context();
testContext.blocky = false;
testContext.maxSockets = testContext.maxSocketsLimit;

/** How long the peers wait for a message unless told otherwise. */
export const DEFAULT_TIMEOUT_MS = 20_000;

/** The ZeroMQ socket types that Majordomo peers use (RFC 7 and RFC 18). */
export type RawSocketKind = 'dealer' | 'request' | 'router';

/** What can be set on a raw socket before it connects or binds. */
export interface RawSocketOptions {
  /** Shown in failures. Default: the kind. */
  name?: string;
  /** Identity that a ROUTER on the other side sees; 1 to 255 bytes, not starting with a zero byte. */
  routingId?: Frame;
  /** Messages queued per peer and direction; 0, the default, is no limit, so that nothing is dropped. */
  highWaterMark?: number;
  /** `false` makes a peer that never reads. Default: true. */
  read?: boolean;
  /** Last word on the ZeroMQ socket, for instance its CURVE keys. */
  configure?: (socket: zmq.Dealer | zmq.Request | zmq.Router) => void;
  /** Gets every arrival in place of the inbox. */
  onMessage?: (frames: Buffer[]) => void;
}

const open = new Set<RawSocket>();

/**
 * A ZeroMQ socket that serialises its sends and reads in the background, so that no arrival is lost and
 * no two operations overlap. Linger is 0: what was not yet on the wire at `close()` is dropped.
 */
export class RawSocket {
  /** The ZeroMQ socket itself, for what this class does not cover. */
  readonly zmq: zmq.Dealer | zmq.Request | zmq.Router;
  readonly #kind: RawSocketKind;
  readonly #reads: boolean;
  readonly #onMessage: (frames: Buffer[]) => void;
  readonly #inbox: Mailbox<Buffer[]>;
  readonly #closers = new Set<() => void>();
  #sending: Promise<void> = Promise.resolve();
  #reading: Promise<unknown> = Promise.resolve();

  constructor(kind: RawSocketKind, options: RawSocketOptions = {}) {
    this.#kind = kind;
    this.#inbox = new Mailbox(options.name ?? kind, (frames) => hex(frames));
    this.#onMessage = options.onMessage ?? ((frames) => this.#inbox.push(frames));
    this.#reads = options.read ?? true;
    this.zmq = createSocket(kind, options);
    open.add(this);
  }

  /** Connects; ZeroMQ does so in the background and again after a loss. */
  connect(endpoint: string): this {
    this.zmq.connect(endpoint);
    this.#startReading();
    return this;
  }

  /** Binds, and returns the endpoint with the port the system chose for `:0`. */
  async bind(endpoint: string): Promise<string> {
    await this.zmq.bind(endpoint);
    this.#startReading();
    return this.zmq.lastEndpoint ?? endpoint;
  }

  /** Sends one message of these frames, after all that were sent before it. */
  send(...frames: Frame[]): Promise<void> {
    const sent = this.#sending.then(async () => {
      await this.zmq.send(frames.map((frame) => Buffer.from(frame)));
      // A REQ may only receive after it has sent.
      if (this.#kind === 'request' && this.#reads) this.#reading = this.#readOne();
    });
    this.#sending = sent.catch(() => undefined);
    return sent;
  }

  /** The next message, oldest first; throws, naming `what`, when none comes within `timeoutMs`. */
  receive(timeoutMs: number = DEFAULT_TIMEOUT_MS, what = 'message'): Promise<Buffer[]> {
    return this.#inbox.take(what, timeoutMs);
  }

  /** Messages that arrived and were not yet received. */
  get inbox(): number {
    return this.#inbox.length;
  }

  /** Throws when a message is there or arrives within `ms`; the message stays in the inbox. */
  expectSilence(ms: number): Promise<void> {
    return this.#inbox.quiet('message', ms);
  }

  /** Whether `close()` was called. */
  get closed(): boolean {
    return this.zmq.closed;
  }

  /** Calls `action` every `ms` until the returned function is called or the socket closes. */
  every(ms: number, action: () => Promise<unknown>): () => void {
    const timer = setInterval(() => void action().catch(() => undefined), ms);
    const stop = (): void => {
      clearInterval(timer);
      this.#closers.delete(stop);
    };
    this.#closers.add(stop);
    return stop;
  }

  /** Runs `action` at `close()`. */
  onClose(action: () => void): void {
    this.#closers.add(action);
  }

  /** Closes; may be called again. Whoever waits in `receive` gets an error. */
  async close(): Promise<void> {
    open.delete(this);
    for (const closer of [...this.#closers]) closer();
    this.#closers.clear();
    this.zmq.close();
    this.#inbox.close('the socket was closed');
    await this.#reading;
  }

  #startReading(): void {
    if (this.#kind !== 'request' && this.#reads) this.#reading = this.#readAll();
  }

  async #readAll(): Promise<void> {
    while (await this.#readOne());
  }

  /** True where a message came; false where none ever will. */
  async #readOne(): Promise<boolean> {
    let frames: Buffer[];
    try {
      frames = await this.zmq.receive();
    } catch (error) {
      // A pending receive() rejects with EAGAIN when the socket closes.
      if (this.closed) return false;
      this.#inbox.close(`receive failed: ${String(error)}`);
      // Not awaited: close() waits for this very function.
      void this.close();
      return false;
    }
    this.#onMessage(frames);
    return true;
  }
}

/** Closes every raw socket of this test file that is still open, and so the raw peers that own them. */
export async function closeAllSockets(): Promise<void> {
  await Promise.all([...open].map((socket) => socket.close()));
}

function createSocket(kind: RawSocketKind, options: RawSocketOptions): zmq.Dealer | zmq.Request | zmq.Router {
  const mark = options.highWaterMark ?? 0;
  const common = { context: testContext, linger: 0, sendHighWaterMark: mark, receiveHighWaterMark: mark };
  const types = { dealer: zmq.Dealer, request: zmq.Request, router: zmq.Router };
  const socket = new types[kind](common);
  // Typed as string, but the option takes bytes just as well.
  if (options.routingId !== undefined) socket.routingId = Buffer.from(options.routingId) as unknown as string;
  options.configure?.(socket);
  return socket;
}
