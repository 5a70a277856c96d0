import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Pair {
  /** The connection that was accepted. */
  near: Socket;
  /** The connection to the target; none until the relay may forward. */
  far?: Socket;
}

/**
 * A TCP relay in front of a ZeroMQ endpoint, to freeze and to cut the network between two peers that both live.
 * It listens on a port of its own that the system chose.
 */
export class TcpRelay {
  readonly #target: { host: string; port: number };
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #stalled = false;
  #refusing = false;

  /** Starts a relay to `target`, such as `tcp://127.0.0.1:5555`; the target need not listen yet. */
  static async to(target: string): Promise<TcpRelay> {
    const relay = new TcpRelay(target);
    await new Promise<void>((resolve, reject) => {
      relay.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return relay;
  }

  private constructor(target: string) {
    const { protocol, hostname, port } = new URL(target);
    if (protocol !== 'tcp:' || port === '') throw new TypeError(`not a tcp endpoint with a port: ${target}`);
    this.#target = { host: hostname, port: Number(port) };
    this.#server = createServer({ pauseOnConnect: true }, (near) => this.#accept(near));
  }

  /** Where to connect in place of the target. */
  get endpoint(): string {
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections accepted and still open. */
  get connections(): number {
    return this.#pairs.size;
  }

  /**
   * Forwards nothing either way until `resume()`, and closes nothing: neither side is told when the other goes
   * away. New connections are accepted and stall as well. What was sent meanwhile is forwarded later.
   */
  stall(): void {
    this.#stalled = true;
    for (const { near, far } of this.#pairs) {
      near.pause();
      far?.pause();
    }
  }

  /** Ends `stall()`. */
  resume(): void {
    this.#stalled = false;
    for (const pair of [...this.#pairs]) this.#forward(pair);
  }

  /** Resets all connections, at both sides. New ones are still accepted, unless `refuse()` says otherwise. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far?.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /** With true, new connections are reset as soon as they are made. Those that exist go on. */
  refuse(refusing = true): void {
    this.#refusing = refusing;
  }

  /** Cuts everything and stops listening. */
  async close(): Promise<void> {
    this.#refusing = true;
    this.cut();
    if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    near.on('error', () => undefined);
    if (this.#refusing) {
      near.resetAndDestroy();
      return;
    }
    const pair: Pair = { near };
    this.#pairs.add(pair);
    near.on('close', () => this.#closed(pair));
    if (!this.#stalled) this.#forward(pair);
  }

  /** Moves bytes again, or for the first time, or passes on that a side went away during a stall. */
  #forward(pair: Pair): void {
    if (pair.near.closed || pair.far?.closed === true) {
      this.#closed(pair);
      return;
    }
    if (pair.far === undefined) {
      const far = connect({ ...this.#target, noDelay: true });
      pair.far = far;
      pair.near.setNoDelay(true);
      far.on('error', () => undefined).on('close', () => this.#closed(pair));
      this.#pump(pair.near, far);
      this.#pump(far, pair.near);
    }
    if (pair.near.readableEnded) pair.far.end();
    if (pair.far.readableEnded) pair.near.end();
    pair.near.resume();
    pair.far.resume();
  }

  #pump(from: Socket, to: Socket): void {
    from.on('data', (chunk) => {
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => {
      if (!this.#stalled) from.resume();
    });
    from.on('end', () => {
      // Comes of an empty stream even while it is paused.
      if (!this.#stalled) to.end();
    });
  }

  #closed(pair: Pair): void {
    // A frozen network carries no news of a close.
    if (this.#stalled && this.#pairs.has(pair)) return;
    this.#pairs.delete(pair);
    pair.near.destroy();
    pair.far?.destroy();
  }
}
