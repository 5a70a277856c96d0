// The services behind the API: an ordinary program, which knows nothing of HTTP.
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError, Worker } from '@majordomo/worker';

/**
 * Takes orders, one at a time.
 * @param {string} brokers
 * @param {(event: string) => void} told - hears what becomes of the slow ones
 */
export function ordersWorker(brokers, told) {
  return new Worker(
    'orders',
    async ({ body }, { signal }) => {
      const { item, takesMs = 0 } = /** @type {{ item: string, takesMs?: number }} */ (body.json());
      if (item === 'lamp') throw new ServiceError('OUT_OF_STOCK', 'no lamps until Monday');
      if (item === 'bug') throw new TypeError('undefined is not an order');
      if (takesMs > 0) {
        told('begun');
        signal.addEventListener('abort', () => told(signal.reason.code));
        await sleep(takesMs, undefined, { signal });
      }
      return JSON.stringify({ ordered: item });
    },
    { brokers },
  );
}

/**
 * Writes a report without end, no faster than it is read.
 * @param {string} brokers
 * @param {(event: string) => void} told - hears how it ended
 */
export function reportWorker(brokers, told) {
  return new Worker(
    'report',
    async function* (_request, { signal }) {
      signal.addEventListener('abort', () => told(signal.reason.code));
      for (let row = 1; ; row++) yield JSON.stringify({ row });
    },
    { brokers },
  );
}
