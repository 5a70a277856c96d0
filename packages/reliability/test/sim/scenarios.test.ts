import { scenarios } from '../../src/sim/mutants/scenarios';
import { runPlan } from '../../src/sim/run';

const all = scenarios();

test('there are scenarios', () => {
  expect(all.length).toBeGreaterThan(5);
});

test.each(all.map(({ name, plan }) => [name, plan] as const))('%s', (_name, plan) => {
  expect(runPlan(plan)).toBeUndefined();
});
