import { Broker, type BrokerEvent, type BrokerOptions } from '@majordomo/broker';
import { Client, type ClientOptions } from '@majordomo/client';
import { StateError, type MmiBroker } from '@majordomo/protocol';
import { Worker, type Handler, type WorkerOptions } from '@majordomo/worker';
import { BrokerRecord, type EventOf, type Watch } from './broker-record';
import { FaultyLink } from './faulty-link';
import { within, type WaitOptions } from './wait';

/** How a test broker runs: the options of a broker, but for where it listens. */
export type TestBrokerOptions = Omit<BrokerOptions, 'bind'>;

/** What is closed together with its broker. */
export interface Closable {
  close(): void | Promise<void>;
}

/** Which event a test waits for. */
export type EventFilter<Type extends BrokerEvent['type']> = (event: EventOf<Type>) => boolean;

/** What is different from the defaults, which are made for networks: a peer that is silent is lost after 500 ms. */
const BROKER_DEFAULTS = { heartbeatMs: 25, liveness: 20, drainTimeoutMs: 1_000 } as const;

/**
 * The same for clients and workers. What the broker speaks is known, and one that comes back is found within 20 ms. They
 * are more patient with a silent broker than it is with them: it stands still whenever a test computes, for it shares
 * their thread, and what counts for it is the time in which it ran.
 */
const PEER_DEFAULTS = { protocol: 'packed', liveness: 40, reconnectMinMs: 5, reconnectMaxMs: 20 } as const;

/** How long the broker may take to see that a worker has left, in ms. */
const LEAVING_MS = 1_000;

/** How long a client may wait for a reply, in ms: less than runners allow a test. */
const TIMEOUT_MS = 3_000;

/**
 * Starts a broker in this process, on an ephemeral port of loopback, with heartbeats so short that a silent peer is lost
 * after 500 ms. Close it at the end, or let `await using` do it: whatever was made through it is closed with it.
 *
 * ```ts
 * await using broker = await startTestBroker();
 * const client = broker.client();
 * ```
 * @param options - those of a broker, but for `bind`
 * @throws InvalidOptionsError naming every option that does not fit
 */
export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const broker = new TestBroker(options);
  await broker.open();
  return broker;
}

