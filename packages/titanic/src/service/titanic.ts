import { Client } from '@majordomo/client';
import { parseOptions, StateError, type Logger } from '@majordomo/protocol';
import { Worker, type Handler, type WorkerOptions } from '@majordomo/worker';
import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import type { RequestStore } from '../store/store';
import { Api } from './api';
import { brokerLines } from './broker-lines';
import { Intake } from './intake';
import { MeasuredStore } from './measured-store';
import { API_SERVICES, TSP_SERVICES } from './messages';
import { TitanicMeter, type Measured } from './metrics';
import {
  RuleBook,
  titanicOptionsSchema,
  type ResolvedTitanicOptions,
  type TitanicKeys,
  type TitanicOptions,
} from './options';
import { watchRegistrations } from './registrations';
import { Retaining } from './retaining';
import { Runner, type RunnerCounters } from './runner';
import { Tracing } from './tracing';
import { tspServices } from './tsp';
import { Waiters } from './waiters';

/** What a titanic is doing: it only ever moves to the right. */
export type TitanicState = 'new' | 'running' | 'draining' | 'closed';

/** What a titanic has done, and what it does now. */
export interface TitanicStats extends Readonly<RunnerCounters> {
  /** Requests in hand. */
  readonly running: number;
  /** Clients that wait for a reply. */
  readonly waiting: number;
}

/** The events of a {@link Titanic}, each with one object as its argument. */
export interface TitanicEvents {
  /** All of its services are registered with this broker; again after it was lost. */
  registered: [event: { readonly broker: string }];
}

/**
 * Durable requests (RFC 9 and beyond): a worker to clients, which serves `titanic.*`, and a client to workers, to which it
 * delivers what it has stored. It works behind any MDP broker. Any number of titanics may share one store that allows it.
 */
export class Titanic extends EventEmitter<TitanicEvents> {
  readonly options: ResolvedTitanicOptions;
  readonly #client: Client;
  readonly #workers: readonly Worker[];
  readonly #runner: Runner;
  readonly #waiters: Waiters;
  readonly #retaining: Retaining;
  readonly #meter: TitanicMeter | undefined;
  readonly #measured: Measured;
  readonly #owner: string;
  #unsubscribe: () => void = () => undefined;
  #state: TitanicState = 'new';
  #ended: Promise<void> | undefined;

