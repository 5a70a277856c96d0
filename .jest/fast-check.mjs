// The fast-check of the tests. `npm test` says the same of the same code each time: every property has the same seed.
// PROPERTY_SEED tries another, PROPERTY_RUNS so many times as many examples (CONTRIBUTING.md has the command).
import { env } from 'node:process';
import * as fc from '../node_modules/fast-check/lib/cjs/fast-check.js';

const { PROPERTY_SEED: seed = '20260101', PROPERTY_RUNS: factor = '1' } = env;

fc.configureGlobal({ seed: Number(seed) });

/** What fast-check tries where a property does not say. */
const RUNS_DEFAULT = 100;

/**
 * @param {fc.IRawProperty<unknown>} property
 * @param {fc.Parameters<unknown>} [options]
 */
export function assert(property, options) {
  const { numRuns = RUNS_DEFAULT } = options ?? {};
  return fc.assert(property, { ...options, numRuns: numRuns * Number(factor) });
}

export * from '../node_modules/fast-check/lib/cjs/fast-check.js';
export default { ...fc, assert };
