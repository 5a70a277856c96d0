import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { killAllProcesses, leakCheck, runProcess } from '@majordomo/testkit';
import type { DurableReport } from '../../src/durable/run';

/** The built command. */
const PROGRAM = resolve(__dirname, '../../dist/main.js');

if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there: run npm run build:js first`);

/** A run takes seconds; a machine that is loaded ten times over, minutes. */
const PATIENCE_MS = 240_000;

leakCheck();
afterEach(killAllProcesses);

type Passed = DurableReport & { readonly passed: boolean };

async function durable(...args: string[]): Promise<{ code: number | null; report: Passed; text: string }> {
  const command = [PROGRAM, 'durable', '--json', ...args];
  const { code, stdout, stderr } = await runProcess(process.execPath, command, { timeoutMs: PATIENCE_MS });
  const lines = stdout.trimEnd().split('\n');
  const last = lines.pop() ?? '';
  if (!last.startsWith('{')) throw new Error(`no report: ${stdout}\n${stderr}`);
  return { code, report: JSON.parse(last) as Passed, text: lines.join('\n') };
}

test(
  'kills: whatever was answered 200 is there once, in time, and what was repeated is explained',
  async () => {
    const { code, report, text } = await durable('--requests', '300', '--seconds', '2', '--seed', '3');
    expect([report.problems, report.findings]).toEqual([[], []]);
    expect([code, report.passed]).toEqual([0, true]);
    expect(report.processes.killed).toBeGreaterThan(0);
    expect(report.processes.orphans).toBe(0);
    expect(report.requests.submitted).toBeGreaterThanOrEqual(300);
    expect(report.requests.states.done).toBeGreaterThan(150);
    expect(text).toContain('passed: nothing lost');
  },
  PATIENCE_MS,
);

test(
  'the audit finds a bug that is planted into a real store',
  async () => {
    const { code, report, text } = await durable('--requests', '100', '--seconds', '1', '--plant', 'lose');
    expect([code, report.passed]).toEqual([1, false]);
    expect(new Set(report.findings.map(({ kind }) => kind))).toContain('lost');
    expect(text).toContain('FAILED');
  },
  PATIENCE_MS,
);

test.each([
  [['--scenario', 'calm'], '--scenario'],
  [['--store', 'redis'], '--store'],
  [['--scenario', 'three', '--store', 'sqlite'], '--store'],
  [['--requests', '0'], '--requests'],
  [['--plant', 'tree'], '--plant'],
])('%j is wrong usage', async (flags, named) => {
  const { code, stdout, stderr } = await runProcess(process.execPath, [PROGRAM, 'durable', ...flags]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(named);
});
