import { killAllProcesses, runProcess } from '@majordomo/testkit';
import { join } from 'node:path';
import { Engine } from '../src/store/sqlite/engine';
import { claimsOf, dump, SCRIPT, take, watchStatements } from './support/engine-script';
import { scratchFolder, sweep } from './support/scratch';

afterEach(killAllProcesses);
afterEach(sweep);
beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0.5));
afterEach(() => jest.restoreAllMocks());

const openEngine = (file: string): Engine =>
  new Engine({ file, requestsMax: 1_000, fileBytesMax: undefined });

/** What the database holds before the script and after each of its steps. */
function snapshots(): string[] {
  return [...Array(SCRIPT.length + 1).keys()].map((steps) => {
    const file = join(scratchFolder(), 'requests.db');
    const engine = openEngine(file);
    for (const step of SCRIPT.slice(0, steps)) take(engine, step);
    engine.close();
    return dump(file);
  });
}

test('the script has what it should: claims, and a database that is sound at each step', () => {
  const expected = snapshots();
  for (const [index, snapshot] of expected.entries()) {
    expect([index, (JSON.parse(snapshot) as { mistakes: unknown[] }).mistakes]).toEqual([index, []]);
    if (index > 0) expect(snapshot).not.toBe(expected[index - 1]);
  }
  const engine = openEngine(join(scratchFolder(), 'requests.db'));
  const claims = SCRIPT.map((step) => [step, take(engine, step)] as const)
    .filter(([{ operations }]) => operations[0]!.name === 'claim')
    .map(([, outcomes]) => claimsOf(outcomes[0]));
  engine.close();
  expect(claims).toEqual([6, 3]);
});

test('killed before any statement: what was answered is there, what was under way is whole or not there', async () => {
  const expected = snapshots();
  const folder = scratchFolder();
  const file = (killAt: number): string => join(folder, `${killAt}.db`);
  const live = (killAt: number): ReturnType<typeof runProcess> =>
    runProcess(process.execPath, [join(__dirname, 'support/killed-engine.mjs'), file(killAt), `${killAt}`], {
      timeoutMs: 60_000,
      env: { TRANSPILED_TO: folder },
    });

  const whole = await live(0);
  expect(whole).toMatchObject({ code: 0, stderr: '' });
  const [, count] = /(\d+) statements/.exec(whole.stdout)!;
  expect(Number(count)).toBeGreaterThan(100);

  const points = [...Array(Number(count)).keys()].map((index) => index + 1);
  const next = async (): Promise<void> => {
    for (let killAt = points.shift(); killAt !== undefined; killAt = points.shift()) {
      const { signal, stdout } = await live(killAt);
      expect([killAt, signal]).toEqual([killAt, 'SIGKILL']);
      const answered = stdout.split('\n').filter((line) => line.endsWith('done')).length;
      const found = expected.indexOf(dump(file(killAt)));
      expect([killAt, answered, [answered, answered + 1]]).toEqual([
        killAt,
        answered,
        expect.arrayContaining([found]),
      ]);
    }
  };
  await Promise.all([next(), next()]);
}, 600_000);

test('an error at any statement: the step is undone, can be done again, and nothing is different for it', () => {
  const expected = snapshots();
  let failAt = 0;
  let failed = 0;
  let seen = 0;
  const unwatch = watchStatements((sql) => {
    if (sql === 'ROLLBACK' || ++seen < failAt || failAt === 0) return;
    failed++;
    throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' });
  });
  try {
    for (let index = 0; index < SCRIPT.length; index++) {
      for (let at = 1; ; at++) {
        const file = join(scratchFolder(), 'requests.db');
        const engine = openEngine(file);
        for (const step of SCRIPT.slice(0, index)) take(engine, step);
        [failAt, failed, seen] = [at, 0, 0];
        const { outcomes } = engine.run(SCRIPT[index]!.operations, SCRIPT[index]!.now);
        failAt = 0;
        if (failed === 0) {
          engine.close();
          break;
        }
        expect(outcomes).toEqual(
          outcomes.map(() => ({
            fault: { code: 'STORE_UNAVAILABLE', message: expect.stringContaining('SQLITE_IOERR') as string },
          })),
        );
        for (const step of SCRIPT.slice(index)) take(engine, step);
        engine.close();
        expect(dump(file)).toBe(expected.at(-1));
      }
    }
  } finally {
    unwatch();
  }
}, 120_000);
