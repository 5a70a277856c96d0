import type { ChaosReport } from '../../src/chaos/run';
import { show } from '../../src/chaos/show';
import { hasPassed } from '../../src/findings';

const REPORT: ChaosReport = {
  scenario: 'storm',
  seed: 7,
  seconds: 60,
  faults: { kill: 3 },
  figures: { faultsPlanned: 4 },
  processes: { started: 15, killed: 3, terminated: 12, orphans: 0 },
  memory: { maxBytes: 100 * 1_024 * 1_024, growthBytes: 0 },
  redispatched: 5,
  requests: {
    issued: 1_234,
    answered: 1_200,
    streamFrames: 99,
    failed: { ABORTED: 30 },
    left: 4,
    orphaned: 0,
    must: 700,
    lost: 0,
    runs: 1_240,
    duplicates: { idempotent: 2, idempotentRuns: 3, onceOnly: 1, onceOnlyRuns: 1 },
  },
  findings: [],
  problems: [],
};

test('a run that passed', () => {
  expect(hasPassed(REPORT)).toBe(true);
  const text = show(REPORT);
  expect(text).toMatch(/^storm, seed 7, 60 s\n/);
  expect(text).toContain('1,234');
  expect(text).toContain('2 idempotent (3 runs more), 1 with idempotent: false (1 runs more)');
  expect(text).toMatch(/passed: nothing lost, nothing stranded$/);
});

test('a run that failed says what was found, how often, and how to see it again', () => {
  const lost = (id: string) => ({ kind: 'lost', id, text: 'TIMEOUT: no reply' }) as const;
  const report: ChaosReport = {
    ...REPORT,
    findings: ['a/1', 'a/2', 'a/3', 'a/4', 'a/5', 'a/6'].map(lost),
    problems: ['worker-1.1 ended by itself, with 7'],
  };
  expect(hasPassed(report)).toBe(false);
  const text = show(report);
  expect(text).toContain('FAILED:\n- worker-1.1 ended by itself, with 7\n- lost: ');
  expect(text).toContain('(6)\n    a/1: TIMEOUT: no reply');
  expect(text).toContain('… and 1 more');
  expect(text).toContain('npm run chaos -- --scenario storm --seed 7 --seconds 60');
});

test('problems alone fail a run', () => {
  expect(hasPassed({ ...REPORT, problems: ['processes are left behind: 1'] })).toBe(false);
});
