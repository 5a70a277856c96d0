import { Client } from '@majordomo/client';
import { parseOptions, StateError, type Logger } from '@majordomo/protocol';
import { Worker, type Handler, type WorkerOptions } from '@majordomo/worker';
import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import type { RequestStore } from '../store/store';
import { Api } from './api';
import { Intake } from './intake';
import { API_SERVICES, TSP_SERVICES } from './messages';
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
    const { store, logger, concurrency, retention } = this.options;
    const rules = new RuleBook(this.options);
    const connection = connectionOf(this.options, curve);
    this.#client = new Client({
      ...connection,
      pendingMax: concurrency + SPARE_CALLS,
      // To plain brokers, each delivery has a socket of its own: waiting for one would use up its time.
      socketsMax: Math.min(SOCKETS_MAX, concurrency + SPARE_SOCKETS),
    });
    this.#runner = new Runner({
      ...this.options,
      client: this.#client,
      rules,
      owner: this.options.owner ?? `${hostname().slice(0, OWNER_HOST_MAX)}:${process.pid}`,
    });
    this.#waiters = new Waiters(store);
    this.#retaining = new Retaining(store, retention, logger);
    this.#workers = this.#makeWorkers(store, new Intake(this.options, rules), connection, logger);
    watchRegistrations(this.#workers, (broker) => this.emit('registered', { broker }));
  }

  #makeWorkers(store: RequestStore, intake: Intake, connection: WorkerOptions, logger: Logger): Worker[] {
    const { apiConcurrency, waitsMax } = this.options;
    const worker = (service: string, handler: Handler, concurrency: number): Worker =>
      new Worker(service, handler, { ...connection, concurrency });
    const tsp = tspServices(store, intake, logger);
    const api = new Api(store, intake, this.#waiters, this.options, logger);
    const concurrencyOf = (service: string): number => {
      if (service === 'titanic.wait') return waitsMax;
      return INTAKES.has(service) ? apiConcurrency : Math.min(QUESTIONS_MAX, apiConcurrency);
    };
    return [
      ...TSP_SERVICES.map((service) =>
        worker(service, (request) => tsp[service](request.body, request), concurrencyOf(service)),
      ),
      ...API_SERVICES.map((service) =>
        worker(
          service,
          ({ body, traceparent }, { signal }) => api.answer(service, body, { signal, traceparent }),
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
    this.#state = 'closed';
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
  const { brokers, protocol, probeMs, connectTimeoutMs, reconnectMinMs, reconnectMaxMs, limits, logger } =
    options;
  return {
    brokers,
    protocol,
    probeMs,
    connectTimeoutMs,
    reconnectMinMs,
    reconnectMaxMs,
    limits,
    logger,
    curve,
  };
}
