import { UsageError } from '../../src/errors';
import { readOptions } from '../../src/overload/options';
import { atLeast, atMost, tally, type ScenarioReport } from '../../src/overload/report';
import { SCENARIOS } from '../../src/overload/scenarios/table';
import { showOutcome, showScenario } from '../../src/overload/show';

test('all scenarios for a minute, unless something else is asked for', () => {
  expect(readOptions({})).toEqual({ seconds: 60, scenarios: SCENARIOS });
  const { seconds, scenarios } = readOptions({ seconds: '2.5', scenario: 'mmi, overload' });
  expect([seconds, ...scenarios.map(({ name }) => name)]).toEqual([2.5, 'overload', 'mmi']);
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
});

test.each([
  [{ seconds: 'long' }, '--seconds: should be a number of seconds'],
  [{ seconds: '0' }, '--seconds: '],
  [{ scenario: 'nonsense' }, '--scenario: there is no "nonsense", only overload'],
])('%j is refused by name', (flags, message) => {
  expect(() => readOptions(flags)).toThrow(UsageError);
  expect(() => readOptions(flags)).toThrow(message);
});

const report = (...checks: ScenarioReport['checks']): ScenarioReport => ({
  name: 'some',
  summary: 'somebody does something',
  rule: 'a rule',
  latencies: [
    {
      of: 'a meek pair',
      when: 'before',
      latency: { count: 3, p50Ms: 1, p90Ms: 1.5, p99Ms: 2, maxMs: 1_234 },
    },
  ],
  figures: [{ what: 'sent', seen: '5' }],
  checks,
});

test('what holds and what is broken is told apart', () => {
  const good = atMost('latency', 5, 5, 'ms');
  const bad = atLeast('served', 0.5, 0.9);
  expect([good.holds, bad.holds]).toEqual([true, false]);
  const text = showScenario(report(good, bad));
  expect(text).toContain('== some: somebody does something');
  expect(text).toContain('a meek pair before: p50 1, p90 1.5, p99 2, max 1,234 ms (3 calls)');
  expect(text).toContain('ok     latency: 5 ms (≤ 5 ms)');
  expect(text).toContain('BROKEN served: 0.5 (≥ 0.9)');
  expect(showOutcome([report(good)])).toBe('1 scenarios, 1 checks, all hold');
  expect(showOutcome([report(good, bad)])).toBe('1 scenarios, 2 checks, 1 BROKEN: some: served');
});

test('counts are shown where there are any', () => {
  expect(tally({})).toBe('none');
  expect(tally({ QUEUE_FULL: 1_200, EXPIRED: 0, TIMEOUT: 1 })).toBe('QUEUE_FULL 1,200, TIMEOUT 1');
});
