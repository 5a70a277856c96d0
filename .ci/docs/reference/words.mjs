// How numbers, bounds and defaults are written in the tables.

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const DAY_MS = 86_400_000;

/** How long anything durable may last, in ms. */
const TEN_YEARS_MS = 315_576_000_000;

/** What a timer of Node holds in ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** @typedef {'ms' | 'bytes' | 'MB' | ''} Unit */

/**
 * The unit of an option, which its name ends with.
 * @param {string} key
 * @returns {Unit}
 */
export function unitOf(key) {
  if (/Ms$/.test(key)) return 'ms';
  if (/BytesMax$|^bytesPerSecond$/.test(key)) return 'bytes';
  return /Mb$/.test(key) ? 'MB' : '';
}

/**
 * @param {number} value
 * @param {Unit} unit
 */
export function amount(value, unit) {
  if (unit === 'bytes') {
    if (value >= GIB && value % GIB === 0) return `${value / GIB} GiB`;
    if (value >= MIB && value % MIB === 0) return `${value / MIB} MiB`;
    if (value === 2 * GIB - 1) return '2 GiB − 1';
  }
  if (unit === 'ms') {
    if (value === TEN_YEARS_MS) return 'ten years';
    if (value >= DAY_MS && value % DAY_MS === 0) return `${value / DAY_MS} d`;
  }
  return value.toLocaleString('en-US');
}

/**
 * What a number may be. `≥ 1` goes as far as the page says: for times what a timer holds, else exact integers.
 * @param {{ minimum?: number; maximum?: number; exclusiveMinimum?: number }} bounds
 * @param {Unit} unit
 */
export function range({ minimum, maximum, exclusiveMinimum }, unit) {
  const open = maximum === undefined || maximum === (unit === 'ms' ? TIMER_MS_MAX : Number.MAX_SAFE_INTEGER);
  const most = open ? '' : amount(maximum, unit);
  if (exclusiveMinimum !== undefined)
    return `> ${amount(exclusiveMinimum, unit)}${most && `, up to ${most}`}`;
  const least = amount(minimum ?? 0, unit);
  return most === '' ? `≥ ${least}` : `${least} – ${most}`;
}

/**
 * A default as it would be written.
 * @param {unknown} value
 * @param {Unit} unit
 * @returns {string}
 */
export function literal(value, unit) {
  if (typeof value === 'number') return amount(value, unit);
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return `\`${value}\``;
  return `\`${JSON.stringify(value)}\``;
}

/**
 * Text in lines of up to 120 characters.
 * @param {string} text
 */
export function wrapped(text) {
  return text.replace(/(?=.{120})(.{1,119}) /g, '$1\n');
}
