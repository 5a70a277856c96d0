import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { LinkDirection, type LinkConditions } from './link-direction';
import { requireMs } from './wait';

/** The broker's end of a connection, and both directions. */
interface Onward {
  readonly far: Socket;
  readonly up: LinkDirection;
  readonly down: LinkDirection;
}

/**
 * A way to a broker with faults on demand: an endpoint of its own on loopback, whose connections go on to the broker.
 * Whoever connects to it, a client, a worker, a program in another process, has a network that can be made slow, silent
 * or broken while both sides live.
 *
 * Made by {@link TestBroker.link}; every fake worker has one as its `link`.
 */
export class FaultyLink {
  readonly #target: () => string | undefined;
  readonly #server: Server;
  #endpoint = '';
  readonly #connections = new Map<Socket, Onward>();
  #conditions: LinkConditions = { delayMs: 0, dropping: false };
  #refusing = false;
  #whenEmpty: (() => void) | undefined;

  private constructor(target: () => string | undefined) {
    this.#target = target;
    this.#server = createServer((near) => this.#accept(near));
  }

  /**
   * Opens a link.
   * @param target - where it leads, such as `tcp://127.0.0.1:5555`, asked for with each connection; while it is
   * `undefined`, connections are closed at once
   */
  static async open(target: () => string | undefined): Promise<FaultyLink> {
    const link = new FaultyLink(target);
    await new Promise<void>((resolve, reject) => {
      link.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    link.#endpoint = `tcp://127.0.0.1:${(link.#server.address() as AddressInfo).port}`;
    return link;
  }

  /** Where to connect to; the same as long as the link is open. */
  get endpoint(): string {
    return this.#endpoint;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * From now on every byte takes so long, each way; 0 for no delay. Nothing is reordered.
   * @param delayMs - whole ms
   * @throws InvalidOptionsError for anything else
   */
  delay(delayMs: number): void {
    requireMs(delayMs, 'A delay');
    this.#conditions = { ...this.#conditions, delayMs };
  }

  /**
   * From now on whatever is sent vanishes, both ways, and so does the news of an end: connections look open, new ones
   * are accepted, and nothing arrives. The other side finds out by its heartbeats alone. {@link restore} ends it.
   */
  drop(): void {
    this.#conditions = { ...this.#conditions, dropping: true };
  }

  /** Breaks all connections, at both sides; what was under way is lost. Who reconnects gets through. */
  cut(): void {
    for (const [near, onward] of [...this.#connections]) this.#break(near, onward);
  }

  /** Breaks all connections, and every new one as soon as it is made, until {@link restore}. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  /** Ends all faults. Connections that have lost bytes meanwhile are broken, for the rest would make no sense. */
  restore(): void {
    this.#refusing = false;
    this.#conditions = { delayMs: 0, dropping: false };
    for (const [near, onward] of [...this.#connections]) {
      const { up, down } = onward;
      if (up.torn || down.torn) {
        this.#break(near, onward);
      } else {
        up.resume();
        down.resume();
      }
    }
  }

  /**
   * Waits until whoever connected has closed its connections and what was sent before has arrived, so that the last words
   * of a peer do. While bytes vanish there is nothing to wait for.
   * @param timeoutMs - how long at the most
   */
  async emptied(timeoutMs: number): Promise<void> {
    if (this.#connections.size === 0 || this.#conditions.dropping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#whenEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#whenEmpty = undefined;
  }

  /** Breaks all connections and listens no more. Harmless where that was done before. */
  async close(): Promise<void> {
    this.refuse();
    if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(near: Socket): void {
    near.on('error', () => undefined);
    const target = this.#refusing ? undefined : this.#target();
    if (target === undefined) {
      near.destroy();
      return;
    }
    const { hostname, port } = new URL(target);
    const far = connect({ host: hostname, port: Number(port), noDelay: true });
    near.setNoDelay(true);
    far.on('error', () => undefined);
    const conditions = (): LinkConditions => this.#conditions;
    const up = new LinkDirection(near, far, conditions);
    const down = new LinkDirection(far, near, conditions);
    this.#connections.set(near, { far, up, down });
    const closed = (): void => {
      if (near.closed && far.closed) this.#remove(near);
    };
    near.on('close', closed);
    far.on('close', closed);
  }

  #break(near: Socket, { far, up, down }: Onward): void {
    up.stop();
    down.stop();
    near.destroy();
    far.destroy();
    this.#remove(near);
  }

  #remove(near: Socket): void {
    this.#connections.delete(near);
    if (this.#connections.size === 0) this.#whenEmpty?.();
  }
}
