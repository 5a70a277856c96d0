// docs/OPTIONS.md: which packages have which option, with their defaults, and what sets it on the command line.
import { fallbackOf } from './options.mjs';
import { table } from './regions.mjs';
import { factsOf, jsonOf } from './facts.mjs';

/** @typedef {import('./options.mjs').OptionTable} OptionTable */
/** @typedef {import('./facts.mjs').Fact} Fact */
/** @typedef {import('./sources.mjs').Sources} Sources */

export const NAMES = 'docs/OPTIONS.md';

/** Settings of the command that are no options of theirs, but make them. */
const SET_BY = {
  brokers: ['broker'],
  'curve.secretKey': ['curveSecretKeyFile'],
  'curve.serverKey': ['curveServerKeyFile', 'curveServerKey'],
  logger: ['logLevel'],
};

/** What it is called differently for one of them. */
const OF_TITANIC = { concurrency: ['deliveriesMax'] };

/**
 * @param {Sources} sources
 * @param {readonly OptionTable[]} tables
 */
export function namesRegion(sources, tables) {
  const { connectionOptions, titanicOptionsSchema, z } = sources;
  /** @param {string} name */
  const factsIn = (name) => tables.find((options) => options.name === name)?.facts ?? [];
  const connecting = factsOf(jsonOf(titanicOptionsSchema, z)).filter(({ key }) =>
    Object.hasOwn(connectionOptions, key.split('.')[0] ?? ''),
  );
  const columns = [
    factsIn('options of a client'),
    factsIn('options of a worker'),
    factsIn('options of a broker'),
    [...connecting, ...factsIn('options of a titanic')],
  ].map((facts) => new Map(facts.map((fact) => [fact.key, fact])));
  const keys = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  const shared = keys.filter((key) => columns.filter((column) => column.has(key)).length > 1);
  const rows = shared
    .sort()
    .map((key) => [
      `\`${key}\``,
      ...columns.map((column) => cellOf(column.get(key))),
      flagsOf(key, columns[3]?.has(key) ?? false, sources),
    ]);
  return table(['Option', 'Client', 'Worker', 'Broker', 'Titanic', 'Command'], rows);
}

/** @param {Fact | undefined} fact */
function cellOf(fact) {
  if (!fact) return '';
  const fallback = fallbackOf(fact);
  return fallback === '–' ? 'none' : fallback;
}

/**
 * @param {string} key
 * @param {boolean} isOfTitanic
 * @param {Sources} sources
 */
function flagsOf(key, isOfTitanic, { SETTINGS, flagOf }) {
  const last = key.startsWith('limits.') ? key.slice('limits.'.length) : key;
  const others = /** @type {Record<string, string[]>} */ (SET_BY)[key];
  const settings = [
    ...(others ?? (Object.hasOwn(SETTINGS, last) ? [last] : [])),
    ...(isOfTitanic ? (/** @type {Record<string, string[]>} */ (OF_TITANIC)[key] ?? []) : []),
  ];
  return settings.map((setting) => `\`${flagOf(setting)}\``).join(', ') || '–';
}
