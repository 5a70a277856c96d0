import { makePlan } from '../../src/sim/planner';
import { hunt } from '../../src/sim/hunt';
import { runPlan, tracePlan } from '../../src/sim/run';
import { Tally } from '../../src/sim/tally';

const SEEDS = 300;

test(`${SEEDS} worlds from seeds: nothing breaks, and all that can happen does`, () => {
  const tally = new Tally();
  const { seeds, caught } = hunt({ start: 1, seeds: SEEDS, catchMax: 3 }, tally);
  expect(caught).toEqual([]);
  expect(seeds).toBe(SEEDS);
  const least: [string, number][] = [
    ['calls made', 4_000],
    ['streams begun', 400],
    ['ended with reply', 3_000],
    ['ended with TIMEOUT', 100],
    ['redispatches', 100],
    ['cancellations passed on', 20],
    ['requests heard, mdp/0.1', 500],
    ['requests heard, mdp/0.2', 500],
    ['requests heard, packed', 1_000],
    ['workers lost, silent', 10],
    ['workers lost, job_deadline', 1],
    ['protocol errors', 100],
    ['messages rejected', 10],
    ['late replies dropped', 10],
    ...['crash', 'freeze', 'cut', 'partition', 'drain', 'close', 'resize'].map((kind): [string, number] => [
      `fault: ${kind}`,
      10,
    ]),
  ];
  const missing = least.filter(([what, count]) => (tally.counts.get(what) ?? 0) < count);
  expect(missing).toEqual([]);
}, 120_000);

test('a seed is a world: the same event log, byte by byte, each time', () => {
  for (const seed of [2, 7, 29, 170]) {
    const [first, second] = [tracePlan(makePlan(seed)), tracePlan(makePlan(seed))];
    expect(first.lines.length).toBeGreaterThan(100);
    expect(second.lines.join('\n')).toBe(first.lines.join('\n'));
  }
});

test('who looks on changes nothing', () => {
  const plan = makePlan(7);
  const tally = new Tally();
  runPlan(plan, [tally]);
  const again = new Tally();
  runPlan(plan, [again]);
  expect([...again.counts]).toEqual([...tally.counts]);
});

test('a plan is data: it outlives JSON', () => {
  const plan = makePlan(253);
  const copy = JSON.parse(JSON.stringify(plan)) as typeof plan;
  expect(copy).toEqual(plan);
  expect(tracePlan(copy).lines).toEqual(tracePlan(plan).lines);
});

test('leaving a call out changes nothing before it', () => {
  const plan = makePlan(94);
  const last = plan.calls.at(-1)!;
  const all = tracePlan(plan).lines;
  const fewer = tracePlan({ ...plan, calls: plan.calls.slice(0, -1) }).lines;
  const same = all.filter((line) => Number(line.trim().split(' ')[0]) < last.at);
  expect(same.length).toBeGreaterThan(100);
  expect(fewer.slice(0, same.length)).toEqual(same);
});
