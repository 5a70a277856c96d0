import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { RelayPipe, type Pace } from './relay-pipe';

interface Pair {
  /** The connection that was accepted. */
  near: Socket;
  /** The connection to the target and both directions; none until the relay may forward. */
  onward?: { far: Socket; up: RelayPipe; down: RelayPipe };
}

const FULL_SPEED: Pace = { latencyMs: 0, bytesPerSecond: Infinity };

/**
 * A TCP relay in front of a ZeroMQ endpoint, to freeze, slow and cut the network between two peers that both live.
 * It listens on a port of its own that the system chose.
 */
export class TcpRelay {
  readonly #target: { host: string; port: number };
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #stalled = false;
  #refusing = false;
  #pace = FULL_SPEED;

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
    for (const { near, onward } of this.#pairs) {
      near.pause();
      onward?.up.hold();
      onward?.down.hold();
    }
  }

  /** Ends `stall()`. */
  resume(): void {
    this.#stalled = false;
    for (const pair of [...this.#pairs]) this.#forward(pair);
  }

  /**
   * From now on every byte takes `latencyMs` each way (default 0), and each connection carries `bytesPerSecond` each
   * way (default: any number). `slow({})` is full speed again; what was sent before keeps its place in front.
   */
  slow({ latencyMs = 0, bytesPerSecond = Infinity }: Partial<Pace>): void {
    this.#pace = { latencyMs, bytesPerSecond };
  }

  /** Resets all connections, at both sides. New ones are still accepted, unless `refuse()` says otherwise. */
  cut(): void {
    for (const { near, onward } of this.#pairs) {
      onward?.up.discard();
      onward?.down.discard();
      near.resetAndDestroy();
      onward?.far.resetAndDestroy();
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
    if (pair.onward) {
      pair.onward.up.release();
      pair.onward.down.release();
    } else if (!pair.near.closed) {
      pair.onward = this.#connect(pair);
    }
    if (pair.near.closed || pair.onward?.far.closed === true) this.#closed(pair);
  }

  #connect(pair: Pair): NonNullable<Pair['onward']> {
    const { near } = pair;
    const far = connect({ ...this.#target, noDelay: true });
    near.setNoDelay(true);
    far.on('error', () => undefined).on('close', () => this.#closed(pair));
    const pace = (): Pace => this.#pace;
    const onward = { far, up: new RelayPipe(near, far, pace), down: new RelayPipe(far, near, pace) };
    near.resume();
    return onward;
  }

  /** A side is gone: the other one has what was under way to it, and goes too. */
  #closed(pair: Pair): void {
    // A frozen network carries no news of a close.
    if (this.#stalled || !this.#pairs.has(pair)) return;
    const { near, onward } = pair;
    if (near.closed) onward?.up.close();
    if (onward?.far.closed === true) onward.down.close();
    if (!near.closed || onward?.far.closed === false) return;
    onward?.up.discard();
    onward?.down.discard();
    this.#pairs.delete(pair);
  }
}
