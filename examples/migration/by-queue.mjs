// The side that is there already: BullMQ on Redis.
import { Queue, QueueEvents, Worker } from 'bullmq';
import { makeInvoice } from './invoices.mjs';

/** @typedef {{ path: string } | { host: string, port: number }} Redis - where it listens */

const QUEUE = 'invoices';
/** Finished jobs that are kept, so that who asked can still read what became of them. */
const KEPT = 1_000;

/** @param {Redis} redis @param {string} journal */
export async function startQueueWorker(redis, journal) {
  const worker = new Worker(QUEUE, ({ data }) => makeInvoice(data, journal, 'queue'), {
    connection: { ...redis, maxRetriesPerRequest: null },
    concurrency: 8,
  });
  await worker.waitUntilReady();
  return worker;
}

/** Has invoices made by the workers of the queue. */
export class ByQueue {
  #queue;
  #events;

  /** @param {Redis} redis */
  constructor(redis) {
    const connection = { ...redis, maxRetriesPerRequest: null };
    this.#queue = new Queue(QUEUE, {
      connection,
      defaultJobOptions: { removeOnComplete: { count: KEPT }, removeOnFail: { count: KEPT } },
    });
    this.#events = new QueueEvents(QUEUE, { connection });
    // Each job that is waited for listens.
    this.#queue.setMaxListeners(0);
    this.#events.setMaxListeners(0);
  }

  async ready() {
    await Promise.all([this.#queue.waitUntilReady(), this.#events.waitUntilReady()]);
  }

  /**
   * @param {import('./invoices.mjs').Invoice} invoice
   * @param {number} timeoutMs
   * @returns {Promise<string>}
   */
  async make(invoice, timeoutMs) {
    const job = await this.#queue.add('make', invoice, { jobId: invoice.id });
    return await job.waitUntilFinished(this.#events, timeoutMs);
  }

  async close() {
    await this.#events.close();
    await this.#queue.close();
  }
}
