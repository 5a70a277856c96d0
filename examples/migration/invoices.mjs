import { appendFile } from 'node:fs/promises';

/**
 * @typedef {object} Invoice
 * @property {string} id
 * @property {number} cents
 */

/**
 * The job itself, which knows neither queue nor bus: the workers of both sides call it while the move lasts.
 * @param {Invoice} invoice
 * @param {string} journal - a file with a line for each invoice that was made
 * @param {string} by - who makes it
 */
export async function makeInvoice({ id, cents }, journal, by) {
  if (cents < 0) throw new RangeError('an invoice of less than nothing');
  await appendFile(journal, `${id} ${by}\n`);
  return `${id}: ${(cents / 100).toFixed(2)} €`;
}
