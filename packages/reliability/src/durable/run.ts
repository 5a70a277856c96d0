import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, postgresBinaries, startPostgres, type PrivatePostgres } from '@majordomo/testkit';
import { TitanicClient } from '@majordomo/titanic';
import type { z } from 'zod';
import { readLines } from '../chaos/ledger';
import { messageOf, RunError } from '../errors';
import { LedgerFile } from '../ledger-file';
import { faultOf } from '../processes/ending';
import { killAll } from '../processes/running';
import { processesOf } from '../processes/orphans';
import { audit, type Audit } from './audit/audit';
import { Cast } from './cast';
import { dumpStore, type Dump } from './dump';
import {
  killLineSchema,
  submitterLineSchema,
  workerLineSchema,
  type KillLine,
  type SubmitterLine,
  type WorkerLine,
} from './ledger';
import type { DurableOptions } from './options';
import type { StorePlace } from './parts/params';
import { Reaper } from './reaper';
import { rulesOf, SCENARIOS } from './scenarios';

/** Times of a run, in ms since its submitters began. */
export interface RunTimes {
  /** Until all was submitted, and all was read that is read. */
  readonly submittedMs: number;
  /** Until all had ended. */
  readonly endedMs: number;
}

/** All that a run came to. */
export interface DurableReport {
  readonly scenario: DurableOptions['scenario'];
  readonly store: DurableOptions['store'];
  readonly seed: number;
  readonly seconds: number;
  /** Of the service, with `round-hour`; null for none. */
  readonly pace: number | null;
  /** How many were killed at each step, by `victim: step`. */
  readonly kills: Readonly<Record<string, number>>;
  readonly processes: { readonly started: number; readonly killed: number; readonly orphans: number };
  readonly times: RunTimes;
  readonly requests: Audit['counts'];
  readonly findings: Audit['findings'];
  /** What is wrong beside single requests, in words. */
  readonly problems: readonly string[];
}

/** Longer than anything is away, in ms: how long submitters may come no further, and what is stored to no end. */
const PATIENCE_MS = 180_000;
const LEASE_MS = 2_000;
const PROGRESS_MS = 5_000;
/** How far ahead requests for later are due at the most, in ms: half as far as the run is long, within bounds. */
const LATER_MS = { min: 1_000, max: 15_000 } as const;
/** How long after the start the round hour is, in ms: at first, and for each request that is to be stored until then. */
const LEAD_MS = 3_000;
const LEAD_EACH_MS = 0.6;
/** How often it is looked whether all has ended, in ms: to count what waits takes the database some ms. */
const LOOK_MS = 500;
/** What a pace may save up where nobody says, in ms of it. */
const BURST_MS = 50;

/**
 * Runs one scenario to its end and audits it. Nothing it started is left when it resolves or rejects.
 * @throws RunError where it cannot be run
 */
