import type { BodyInput } from '@majordomo/protocol';
import { Worker, type WorkerOptions } from '@majordomo/worker';
import type { FaultyLink } from './faulty-link';
import { perform, type Stage } from './perform';
import type { Script } from './script';
import { ScriptReader } from './script-reader';
import { SeenRequest } from './seen-request';
import type { TestBroker } from './test-broker';
import { ExpectationError, within, type WaitOptions } from './wait';

/** How a fake worker serves: the options of a worker, but for where it connects to. */
export type FakeWorkerOptions = Omit<WorkerOptions, 'brokers'> & {
  /** Requests that {@link FakeWorker.requests} keeps: beyond that the oldest are forgotten. Default 10,000. */
  readonly requestsMax?: number;
};

/** Which request a test waits for. */
export type RequestFilter = (request: SeenRequest) => boolean;

type FakeWorkerArguments = [service: string, script: Script, options: FakeWorkerOptions];

interface Waiting {
  readonly filter: RequestFilter;
  found(request: SeenRequest): void;
  failed(error: unknown): void;
}

const REQUESTS_MAX = 10_000;

/** How long the last words of a worker may be under way to the broker, in ms. */
const GOODBYE_MS = 1_000;

/** Enough that requests which are held or dropped keep no others from the script. */
const CONCURRENCY = 256;

/**
 * Starts a fake worker and resolves once the broker has it. It is a real worker on a real connection, whose handler
 * follows a script and writes down what it was asked.
 *
 * ```ts
 * const mail = await fakeWorker(broker, 'mail', [fails('MAILBOX_FULL'), repeats(replies('sent'))]);
 * ```
 * @param script - what it does with its requests; see {@link Script}
 * @throws InvalidServiceError, InvalidOptionsError as a worker does
 * @throws ExpectationError where the broker does not take it within 5 s
 */
export async function fakeWorker(
  broker: TestBroker,
  service: string,
  script: Script,
  options: FakeWorkerOptions = {},
): Promise<FakeWorker> {
  const link = await broker.link();
  const worker = newFakeWorker(broker, link, service, script, options);
  try {
    await worker.start();
  } catch (error) {
    await worker.close();
    throw error;
  }
  return worker;
}

function newFakeWorker(broker: TestBroker, link: FaultyLink, ...rest: FakeWorkerArguments): FakeWorker {
  try {
    const worker = new FakeWorker(broker, link, ...rest);
    broker.own(worker);
    return worker;
  } catch (error) {
    void link.close();
    throw error;
  }
}

/** A worker for tests, made by {@link fakeWorker}. */
export class FakeWorker {
  readonly service: string;
  /** Its way to the broker, to be made slow, silent or broken. */
  readonly link: FaultyLink;
  readonly #worker: Worker;
  readonly #script: ScriptReader;
  readonly #broker: TestBroker;
  readonly #requestsMax: number;
  readonly #requests: SeenRequest[] = [];
  readonly #unread: SeenRequest[] = [];
  readonly #waiting = new Set<Waiting>();
  #seen = 0;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(
    broker: TestBroker,
    link: FaultyLink,
    ...[service, script, { requestsMax = REQUESTS_MAX, ...options }]: FakeWorkerArguments
  ) {
    this.service = service;
    this.link = link;
    this.#broker = broker;
    this.#script = new ScriptReader(script);
    this.#requestsMax = requestsMax;
    this.#worker = new Worker(
      service,
      (request, context) => this.#play(new SeenRequest(++this.#seen, request, context), context),
      { concurrency: CONCURRENCY, ...broker.peerDefaults, ...options, brokers: link.endpoint },
    );
  }

  /** @internal */
  async start(): Promise<void> {
    const registered = new Promise<void>((resolve) => this.#worker.once('registered', () => resolve()));
    await this.#worker.start();
    await within(
      registered,
      { timeoutMs: 5_000 },
      () => `the broker to register a worker of ${this.service}`,
    );
    await this.#broker.served(this.service);
  }

  /** The requests that it was given, in the order of their arrival. */
  get requests(): readonly SeenRequest[] {
    return this.#requests;
  }

  /** Requests that it was given, those that {@link requests} has forgotten included. */
  get seen(): number {
    return this.#seen;
  }

  /**
   * The next request that no earlier call has given, waited for where it has not come yet.
   * @param filter - passes over requests for which it is false; they are left to other calls
   * @throws ExpectationError where none comes in time; it says what has come
   * @throws what the filter throws
   */
  async expectRequest(filter: RequestFilter = () => true, options: WaitOptions = {}): Promise<SeenRequest> {
    const at = this.#unread.findIndex(filter);
    const [there] = at < 0 ? [] : this.#unread.splice(at, 1);
    if (there) return there;
    let stop = (): void => undefined;
    const coming = new Promise<SeenRequest>((found, failed) => {
      const waiting: Waiting = { filter, found, failed };
      stop = () => void this.#waiting.delete(waiting);
      this.#waiting.add(waiting);
    });
    try {
      return await within(coming, options, () => `a request to ${this.service}; ${this.#whatCame()}`);
    } finally {
      stop();
    }
  }

  /**
   * Holds the script against what came: to be called at the end of a test.
   * @throws ExpectationError where steps of a list are left, or requests came after its end
   */
  expectScriptDone(): void {
    const { left, unscripted } = this.#script;
    if (unscripted > 0)
      throw new ExpectationError(
        `${unscripted} requests to ${this.service} came after the end of its script`,
      );
    if (left > 0)
      throw new ExpectationError(
        `${left} steps of the script of ${this.service} are left; ${this.#whatCame()}`,
      );
  }

  /** Dies as by SIGKILL: its connection breaks, nothing is said, and it does not come back. */
  async die(): Promise<void> {
    this.link.refuse();
    await this.close();
  }

  /** Loses its connection, and comes back; wait for that with the broker's `served`. */
  disconnect(): void {
    this.link.cut();
  }

  /** Leaves in good order, at once: the broker is told. What it has in hand goes to other workers. */
  close(): Promise<void> {
    this.#closed ??= this.#broker.leaving(this.#worker, async () => {
      await this.#worker.close();
      await this.link.emptied(GOODBYE_MS);
      await this.link.close();
    });
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#play(request: SeenRequest, context: Stage['context']): AsyncGenerator<BodyInput, BodyInput | void> {
    const step = this.#script.next(request);
    this.#record(request);
    return yield* perform(await step, {
      request,
      context,
      partials: () => this.#broker.describe().counters['partials'] ?? 0,
      die: () => this.die(),
      disconnect: () => this.disconnect(),
    });
  }

  #record(request: SeenRequest): void {
    this.#requests.push(request);
    if (this.#requests.length > this.#requestsMax) this.#requests.shift();
    for (const waiting of this.#waiting) {
      if (!isWanted(request, waiting)) continue;
      this.#waiting.delete(waiting);
      waiting.found(request);
      return;
    }
    this.#unread.push(request);
    if (this.#unread.length > this.#requestsMax) this.#unread.shift();
  }

  #whatCame(): string {
    return this.#seen === 0
      ? 'none has come so far'
      : `${this.#seen} have come so far, ${this.#unread.length} of them not asked for`;
  }
}

/** What a filter throws is for who waits, not for who asks. */
function isWanted(request: SeenRequest, { filter, failed }: Waiting): boolean {
  try {
    return filter(request);
  } catch (error) {
    failed(error);
    return false;
  }
}
