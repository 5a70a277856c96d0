// The side that is to take over: a service on the bus.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, isMajordomoError } from '@majordomo/client';
import { Worker } from '@majordomo/worker';
import { makeInvoice } from './invoices.mjs';

const SERVICE = 'invoices.make';
/** How long one look for a broker takes that is down, and the pause before the next, in ms. */
const LOOK_MS = 30_000;
const PAUSE_MS = 200;

/** @param {string} brokers @param {string} journal */
export function busWorker(brokers, journal) {
  return new Worker(
    SERVICE,
    ({ body }) => makeInvoice(/** @type {import('./invoices.mjs').Invoice} */ (body.json()), journal, 'bus'),
    { brokers, concurrency: 8 },
  );
}

/** What the broker did not take: no worker has begun with it. */
const NOT_TAKEN = new Set(['NO_WORKER', 'QUEUE_FULL', 'RATE_LIMITED', 'UNAUTHORIZED']);

/**
 * True where no worker can have begun with a request that failed so. After a TIMEOUT, a CONNECTION_LOST or an
 * ATTEMPTS_EXHAUSTED one may have; after a WORKER_FAILED one has, and said no.
 * @param {unknown} error
 */
export function notBegun(error) {
  if (!isMajordomoError(error)) return false;
  return NOT_TAKEN.has(error.code) || (error.code === 'BROKER_DRAINING' && error.retryable);
}

/** Has invoices made by the workers of the bus. */
export class ByBus {
  #client;
  #reachable = true;
  #closed = false;

  /** @param {import('@majordomo/client').ClientOptions} options */
  constructor(options) {
    this.#client = new Client(options);
    this.#client.on('brokerUp', () => (this.#reachable = true));
    this.#client.on('brokerDown', () => {
      this.#reachable = false;
      void this.#askUntilUp();
    });
  }

  /** A client connects when it is asked for something: while nothing is, this is what finds the broker back. */
  async #askUntilUp() {
    while (!this.#reachable && !this.#closed) {
      await this.ready(LOOK_MS).catch(() => sleep(PAUSE_MS, undefined, { ref: false }));
    }
  }

  /** False while there is no broker. */
  get reachable() {
    return this.#reachable;
  }

  /**
   * Asks for the broker, so that it is known whether there is one.
   * @param {number} timeoutMs
   */
  async ready(timeoutMs) {
    await this.#client.request('mmi.service', SERVICE, { timeoutMs });
  }

  /**
   * An invoice is not made twice: what may have been begun is not sent again. Where nobody serves it, that is told at once.
   * @param {import('./invoices.mjs').Invoice} invoice
   * @param {number} timeoutMs
   */
  async make(invoice, timeoutMs) {
    const terms = { timeoutMs, idempotent: false, failFast: true, contentType: 'application/json' };
    const reply = await this.#client.request(SERVICE, JSON.stringify(invoice), terms);
    return reply.text();
  }

  close() {
    this.#closed = true;
    this.#client.close();
  }
}