export async function runDurable(
  options: DurableOptions,
  progress: (line: string) => void,
): Promise<DurableReport> {
  const { keep } = options;
  if (keep !== undefined) await mkdir(keep, { recursive: true });
  const folder = keep ?? (await mkdtemp(join(tmpdir(), 'majordomo-durable-')));
  const postgres = options.store === 'postgres' ? await privatePostgres() : undefined;
  try {
    return await perform(options, folder, postgres, progress);
  } finally {
    killAll();
    await postgres?.stop();
    if (keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function privatePostgres(): Promise<PrivatePostgres> {
  const binaries = postgresBinaries();
  if (!binaries) throw new RunError('PostgreSQL is not installed (apt-get install postgresql)');
  return startPostgres(binaries);
}

async function perform(
  options: DurableOptions,
  folder: string,
  postgres: PrivatePostgres | undefined,
  progress: (line: string) => void,
): Promise<DurableReport> {
  const { seed, seconds, requests, store, plant } = options;
  const scenario = SCENARIOS[options.scenario];
  const isPaced = scenario.mix === 'one-time';
  const pace = { perSecond: options.pace, burst: Math.max(1, Math.ceil((options.pace * BURST_MS) / 1_000)) };
  const mark = `${process.pid}-${seed}-${Date.now()}`;
  const place: StorePlace = postgres
    ? { kind: 'postgres', url: postgres.url }
    : { kind: 'sqlite', file: join(folder, 'requests.db') };
  const cast = new Cast({
    seed,
    folder,
    mark,
    store: place,
    titanics: scenario.titanics,
    leaseMs: LEASE_MS,
    perSecondMax: isPaced ? options.pace : null,
    plant: plant ?? null,
    mix: scenario.mix,
    requests,
    perSecond: isPaced ? Infinity : requests / seconds,
    laterMsMax: Math.min(LATER_MS.max, Math.max(LATER_MS.min, seconds * 500)),
    leadMs: LEAD_MS + requests * LEAD_EACH_MS,
  });
  const ledger = new LedgerFile<KillLine>(join(folder, 'kills.jsonl'));
  const reaper = new Reaper({
    seed,
    // What is planted is to be found without any help.
    rules: plant ? undefined : withoutAbsent(scenario.kills, postgres !== undefined),
    requestsEach: scenario.isEvenly ? requests / options.kills : 0,
    cast,
    postgres,
    ledger,
  });
  const problems: string[] = [];
  let times: RunTimes;
  try {
    progress(`${options.scenario} on ${store}, seed ${seed}: ${requests} requests within ${seconds} s`);
    await cast.start();
    const startedAt = performance.now();
    const since = (): number => Math.round(performance.now() - startedAt);
    const timer = setInterval(() => {
      progress(`${Math.round(since() / 1_000)} s: ${cast.made} submitted, ${reaper.total} killed`);
    }, PROGRESS_MS);
    try {
      reaper.start();
      const leastMs = isPaced ? (requests / options.pace) * 1_000 : 0;
      if (!(await cast.untilFinished(PATIENCE_MS))) problems.push('not every submitter came to an end');
      await reaper.stop();
      const submittedMs = since();
      progress(`${Math.round(submittedMs / 1_000)} s: all is submitted, and all that was killed is back`);
      await untilEnded(cast, leastMs + PATIENCE_MS).catch((error: unknown) => {
        problems.push(`not every request came to an end: ${messageOf(error)}`);
      });
      times = { submittedMs, endedMs: since() };
    } finally {
      clearInterval(timer);
    }
    progress(`${Math.round(times.endedMs / 1_000)} s: all has ended`);
    await cast.terminate();
  } finally {
    ledger.close();
    await cast.kill();
  }
  const orphans = await processesOf(mark);
  if (orphans.length > 0) problems.push(`processes are left behind: ${orphans.join(', ')}`);
  problems.push(...cast.endings.flatMap((ending) => faultOf(ending) ?? []));
  const dump = await dumpStore(place);
  const ledgers = { ...(await readLedgers(folder)), rows: dump.rows };
  if (options.keep !== undefined) await keepRows(folder, dump);
  problems.push(...dump.miscounts);
  if (isPaced) problems.push(...tooLate(ledgers.submitters));
  const { counts, findings } = audit(ledgers, rulesOf(store, scenario, pace));
  return {
    scenario: options.scenario,
    store,
    seed,
    seconds,
    pace: isPaced ? pace.perSecond : null,
    kills: Object.fromEntries([...reaper.counts].sort(([one], [other]) => (one < other ? -1 : 1))),
    processes: {
      started: cast.all.reduce((sum, { lives }) => sum + lives, 0),
      killed: cast.endings.filter(({ how }) => how === 'killed').length,
      orphans: orphans.length,
    },
    times,
    requests: counts,
    findings,
    problems,
  };
}

/** Without PostgreSQL, it cannot be killed. */
function withoutAbsent(
  kills: (typeof SCENARIOS)[DurableOptions['scenario']]['kills'],
  hasPostgres: boolean,
): typeof kills {
  if (!kills || hasPostgres) return kills;
  return { ...kills, weights: { ...kills.weights, postgres: 0 } };
}

/**
 * Resolves once nothing waits or runs any more.
 * @throws Error where that does not come
 */
async function untilEnded(cast: Cast, timeoutMs: number): Promise<void> {
  await using client = new TitanicClient({ brokers: cast.endpoint, timeoutMs: 10_000 });
  await eventually(
    async () => {
      if (cast.died) return true;
      const { services } = await client.stats();
      return services.every(
        ({ state, requests }) => requests === 0 || (state !== 'waiting' && state !== 'running'),
      );
    },
    { timeoutMs, everyMs: LOOK_MS, what: 'every request to have ended' },
  );
}

/** What was not stored before it was due says nothing of turns. */
function tooLate(lines: readonly SubmitterLine[]): string[] {
  const dueAt = lines.find((line) => line.kind === 'submitting')?.entries[0]?.dueAt ?? Infinity;
  const late = lines.filter((line) => line.kind === 'stored' && line.at > dueAt).length;
  return late === 0
    ? []
    : [`${late} submissions were stored after they were due: this machine has no time for so many`];
}

async function readLedgers(
  folder: string,
): Promise<{ submitters: SubmitterLine[]; workers: WorkerLine[]; kills: KillLine[] }> {
  const submitters: SubmitterLine[] = [];
  const workers: WorkerLine[] = [];
  const kills: KillLine[] = [];
  const read = async <Line>(name: string, schema: z.ZodType<Line>, into: Line[]): Promise<void> => {
    for (const line of readLines(schema, await readFile(join(folder, name), 'utf8'))) into.push(line);
  };
  for (const name of await readdir(folder)) {
    if (name === 'kills.jsonl') await read(name, killLineSchema, kills);
    else if (/^submitter-.*\.jsonl$/.test(name)) await read(name, submitterLineSchema, submitters);
    else if (/^worker-.*\.jsonl$/.test(name)) await read(name, workerLineSchema, workers);
  }
  return { submitters, workers, kills };
}

async function keepRows(folder: string, { rows }: Dump): Promise<void> {
  await writeFile(join(folder, 'rows.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}
