import { Server } from '@nestjs/microservices';
import { Worker } from '@majordomo/worker';
import { isObservable } from 'rxjs';
import { MajordomoContext } from './majordomo-context.mjs';
import { serviceErrorOf } from './service-error-of.mjs';
import { valuesOf } from './values-of.mjs';

/** @typedef {import('@nestjs/microservices').MessageHandler} MessageHandler */

/**
 * A strategy for Nest microservices: every `@MessagePattern` and `@EventPattern` is a service on the bus, named as the
 * pattern is, and any client of the bus can call it, with JSON.
 *
 * - What a handler returns is the reply. The values of an Observable are PARTIALs, as they come; then an empty FINAL.
 * - An `RpcException` with `{ code, message, retryable }` is a failure with this code; anything else is INTERNAL_ERROR.
 * - The client's cancellation, or the end of its time, unsubscribes from the Observable; the signal is in the context.
 * - An event is a request whose reply says that it was handled: by one of the instances, not by all.
 */
export class MajordomoServer extends Server {
  /** @type {Worker[]} */
  #workers = [];
  #options;

  /** @param {import('@majordomo/worker').WorkerOptions} [options] - of a worker; each pattern has one */
  constructor(options = {}) {
    super();
    this.#options = { concurrency: 64, ...options };
    this.initializeSerializer({});
    this.initializeDeserializer({});
  }

  /**
   * Called by Nest: serves all patterns. Brokers that are down are tried until they are there.
   * @param {(error?: unknown) => void} callback
   */
  async listen(callback) {
    try {
      for (const [pattern, handler] of this.messageHandlers) {
        const worker = new Worker(
          pattern,
          (request, context) => this.#serve(handler, request, context),
          this.#options,
        );
        worker.on('requestFailed', ({ error }) => this.logger.debug?.(`${pattern}: ${String(error)}`));
        this.#workers.push(worker);
      }
      await Promise.all(this.#workers.map((worker) => worker.start()));
      callback();
    } catch (error) {
      callback(error);
    }
  }

  /** Called by Nest: takes no more requests, finishes those in hand, and leaves. */
  async close() {
    await Promise.all(this.#workers.map((worker) => worker.drain()));
    this.#workers = [];
  }

  /**
   * Listens to events of all workers, once the application listens: `registered`, `lost` and so on.
   * @param {string | number | symbol} event
   * @param {Function} listener
   */
  on(event, listener) {
    for (const worker of this.#workers) {
      worker.on(
        /** @type {keyof import('@majordomo/worker').WorkerEvents} */ (event),
        /** @type {(event: unknown) => void} */ (listener),
      );
    }
  }

  /** @template T @returns {T} the workers */
  unwrap() {
    return /** @type {T} */ (this.#workers);
  }

  /**
   * One request: a handler's result is the last reply, an Observable's values come before it.
   * @param {MessageHandler} first
   * @param {import('@majordomo/worker').WorkerRequest} request
   * @param {import('@majordomo/worker').HandlerContext} context
   */
  async *#serve(first, request, context) {
    const rpc = new MajordomoContext([request, context]);
    context.replyContentType = 'application/json';
    try {
      const data = request.body.byteLength === 0 ? undefined : request.body.json();
      /** @type {unknown} */
      let last;
      // Several handlers of one event are a chain.
      for (let handler = /** @type {MessageHandler | undefined} */ (first); handler; handler = handler.next) {
        const result = await handler(data, rpc);
        if (!isObservable(result)) last = result;
        else for await (const value of valuesOf(result, context.signal)) yield JSON.stringify(value);
      }
      return last === undefined ? '' : JSON.stringify(last);
    } catch (error) {
      throw serviceErrorOf(error);
    }
  }
}
