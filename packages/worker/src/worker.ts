import {
  InvalidOptionsError,
  InvalidServiceError,
  isMmi,
  MMI_PREFIX,
  parseOptions,
  requireServiceName,
  StateError,
} from '@majordomo/protocol';
import { setImmediate } from 'node:timers/promises';
import { Alarm } from './alarm';
import { BrokerPresence } from './broker-presence';
import { Events, type WorkerEvents, type WorkerListener } from './events';
import type { Handler } from './handler';
import { workerOptionsSchema, type WorkerOptions } from './options';
import { SessionRunner } from './session-runner';
import type { Shared } from './shared';
import { Slots } from './slots';
import { Counters, type WorkerStats } from './stats';

/** What a worker is doing: it only ever moves to the right. */
export type WorkerState = 'new' | 'running' | 'draining' | 'closed';

/**
 * Serves one service at one or more Majordomo brokers.
 *
 * An MDP/0.1 or MDP/0.2 worker takes one request at a time, so a worker with `concurrency: N` registers N
 * times with each broker. Over all brokers together no more than N handlers run: a request beyond that
 * waits in this process, while heartbeats tell its broker that it is in good hands.
 */
export class Worker {
  readonly service: string;
  readonly #shared: Shared;
  readonly #presences: readonly BrokerPresence[];
  readonly #sessions: readonly SessionRunner[];
  #state: WorkerState = 'new';
  #ended: Promise<void> | undefined;

  /**
   * Connects to nothing yet: see {@link start}.
   * @param service - 1–255 bytes of printable UTF-8, not in the broker's own namespace `mmi.` (RFC 8)
   * @throws InvalidServiceError, InvalidOptionsError
   */
  constructor(service: string, handler: Handler, options: WorkerOptions = {}) {
    this.service = requireOwnService(service);
    if (typeof handler !== 'function') throw new InvalidOptionsError('The handler should be a function.');
    const resolved = parseOptions(workerOptionsSchema, options, 'worker');
    const shared: Shared = {
      service,
      handler,
      options: resolved,
      slots: new Slots(resolved.concurrency),
      alarm: new Alarm(() => {
        for (const session of this.#sessions) session.tick();
      }),
      counters: new Counters(),
      events: new Events(),
    };
    this.#shared = shared;
    this.#presences = resolved.brokers.map((broker) => new BrokerPresence(broker, shared));
    this.#sessions = this.#presences.flatMap((presence) =>
      Array.from({ length: resolved.concurrency }, () => new SessionRunner(shared, presence)),
    );
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** The counters as they are now. */
  get stats(): WorkerStats {
    const { counters, slots } = this.#shared;
    const registered = this.#presences.reduce((sum, presence) => sum + presence.registered, 0);
    return Object.freeze({ ...counters, waiting: slots.waiting, registered });
  }

  /**
   * Starts to connect and resolves: it does not wait for a broker to be up, which the event `registered`
   * tells. Brokers that are down are tried until they are there.
   * @throws StateError where the worker was started or closed before
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') throw new StateError(`A worker that is ${this.#state} cannot be started.`);
    this.#state = 'running';
    for (const session of this.#sessions) session.start();
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
      for (const session of this.#sessions) session.close();
    }, drainTimeoutMs);
    for (const session of this.#sessions) session.leave();
    await this.#end();
    clearTimeout(timer);
  }

  /** Aborts the handlers, says DISCONNECT and closes, all at once. Handlers are not waited for. */
  close(): Promise<void> {
    this.#state = 'closed';
    for (const session of this.#sessions) session.close();
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    await Promise.all(this.#sessions.map(({ ended }) => ended));
    this.#state = 'closed';
    this.#shared.alarm.stop();
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

/** A broker sends away every worker that registers in its own namespace (RFC 8), again and again. */
function requireOwnService(service: string): string {
  if (!isMmi(requireServiceName(service))) return service;
  throw new InvalidServiceError(
    `Services that start with ${MMI_PREFIX} are the broker's own, got ${service}.`,
  );
}
