import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually, killAllProcesses, leakCheck, runProcess, startProcess } from '@majordomo/testkit';
import type { ChaosReport } from '../../src/chaos/run';

/** The built command. */
const PROGRAM = resolve(__dirname, '../../dist/main.js');

if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there: run npm run build:js first`);

/** A run takes seconds; a machine that is loaded ten times over, minutes. */
const PATIENCE_MS = 240_000;

leakCheck();
afterEach(killAllProcesses);

type Passed = ChaosReport & { readonly passed: boolean };

async function chaos(...args: string[]): Promise<{ code: number | null; report: Passed; text: string }> {
  const command = [PROGRAM, 'chaos', '--json', ...args];
  const { code, stdout, stderr } = await runProcess(process.execPath, command, { timeoutMs: PATIENCE_MS });
  const lines = stdout.trimEnd().split('\n');
  const last = lines.pop() ?? '';
  if (!last.startsWith('{')) throw new Error(`no report: ${stdout}\n${stderr}`);
  return { code, report: JSON.parse(last) as Passed, text: lines.join('\n') };
}

/** What every run that passes has in common. */
function expectPassed({ code, report, text }: Awaited<ReturnType<typeof chaos>>): void {
  expect([report.problems, report.findings]).toEqual([[], []]);
  expect([code, report.passed]).toEqual([0, true]);
  const { processes, requests } = report;
  expect(processes.killed + processes.terminated).toBe(processes.started);
  expect(processes.orphans).toBe(0);
  expect(requests.answered).toBeGreaterThan(50);
  expect(requests.must).toBeGreaterThan(20);
  expect(requests.lost).toBe(0);
  expect(text).toContain('passed: nothing lost, nothing stranded');
}

test(
  'storm: nothing is lost while processes and connections are',
  async () => {
    const run = await chaos('--scenario', 'storm', '--seconds', '5', '--seed', '11');
    expectPassed(run);
    const { kill = 0, cut = 0 } = run.report.faults;
    expect(kill + cut).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);

test(
  'rolling: every broker and worker is replaced, and no request fails or is run twice',
  async () => {
    const run = await chaos('--scenario', 'rolling', '--seconds', '1', '--seed', '1');
    expectPassed(run);
    const { faults, requests, processes } = run.report;
    expect(faults).toEqual({ terminate: 8 });
    expect(processes).toMatchObject({ started: 20, killed: 0, terminated: 20 });
    expect(requests.answered).toBe(requests.issued);
    expect(requests.runs).toBe(requests.issued);
  },
  PATIENCE_MS,
);

test(
  'broker-kill: workers are back within a heartbeat, and nothing is stranded',
  async () => {
    const run = await chaos('--scenario', 'broker-kill', '--seconds', '1', '--seed', '1');
    expectPassed(run);
    const { faults, figures } = run.report;
    expect(faults.kill).toBeGreaterThan(0);
    // That it is within one heartbeat is the run's own to say: it knows what the machine had time for.
    expect(figures['registeredAfterMsMax']).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);

describe('the command', () => {
  test.each([
    [['--scenario', 'calm'], '--scenario'],
    [['--seconds', '0'], '--seconds'],
    [['--seed', 'x'], '--seed'],
    [['--seeds', '1'], '--seeds'],
  ])('%j is wrong usage', async (flags, named) => {
    const { code, stdout, stderr } = await runProcess(process.execPath, [PROGRAM, 'chaos', ...flags]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(named);
  });

  test(
    'leaves nothing behind where it is interrupted',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'majordomo-chaos-test-'));
      const run = startProcess(process.execPath, [PROGRAM, 'chaos', '--seconds', '600', '--keep', folder]);
      await eventually(async () => (await readdir(folder)).some((name) => name.startsWith('client-4')), {
        timeoutMs: PATIENCE_MS,
      });
      const children = await childrenOf(run.pid!);
      expect(children.length).toBeGreaterThan(0);
      run.kill('SIGTERM');
      expect(await run.exit).toEqual({ code: 143, signal: null });
      await eventually(() => children.every((pid) => !isThere(pid)));
      await rm(folder, { recursive: true });
    },
    PATIENCE_MS,
  );
});

async function childrenOf(parent: number): Promise<number[]> {
  const { stdout } = await runProcess('ps', ['-A', '-o', 'pid=,ppid=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid, ppid] = line.trim().split(/\s+/).map(Number);
    return pid !== undefined && ppid === parent ? [pid] : [];
  });
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