  /**
   * Connects to nothing yet: see {@link start}.
   * @throws InvalidOptionsError naming every option that does not fit
   * @throws InvalidKeyError where keys do not belong together
   */
  constructor(options: TitanicOptions) {
    super();
    const { curve, ...resolved } = parseOptions(titanicOptionsSchema, options, 'titanic');
    this.options = Object.freeze(resolved);
    const { logger, concurrency, retention, metrics, tracing } = this.options;
    this.#meter = metrics && TitanicMeter.of(metrics);
    const store = this.#storeFor(this.#meter);
    const rules = new RuleBook(this.options);
    const connection = { ...connectionOf(this.options, curve), logger: brokerLines(logger) };
    this.#client = new Client({
      ...connection,
      pendingMax: concurrency + SPARE_CALLS,
      // To plain brokers, each delivery has a socket of its own: waiting for one would use up its time.
      socketsMax: Math.min(SOCKETS_MAX, concurrency + SPARE_SOCKETS),
    });
    this.#owner = this.options.owner ?? `${hostname().slice(0, OWNER_HOST_MAX)}:${process.pid}`;
    this.#runner = new Runner({
      ...this.options,
      store,
      client: this.#client,
      rules,
      owner: this.#owner,
      tracing: tracing && new Tracing(tracing),
    });
    this.#waiters = new Waiters(store);
    this.#retaining = new Retaining(store, retention, logger);
    this.#workers = this.#makeWorkers(
      store,
      new Intake(this.options, rules),
      { ...connection, tracing },
      logger,
    );
    watchRegistrations(this.#workers, (broker) => {
      logger.info({ event: 'registered', broker }, 'registered with a broker, with all services');
      this.emit('registered', { broker });
    });
    const [runner, waiters] = [this.#runner, this.#waiters];
    this.#measured = {
      store: this.options.store,
      get running() {
        return runner.running;
      },
      get waiting() {
        return waiters.count;
      },
    };
    this.#meter?.add(this.#measured);
  }

  /** The store, measured where there are metrics. */
  #storeFor(meter: TitanicMeter | undefined): RequestStore {
    const { store, services, metricsServicesMax } = this.options;
    if (!meter) return store;
    meter.label(Object.keys(services), metricsServicesMax);
    this.#unsubscribe = store.subscribe({ committed: (operations) => meter.commits.record(operations) });
    return new MeasuredStore(store, meter);
  }

  #makeWorkers(store: RequestStore, intake: Intake, connection: WorkerOptions, logger: Logger): Worker[] {
    const { apiConcurrency, waitsMax } = this.options;
    const worker = (service: string, handler: Handler, concurrency: number): Worker =>
      new Worker(service, handler, { ...connection, concurrency });
    const tsp = tspServices(store, intake, logger);
    const api = new Api(store, intake, this.#waiters, this.options, logger);
    const concurrencyOf = (service: string): number => {
      // Those beyond the bound are answered at once: they must not wait in the queue of the broker instead.
      if (service === 'titanic.wait') return waitsMax + QUESTIONS_MAX;
      return INTAKES.has(service) ? apiConcurrency : Math.min(QUESTIONS_MAX, apiConcurrency);
    };
    return [
      ...TSP_SERVICES.map((service) =>
        worker(service, (request) => tsp[service](request.body, request), concurrencyOf(service)),
      ),
      ...API_SERVICES.map((service) =>
        worker(
          service,
          ({ body, traceparent }, context) =>
            api.answer(service, body, { signal: () => context.signal, traceparent }),
          concurrencyOf(service),
        ),
      ),
    ];
  }

  get state(): TitanicState {
    return this.#state;
  }

  get stats(): TitanicStats {
    return Object.freeze({
      ...this.#runner.counters,
      running: this.#runner.running,
      waiting: this.#waiters.count,
    });
  }

  /**
   * Starts to connect and to deliver, and resolves: it does not wait for a broker to be up.
   * @throws StateError where it was started or closed before
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') throw new StateError(`A titanic that is ${this.#state} cannot be started.`);
    this.#state = 'running';
    this.#retaining.start();
    this.#runner.start();
    await Promise.all(this.#workers.map((worker) => worker.start()));
    const { brokers, logger } = this.options;
    logger.info({ event: 'started', owner: this.#owner, brokers }, 'titanic started');
  }

  /**
   * Takes no more requests, finishes the deliveries in hand, and closes. What takes longer than `drainTimeoutMs` is given
   * back to the store. The store is left open.
   */
  drain(): Promise<void> {
    this.#ended ??= this.#end('draining', this.options.drainTimeoutMs);
    return this.#ended;
  }

  /** Gives all that is in hand back to the store, and closes. The store is left open. */
  close(): Promise<void> {
    this.#ended ??= this.#end('closed', 0);
    return this.#ended;
  }

  async #end(state: 'draining' | 'closed', timeoutMs: number): Promise<void> {
    this.#state = state;
    this.#retaining.stop();
    this.#waiters.close();
    await Promise.all([
      ...this.#workers.map((worker) => (timeoutMs > 0 ? worker.drain() : worker.close())),
      this.#runner.stop(timeoutMs),
    ]);
    this.#client.close();
    this.#unsubscribe();
    this.#meter?.remove(this.#measured);
    this.#state = 'closed';
    this.options.logger.info({ event: 'closed', owner: this.#owner }, 'titanic closed');
  }

  /** The same as {@link drain}: `await using titanic = new Titanic(…)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }
}

/** The services that are asked most, and all at once. */
const INTAKES = new Set(['titanic.request', 'titanic.submit']);
/** Requests at one time to each of the others. */
const QUESTIONS_MAX = 8;
/** Calls beside the deliveries: questions to the broker. */
const SPARE_CALLS = 1_000;
/** Sockets beside those of the deliveries, and all that a client can have. */
const SPARE_SOCKETS = 16;
const SOCKETS_MAX = 10_000;
/** Characters of the host's name in that of an owner. */
const OWNER_HOST_MAX = 80;

/** What client and workers have in common with the titanic. */
function connectionOf(options: ResolvedTitanicOptions, curve: TitanicKeys) {
  const { brokers, protocol, probeMs, connectTimeoutMs, reconnectMinMs, reconnectMaxMs } = options;
  const { limits, metrics } = options;
  return {
    brokers,
    protocol,
    probeMs,
    connectTimeoutMs,
    reconnectMinMs,
    reconnectMaxMs,
    limits,
    curve,
    metrics,
  };
}