/** A broker for tests, made by {@link startTestBroker}. */
export class TestBroker {
  readonly #options: TestBrokerOptions;
  readonly #record = new BrokerRecord();
  readonly #links = new Set<FaultyLink>();
  readonly #owned = new Set<Closable>();
  #broker: Broker | undefined;
  #network: FaultyLink | undefined;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(options: TestBrokerOptions) {
    this.#options = { ...BROKER_DEFAULTS, ...options };
  }

  /** @internal */
  async open(): Promise<void> {
    await this.start();
    try {
      this.#network = await this.link();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Where clients and workers connect to; the same over restarts. */
  get endpoint(): string {
    return this.network.endpoint;
  }

  /** The way to {@link endpoint}, to be made slow, silent or broken for all who go there. */
  get network(): FaultyLink {
    if (!this.#network) throw new StateError('This test broker is not open yet.');
    return this.#network;
  }

  /**
   * The broker itself; a new one after each start.
   * @throws StateError while it is down
   */
  get broker(): Broker {
    if (!this.#broker) throw new StateError('This test broker is down: start() it first.');
    return this.#broker;
  }

  /** What happened in the broker since the test kit started it, restarts included: the last 10,000 events. */
  get events(): readonly BrokerEvent[] {
    return this.#record.events;
  }

  /** @internal What clients and workers of this broker have in common where a test says nothing else. */
  get peerDefaults(): typeof PEER_DEFAULTS & { readonly heartbeatMs: number } {
    return { ...PEER_DEFAULTS, heartbeatMs: this.#options.heartbeatMs ?? BROKER_DEFAULTS.heartbeatMs };
  }

  /**
   * What the broker holds and has counted.
   * @throws StateError while it is down
   */
  describe(): MmiBroker {
    return this.broker.describe();
  }

  /**
   * A client of this broker, closed with it. It is a real one, which reconnects faster than by default and whose
   * requests have 3 s.
   * @param options - those of a client; `brokers` is this one unless it is given
   * @throws InvalidOptionsError naming every option that does not fit
   */
  client(options: ClientOptions = {}): Client {
    this.#requireOpen();
    const client = new Client({
      ...this.peerDefaults,
      timeoutMs: TIMEOUT_MS,
      suspectMs: 0,
      brokers: this.endpoint,
      ...options,
    });
    this.own(client);
    return client;
  }

  /**
   * Starts a worker of yours, closed with this broker, and resolves once the broker has it.
   * @throws InvalidServiceError, InvalidOptionsError as a worker does
   * @throws ExpectationError where the broker does not take it within 5 s
   */
  async worker(service: string, handler: Handler, options: WorkerOptions = {}): Promise<Worker> {
    this.#requireOpen();
    const worker = new Worker(service, handler, { ...this.peerDefaults, brokers: this.endpoint, ...options });
    this.own({ close: () => this.leaving(worker, () => worker.close()) });
    const registered = new Promise<void>((resolve) => worker.once('registered', () => resolve()));
    await worker.start();
    await within(registered, { timeoutMs: 5_000 }, () => `the broker to register a worker of ${service}`);
    await this.served(service);
    return worker;
  }

  /** Another way to this broker, with faults of its own, for one of several peers; closed with the broker. */
  async link(): Promise<FaultyLink> {
    this.#requireOpen();
    const link = await FaultyLink.open(() => this.#broker?.endpoints[0]);
    this.#links.add(link);
    return link;
  }

  /** How many workers serve a service now; plain ones count once for each of their `concurrency`. */
  workers(service: string): number {
    return this.#record.workers(service);
  }

  /**
   * Waits until a service is served.
   * @param options - `workers`: by how many at least, 1 by default
   * @throws ExpectationError where it is not in time
   */
  async served(service: string, options: WaitOptions & { readonly workers?: number } = {}): Promise<void> {
    const { workers = 1 } = options;
    const enough = (): boolean => this.workers(service) >= workers;
    const what = (): string => `${workers} workers of ${service}: there are ${this.workers(service)}`;
    await expected(this.#record.until(enough), options, what);
  }

  /**
   * Waits until nobody serves a service any more.
   * @throws ExpectationError where somebody does when the time is up
   */
  async unserved(service: string, options: WaitOptions = {}): Promise<void> {
    const what = (): string => `${service} to be served no more: it has ${this.workers(service)} workers`;
    await expected(
      this.#record.until(() => this.workers(service) === 0),
      options,
      what,
    );
  }

  /**
   * Waits for the next event of a type, from now on: ask before you do what it comes from.
   *
   * ```ts
   * const lost = broker.event('workerLost');
   * await mail.die();
   * expect((await lost).reason).toBe('connection_closed');
   * ```
   * @throws ExpectationError where none comes in time
   */
  async event<Type extends BrokerEvent['type']>(
    type: Type,
    filter: EventFilter<Type> = () => true,
    options: WaitOptions = {},
  ): Promise<EventOf<Type>> {
    return await expected(this.#record.next(type, filter), options, () => `the event ${type}`);
  }

  /** Goes down in good order: requests under way fail, workers are told. Harmless where it is down. */
  async stop(): Promise<void> {
    const broker = this.#broker;
    this.#broker = undefined;
    await broker?.close();
    this.#record.down(broker);
  }

  /** Goes down as by SIGKILL: all connections break, and nothing is said. Harmless where it is down. */
  async crash(): Promise<void> {
    const broker = this.#broker;
    this.#broker = undefined;
    for (const link of this.#links) link.cut();
    await broker?.close();
    this.#record.down(broker);
  }

  /**
   * Comes back, at the same endpoint, with nothing in hand.
   * @throws StateError where it runs, or this test broker was closed, before or meanwhile
   */
  async start(): Promise<void> {
    this.#requireOpen();
    if (this.#broker) throw new StateError('This test broker runs already.');
    const broker = new Broker({ ...this.#options, bind: 'tcp://127.0.0.1:0' });
    this.#broker = broker;
    this.#record.listen(broker);
    try {
      await broker.start();
    } catch (error) {
      if (this.#broker === broker) await this.stop();
      throw error;
    }
  }

  /** Crashes and comes back at the same endpoint. What was under way is lost, and clients send it again. */
  async restart(): Promise<void> {
    await this.crash();
    await this.start();
  }

  /** @internal Closes a worker, and resolves once the broker knows that it has left. */
  async leaving({ service, stats }: Worker, close: () => Promise<void>): Promise<void> {
    const gone = this.#record.leaving(service, stats.registered);
    try {
      await close();
      await within(gone.promise, { timeoutMs: LEAVING_MS }, () => '').catch(() => undefined);
    } finally {
      gone.stop();
    }
  }

  /** @internal Has something closed together with this broker. */
  own(thing: Closable): void {
    this.#owned.add(thing);
  }

  /**
   * Closes the clients, workers and links that were made through this broker, ends the faults of its network, and starts
   * it where it is down: for the end of each test where several share one broker.
   */
  async reset(): Promise<void> {
    await this.#closeOwned();
    const links = [...this.#links].filter((link) => link !== this.#network);
    await Promise.all(links.map((link) => this.#closeLink(link)));
    this.network.restore();
    if (!this.#broker) await this.start();
  }

  /** Closes whatever was made through this broker, and the broker. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#closeOwned();
    await this.stop();
    await Promise.all([...this.#links].map((link) => this.#closeLink(link)));
  }

  async #closeLink(link: FaultyLink): Promise<void> {
    this.#links.delete(link);
    await link.close();
  }

  async #closeOwned(): Promise<void> {
    const owned = [...this.#owned];
    this.#owned.clear();
    await Promise.all(owned.map((thing) => thing.close()));
  }

  #requireOpen(): void {
    if (this.#closed) throw new StateError('This test broker was closed; start a new one.');
  }
}

/** What is watched for, where it comes in time. */
async function expected<T>(watch: Watch<T>, options: WaitOptions, what: () => string): Promise<T> {
  try {
    return await within(watch.promise, options, what);
  } finally {
    watch.stop();
  }
}
