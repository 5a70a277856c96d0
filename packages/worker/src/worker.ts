import {
  InvalidOptionsError,
  InvalidServiceError,
  isMmi,
  MMI_PREFIX,
  parseOptions,
  requireServiceName,
  StateError,
} from '@majordomo/protocol';
import { Alarm, clientKeysOf, type ClientKeys } from '@majordomo/transport';
import { setImmediate } from 'node:timers/promises';
import { BrokerSessions } from './broker-sessions';
import { Events, type WorkerEvents, type WorkerListener } from './events';
import type { Handler } from './handler';
import { JobTimes } from './job-times';
import { LoopWatch } from './loop-watch';
import {
  concurrencySchema,
  threadedWorkerOptionsSchema,
  workerOptionsSchema,
  type ResolvedWorkerOptions,
  type ThreadedWorkerOptions,
  type WorkerOptions,
} from './options';
import { WorkerMeter } from './metrics';
import { loopReporter, threadReporter } from './reports';
import { Shared } from './shared';
import { Slots } from './slots';
import { Counters, type WorkerStats } from './stats';
import { ThreadPool } from './threads/thread-pool';
import { Tracing } from './tracing';

/** What a worker is doing: it only ever moves to the right. */
export type WorkerState = 'new' | 'running' | 'draining' | 'closed';

/**
 * Serves one service at one or more Majordomo brokers.
 *
 * In the packed dialect, a worker with `concurrency: N` registers once with each broker and takes N requests at once.
 * An MDP/0.1 or MDP/0.2 worker takes one request at a time, so there it registers N times. Over all brokers together
 * no more than N handlers run: a request beyond that waits in this process, while heartbeats tell its broker that
 * it is in good hands.
 */
export class Worker {
  readonly service: string;
  readonly #shared: Shared;
  readonly #brokers: readonly BrokerSessions[];
  readonly #meter: WorkerMeter | undefined;
  /** Where the handler runs, where that is not the main thread. */
  readonly #threads: ThreadPool | undefined;
  /** Looks whether the handler blocks the main thread, where it runs there. */
  readonly #loopWatch: LoopWatch | undefined;
  #state: WorkerState = 'new';
  #ended: Promise<void> | undefined;

