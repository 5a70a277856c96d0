import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit, type Audit } from './audit/audit';
import { Cast } from './cast';
import type { FaultCounts } from './faults';
import { clientLineSchema, readLines, workerLineSchema, type ClientLine, type WorkerLine } from './ledger';
import { memoryFault, memoryOf, type MemoryReport } from './memory';
import { Network } from './network';
import type { ChaosOptions } from './options';
import { killAll } from '../processes/running';
import { processesOf } from '../processes/orphans';
import { faultOf } from '../processes/ending';
import { brokerKill } from './scenarios/broker-kill';
import { rolling } from './scenarios/rolling';
import { windUp, type Acted, type Scenario } from './scenarios/scenario';
import { storm } from './scenarios/storm';

const SCENARIOS: Readonly<Record<ChaosOptions['scenario'], Scenario>> = {
  storm,
  rolling,
  'broker-kill': brokerKill,
};

/** How processes ended, and how many there were. */
export interface ProcessCounts {
  readonly started: number;
  readonly killed: number;
  /** SIGTERM, and an end in good order with code 0. */
  readonly terminated: number;
  /** Still there when all should have ended. */
  readonly orphans: number;
}

/** All that a run came to. */
export interface ChaosReport {
  readonly scenario: ChaosOptions['scenario'];
  readonly seed: number;
  readonly seconds: number;
  readonly faults: FaultCounts;
  readonly figures: Readonly<Record<string, number>>;
  readonly processes: ProcessCounts;
  readonly memory: MemoryReport;
  /** Requests that brokers gave to another worker, as far as they lived to tell. */
  readonly redispatched: number;
  readonly requests: Audit['counts'];
  readonly findings: Audit['findings'];
  /** What is wrong beside single requests, in words. */
  readonly problems: readonly string[];
}

/**
 * Runs one scenario to its end and audits it. Nothing it started is left when it resolves or rejects.
 * @throws RunError where it cannot be run
 */
export async function runChaos(
  options: ChaosOptions,
  progress: (line: string) => void,
): Promise<ChaosReport> {
  const { keep } = options;
  if (keep !== undefined) await mkdir(keep, { recursive: true });
  const folder = keep ?? (await mkdtemp(join(tmpdir(), 'majordomo-chaos-')));
  try {
    return await perform(options, SCENARIOS[options.scenario], folder, progress);
  } finally {
    killAll();
    if (keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function perform(
  { scenario, seed, seconds }: ChaosOptions,
  { cast: castOptions, relayed, rules, act }: Scenario,
  folder: string,
  progress: (line: string) => void,
): Promise<ChaosReport> {
  const mark = `${process.pid}-${seed}-${Date.now()}`;
  const network = new Network();
  const cast = new Cast({
    ...castOptions,
    seed,
    folder,
    mark,
    clientsVia: (endpoint) => network.via('clients', endpoint),
    workersVia: (endpoint) => network.via('workers', endpoint),
  });
  let acted: Acted;
  const problems: string[] = [];
  try {
    progress(`${scenario}, seed ${seed}, ${seconds} s`);
    await cast.startBrokers();
    if (relayed) {
      for (const broker of cast.brokers) await network.lay(broker.name.slice(-1), cast.endpointOf(broker));
    }
    await cast.startOthers();
    acted = await act({ seed, durationMs: seconds * 1_000, cast, network, progress });
    problems.push(...acted.problems, ...(await windUp(cast)));
  } finally {
    await cast.kill();
    await network.close();
  }
  const orphans = await processesOf(mark);
  if (orphans.length > 0) problems.push(`processes are left behind: ${orphans.join(', ')}`);
  problems.push(...cast.endings.flatMap((ending) => faultOf(ending) ?? []));
  const memory = memoryOf(cast.samples);
  const bloat = memoryFault(memory);
  if (bloat !== undefined) problems.push(bloat);
  const killed = new Set(cast.endings.filter(({ how }) => how === 'killed').map(({ life }) => life));
  const { counts, findings } = audit({ ...(await readLedgers(folder)), killed }, rules);
  return {
    scenario,
    seed,
    seconds,
    faults: acted.faults,
    figures: acted.figures,
    processes: {
      started: cast.all.reduce((sum, { lives }) => sum + lives, 0),
      killed: killed.size,
      terminated: cast.endings.filter(({ how, exit }) => how === 'terminated' && exit.code === 0).length,
      orphans: orphans.length,
    },
    memory,
    redispatched: redispatchedOf(cast),
    requests: counts,
    findings,
    problems,
  };
}

function redispatchedOf({ samples }: Cast): number {
  const byLife = new Map(samples.map(({ life, counters }) => [life, counters['redispatched'] ?? 0]));
  return [...byLife.values()].reduce((sum, count) => sum + count, 0);
}

async function readLedgers(folder: string): Promise<{ clients: ClientLine[]; workers: WorkerLine[] }> {
  const clients: ClientLine[] = [];
  const workers: WorkerLine[] = [];
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.jsonl')) continue;
    const text = await readFile(join(folder, name), 'utf8');
    if (name.startsWith('client')) for (const line of readLines(clientLineSchema, text)) clients.push(line);
    else for (const line of readLines(workerLineSchema, text)) workers.push(line);
  }
  return { clients, workers };
}
