import { killsOf, stepOf, type PlannedKill } from '../../src/durable/plan';

const RULES = { weights: { titanic: 5, worker: 3, broker: 2 }, gapMs: [10, 100] } as const;

function first(seed: number, count: number): PlannedKill[] {
  const kills = killsOf(seed, RULES);
  return Array.from({ length: count }, () => kills.next().value);
}

test('the same seed kills in the same way, another one in another', () => {
  expect(first(7, 50)).toEqual(first(7, 50));
  expect(first(8, 50)).not.toEqual(first(7, 50));
});

test('every step of the life of a request comes up, and nobody is killed who is not to be', () => {
  const kills = first(1, 2_000);
  expect(new Set(kills.map(({ victim }) => victim))).toEqual(new Set(['titanic', 'worker', 'broker']));
  const calls = ['submit', 'claim', 'settle', 'renew', 'change', 'remove'];
  const steps = calls.flatMap((call) => ['before', 'during', 'after'].map((moment) => `${call}, ${moment}`));
  const chosen = kills.filter(({ death }) => death).map(({ victim, death }) => `${victim}: ${stepOf(death)}`);
  expect(new Set(chosen)).toEqual(
    new Set([...steps.map((step) => `titanic: ${step}`), 'worker: run, begun', 'worker: run, done']),
  );
  for (const { afterMs, which, awayMs } of kills) {
    expect(afterMs).toBeGreaterThanOrEqual(10);
    expect(afterMs).toBeLessThanOrEqual(100);
    expect(which).toBeLessThan(1);
    expect(awayMs).toBeGreaterThanOrEqual(0);
  }
});