  /**
   * With a handler that runs in the main thread: one that does not block it. Connects to nothing yet: see
   * {@link start}.
   * @param service - 1–255 bytes of printable UTF-8, not in the broker's own namespace `mmi.` (RFC 8)
   * @throws InvalidServiceError, InvalidOptionsError
   * @throws InvalidKeyError where keys do not belong together
   */
  constructor(service: string, handler: Handler, options?: WorkerOptions);
  /**
   * With a handler that computes for long: the default export of `handlerFile` runs in threads, while this one keeps
   * the heartbeats going. Makes no threads yet: see {@link start}.
   * @param service - as above
   * @throws InvalidServiceError, InvalidOptionsError
   * @throws InvalidKeyError where keys do not belong together
   */
  constructor(service: string, options: ThreadedWorkerOptions);
  constructor(service: string, handler: Handler | ThreadedWorkerOptions, options: WorkerOptions = {}) {
    this.service = requireOwnService(service);
    const events = new Events();
    const counters = new Counters();
    const alarm = new Alarm(() => {
      for (const broker of this.#brokers) broker.tick();
    });
    let serve: Handler;
    let resolved: ResolvedWorkerOptions;
    let keys: ClientKeys | undefined;
    if (typeof handler === 'function') {
      serve = handler;
      const { curve, ...others } = parseOptions(workerOptionsSchema, options, 'worker');
      resolved = Object.freeze(others);
      keys = curve && clientKeysOf(curve);
      this.#loopWatch = new LoopWatch(resolved.heartbeatMs, loopReporter(service, resolved, events));
    } else if (isThreaded(handler)) {
      const { curve, ...threaded } = parseOptions(threadedWorkerOptionsSchema, handler, 'worker');
      keys = curve && clientKeysOf(curve);
      this.#threads = new ThreadPool(
        { ...threaded, service },
        threadReporter(service, threaded, counters, events),
      );
      serve = this.#threads.serve;
      resolved = Object.freeze(threaded);
    } else {
      throw new InvalidOptionsError(
        'The handler should be a function, or the options should name a handlerFile.',
      );
    }
    const slots = new Slots(resolved.concurrency);
    const meter = resolved.metrics && WorkerMeter.of(resolved.metrics);
    const times = meter && new JobTimes(meter.timesOf(service));
    const tracing = resolved.tracing && new Tracing(resolved.tracing);
    const shared = new Shared(service, serve, resolved, slots, alarm, counters, events, keys, times, tracing);
    this.#shared = shared;
    this.#brokers = resolved.brokers.map((broker) => new BrokerSessions(broker, shared));
    this.#meter = meter;
    meter?.add(this);
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** The counters as they are now. */
  get stats(): WorkerStats {
    const { counters, slots } = this.#shared;
    const registered = this.#brokers.reduce((sum, broker) => sum + broker.registered, 0);
    return Object.freeze({ ...counters, waiting: slots.waiting, registered });
  }

  /**
   * Starts to connect and resolves: it does not wait for a broker to be up, which the event `registered`
   * tells. Brokers that are down are tried until they are there. With `handlerFile`, its threads are made and have
   * loaded it before; where they cannot, the worker is closed.
   * @throws StateError where the worker was started or closed before
   * @throws InvalidHandlerError where the `handlerFile` is not there, cannot be loaded or exports no function
   * @throws ClosedError where the worker was closed while its threads were made
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') throw new StateError(`A worker that is ${this.#state} cannot be started.`);
    this.#state = 'running';
    if (this.#threads) await this.#openThreads(this.#threads);
    this.#loopWatch?.start();
    for (const broker of this.#brokers) broker.start();
  }

  async #openThreads(threads: ThreadPool): Promise<void> {
    try {
      await threads.open();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Handlers that run at once at the most. */
  get concurrency(): number {
    return this.#shared.slots.count;
  }

  /**
   * Changes how many handlers run at once, over all brokers. Packed brokers are told how many requests to send;
   * with plain ones, sessions are added, or leave once their request is done. Handlers that run are left alone.
   * @param concurrency - 1 to 1,024
   * @throws InvalidOptionsError for any other
   * @throws StateError where the worker is draining or closed
   */
  setConcurrency(concurrency: number): void {
    const { concurrency: count } = parseOptions(concurrencySchema, { concurrency }, 'worker');
    if (this.#state === 'draining' || this.#state === 'closed') {
      throw new StateError(`The concurrency of a worker that is ${this.#state} cannot be changed.`);
    }
    this.#shared.slots.resize(count);
    for (const broker of this.#brokers) broker.resized();
  }

  /**
   * Takes no more requests, finishes those in hand, says DISCONNECT and closes. Handlers that take longer
   * than `drainTimeoutMs` are aborted and not waited for.
   */
  drain(): Promise<void> {
    this.#ended ??= this.#drain();
    return this.#ended;
  }

  async #drain(): Promise<void> {
    this.#state = 'draining';
    const { drainTimeoutMs } = this.#shared.options;
    const timer = setTimeout(() => {
      for (const broker of this.#brokers) broker.close();
    }, drainTimeoutMs);
    for (const broker of this.#brokers) broker.leave();
    await this.#end();
    clearTimeout(timer);
  }

  /**
   * Aborts the handlers, says DISCONNECT and closes, all at once. Handlers in this thread are not waited for; those in
   * threads have `abortGraceMs` to end, then their threads are ended.
   */
  close(): Promise<void> {
    this.#state = 'closed';
    for (const broker of this.#brokers) broker.close();
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    await Promise.all(this.#brokers.map(({ ended }) => ended));
    this.#state = 'closed';
    this.#shared.alarm.stop();
    this.#loopWatch?.stop();
    await this.#threads?.close();
    this.#meter?.remove(this);
    // What was sent last is in ZeroMQ's hands one turn of the loop later.
    await setImmediate();
  }

  /** The same as {@link drain}: `await using worker = new Worker(…)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }

  /** Calls the listener for every event of this name. */
  on<Name extends keyof WorkerEvents>(name: Name, listener: WorkerListener<Name>): this {
    this.#shared.events.on(name, listener);
    return this;
  }

  /** Calls the listener for the next event of this name. */
  once<Name extends keyof WorkerEvents>(name: Name, listener: WorkerListener<Name>): this {
    this.#shared.events.once(name, listener);
    return this;
  }

  /** Calls the listener no more. */
  off<Name extends keyof WorkerEvents>(name: Name, listener: WorkerListener<Name>): this {
    this.#shared.events.off(name, listener);
    return this;
  }
}

function isThreaded(options: unknown): options is ThreadedWorkerOptions {
  return typeof options === 'object' && options !== null && 'handlerFile' in options;
}

/** A broker sends away every worker that registers in its own namespace (RFC 8), again and again. */
function requireOwnService(service: string): string {
  if (!isMmi(requireServiceName(service))) return service;
  throw new InvalidServiceError(
    `Services that start with ${MMI_PREFIX} are the broker's own, got ${service}.`,
  );
}
