import { hunt, minimal, type Catch } from '../sim/hunt';
import { catchAll } from '../sim/mutants/catch';
import { MUTANTS } from '../sim/mutants/table';
import { makePlan } from '../sim/planner';
import { tracePlan } from '../sim/run';
import { Tally } from '../sim/tally';
import { wholeNumber } from '../whole-number';
import type { CommandOutcome } from './table';

/** What commander read, by the names of flags; unchecked. */
type RawOptions = Readonly<Record<string, unknown>>;

/** Seeds are 32 bits. */
const SEED_MAX = 2 ** 32 - 1;
const SEEDS = 1_000;
/** Seeds that break something until a run ends. */
const CATCH_MAX = 5;
/** Seeds that each planted bug is hunted with. */
const MUTANT_SEEDS = 2_000;
/** Between two lines of progress, in ms. */
const PROGRESS_MS = 5_000;
/** Lines of an event log that are shown of a failure. */
const LINES_MAX = 400;

/** Runs worlds, one world, or planted bugs, as the options say, and shows what comes of it as it goes. */
export async function run(options: RawOptions): Promise<CommandOutcome> {
  const seed = wholeNumber('--seed', options['seed'], undefined, 0, SEED_MAX);
  if (options['mutants']) return runMutants(options);
  return seed === undefined ? runMany(options) : runOne(seed, options);
}

function outcome(passed: boolean, report: object): CommandOutcome {
  return { passed, text: '', report };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function runOne(seed: number, options: RawOptions): CommandOutcome {
  const plan = makePlan(seed);
  if (options['plan']) print(JSON.stringify(plan, undefined, 1));
  const { failure, lines } = tracePlan(plan);
  if (options['trace']) print(lines.join('\n'));
  if (!failure) {
    print(`seed ${seed}: nothing broke, ${lines.length} events`);
    return outcome(true, { seed, events: lines.length });
  }
  showFailure({ seed, ...failure });
  return outcome(false, { seed, ...failure });
}

/** The failure of a seed, and the smallest plan found that fails in the same way. */
function showFailure(caught: Catch): void {
  const { seed, check, detail } = caught;
  print(`\nseed ${seed} broke "${check}": ${detail}`);
  print('shrinking …');
  const { plan, failure, lines } = minimal(makePlan(seed), caught);
  print(`the smallest plan that breaks it:\n${JSON.stringify(plan)}`);
  print(
    `its event log${lines.length > LINES_MAX ? `, the last ${LINES_MAX} of ${lines.length} lines` : ''}:`,
  );
  print(lines.slice(-LINES_MAX).join('\n'));
  print(`${failure?.check ?? 'nothing'}: ${failure?.detail ?? ''}`);
  print(`again: npm run sim -- --seed ${seed} --trace`);
}

function runMany(options: RawOptions): CommandOutcome {
  const start = wholeNumber('--start', options['start'], 1, 0, SEED_MAX);
  const seconds = wholeNumber('--seconds', options['seconds'], Infinity, 1);
  const seeds = wholeNumber(
    '--seeds',
    options['seeds'],
    seconds === Infinity ? SEEDS : SEED_MAX,
    1,
    SEED_MAX,
  );
  const tally = new Tally();
  const startedAt = performance.now();
  const seconded = (): number => (performance.now() - startedAt) / 1_000;
  let shownAt = startedAt;
  const progress = (run: number, caught: number): void => {
    const perSecond = Math.round(run / seconded());
    process.stderr.write(`${run} of ${seeds} seeds, ${perSecond} a second, ${caught} broke something\n`);
  };
  const goesOn = (run: number, caught: number): boolean => {
    const now = performance.now();
    if (now - shownAt >= PROGRESS_MS) {
      shownAt = now;
      progress(run, caught);
    }
    return seconded() < seconds;
  };
  const { seeds: done, caught } = hunt({ start, seeds, catchMax: CATCH_MAX, goesOn }, tally);
  print(table(tally, done));
  print(
    `${done} seeds from ${start} on in ${seconded().toFixed(1)} s, ${Math.round(done / seconded())} a second`,
  );
  for (const { seed, check, detail } of caught) print(`seed ${seed} broke "${check}": ${detail}`);
  const [first] = caught;
  if (first) showFailure(first);
  else print('nothing broke');
  return outcome(caught.length === 0, {
    start,
    seeds: done,
    caught,
    counts: Object.fromEntries(tally.counts),
  });
}

/** What the worlds did, so that it can be seen that they do things. */
function table({ counts }: Tally, seeds: number): string {
  const rows = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
  const width = Math.max(...rows.map(([what]) => what.length), 0);
  const lines = rows.map(([what, count]) => {
    const each = (count / seeds).toFixed(2);
    return `${what.padEnd(width)} ${String(count).padStart(12)} ${each.padStart(9)} a world`;
  });
  return lines.join('\n');
}

async function runMutants(options: RawOptions): Promise<CommandOutcome> {
  const start = wholeNumber('--start', options['start'], 1, 0, SEED_MAX);
  const seeds = wholeNumber('--seeds', options['seeds'], MUTANT_SEEDS, 1, SEED_MAX);
  const width = Math.max(...MUTANTS.map(({ name }) => name.length));
  let caughtCount = 0;
  await catchAll(MUTANTS, { start, seeds }, ({ mutant, caught }) => {
    if (caught) caughtCount++;
    const [core] = mutant.file.split('/');
    const how = caught ? `${caught.check.padEnd(20)}  ${caught.by}` : 'not caught';
    print(`${(core ?? '').padEnd(6)}  ${mutant.name.padEnd(width)}  ${how}`);
  });
  print(`${caughtCount} of ${MUTANTS.length} planted bugs caught, each by ${seeds} seeds at the most`);
  return outcome(caughtCount === MUTANTS.length, { planted: MUTANTS.length, caught: caughtCount });
}
