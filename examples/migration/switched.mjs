import { createHash } from 'node:crypto';
import { notBegun } from './by-bus.mjs';

/**
 * The switch between the two sides: a share of the jobs goes by the bus, the others by the queue, and what the bus does
 * not take goes by the queue after all. A job whose outcome on the bus is unknown does not, for it may have been done.
 */
export class Switched {
  /** Jobs by the way that they went; `fallback` are those that the bus did not take. */
  counts = { queue: 0, bus: 0, fallback: 0 };
  #share = 0;
  #queue;
  #bus;

  /** @param {import('./by-queue.mjs').ByQueue} queue @param {import('./by-bus.mjs').ByBus} bus */
  constructor(queue, bus) {
    this.#queue = queue;
    this.#bus = bus;
  }

  /** How many of a hundred jobs go by the bus: 0 switches it off, 100 sends all. Change it while it runs. */
  get share() {
    return this.#share;
  }

  set share(share) {
    if (!(share >= 0 && share <= 100)) throw new RangeError(`a share is 0 to 100, got ${share}`);
    this.#share = share;
  }

  /**
   * Has an invoice made, one way or the other.
   * @param {import('./invoices.mjs').Invoice} invoice
   * @param {number} timeoutMs
   * @returns {Promise<string>}
   */
  async make(invoice, timeoutMs) {
    if (placeOf(invoice.id) >= this.#share) {
      this.counts.queue++;
      return await this.#queue.make(invoice, timeoutMs);
    }
    const endsAt = performance.now() + timeoutMs;
    if (this.#bus.reachable) {
      try {
        const made = await this.#bus.make(invoice, timeoutMs);
        this.counts.bus++;
        return made;
      } catch (error) {
        if (!notBegun(error)) throw error;
      }
    }
    this.counts.fallback++;
    return await this.#queue.make(invoice, Math.max(1, Math.ceil(endsAt - performance.now())));
  }
}

/**
 * 0 to 99, always the same for the same job: raising the share moves jobs one way only.
 * @param {string} id
 */
export function placeOf(id) {
  return createHash('sha256').update(id).digest().readUInt32BE() % 100;
}
