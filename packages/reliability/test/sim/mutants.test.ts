import { plant } from '../../src/sim/mutants/build';
import { catchAll, catchMutant } from '../../src/sim/mutants/catch';
import { scenarios } from '../../src/sim/mutants/scenarios';
import { MUTANTS } from '../../src/sim/mutants/table';

/** Seeds that each planted bug is hunted with at the most; most are caught by one of the first few. */
const SEEDS = 600;

test('each planted bug has its place in the code', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(25);
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  for (const mutant of MUTANTS) expect(plant(mutant)).not.toBe('');
});

test('a text that is not there once is no place', () => {
  const [mutant] = MUTANTS;
  expect(() => plant({ ...mutant!, find: 'no such text' })).toThrow(/0 times/);
  expect(() => plant({ ...mutant!, find: 'const' })).toThrow(/times, and should be once/);
});

test('the code as it is breaks nothing there', async () => {
  expect(await catchMutant(undefined, { scenarios: scenarios(), start: 1, seeds: 20 })).toBeUndefined();
});

test('each planted bug is caught', async () => {
  const results = await catchAll(MUTANTS, { start: 1, seeds: SEEDS });
  const missed = results.filter(({ caught }) => !caught).map(({ mutant }) => mutant.name);
  expect(missed).toEqual([]);
}, 600_000);
