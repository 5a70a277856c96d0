import { setTimeout } from 'node:timers/promises';
import type { PeerName } from '../peers/peer-names';
import type { PartParams } from '../peers/part';
import { PEERS, type Peer } from '../peers/peers';
import { Bed, type BedParams, type Cast } from '../processes/bed';
import { progress } from '../progress';
import { ratio, spread, type Spread } from '../stats';
import { bytes as bytesText, trimmed } from '../format';
import { AXES, type Axis } from './axes';
import { choose, type Absent, type Skipped } from './choose';
import type { RunOptions } from './options';
import { judge, type Verdict } from './targets';
import { timingOf, type Timing } from './timing';

/** One peer at one point of one curve. */
export interface GrowthRow {
  readonly peer: PeerName;
  readonly axis: Axis;
  readonly count: number;
  readonly perSecond: Spread;
  /** CPU time of the broker per request, in µs, without what it takes when there is nothing to do. */
  readonly costUs: Spread;
  /** What it takes then: of one core, in percent. Heartbeats, mostly, to as many peers as there are. */
  readonly idlePercent: number;
  /** That over the cost with one of them, both measured in turn. */
  readonly costRatio: Spread;
  /** Resident memory of the broker afterwards, garbage collected, in bytes. */
  readonly rssBytes: number;
}

/** What `growth` found. */
export interface GrowthReport {
  readonly scenario: 'growth';
  readonly timing: Timing;
  readonly inFlight: number;
  readonly bytes: number;
  readonly skipped: readonly Skipped[];
  readonly rows: readonly GrowthRow[];
  readonly targets: readonly Verdict[];
}

/** One measurement: throughput, and what it cost the broker. */
interface Sample {
  readonly perSecond: number;
  readonly costUs: number;
}

const CAST: Cast = { between: 'broker', worker: 'manyWorkers', client: 'manyClients' };
const PEERS_MEASURED: readonly PeerName[] = ['ours-packed', 'ours-0.2'];
const OTHERS = 'the curves are of our broker';
const ABSENT: Absent = {
  nats: OTHERS,
  bullmq: OTHERS,
  http: OTHERS,
  grpc: OTHERS,
  raw: OTHERS,
  'raw-frames': OTHERS,
};
const POINTS: Readonly<Record<Axis, readonly number[]>> = {
  registered: [1, 10, 100, 1_000, 10_000],
  services: [1, 10, 100, 1_000, 10_000],
  workers: [1, 10, 100, 1_000, 10_000],
  clients: [1, 10, 100, 1_000, 2_000],
};
const QUICK_MAX = 100;
const IN_FLIGHT = 100;
const BYTES = 100;
/**
 * Workers of one process. Each has a ZeroMQ socket and its observer, of which a context holds 16,384, and some five
 * file descriptors, of which a process has 20,000 at best where this was made.
 */
const WORKERS_PER_PROCESS = 2_500;
/** Workers of the curve of clients. */
const WORKERS_OF_CLIENTS = 32;
const COST_RATIO_MAX = 1.3;
/** How long a broker is watched that has nothing to do: some heartbeats of every peer. */
const IDLE_MS = 5_000;

/** What a request costs the broker as services, workers and clients become many; one of each is the yardstick. */
export async function growth(options: RunOptions): Promise<GrowthReport> {
  const { peers, skipped } = choose(options.peers ?? PEERS_MEASURED, ABSENT);
  const max = options.max ?? (options.quick ? QUICK_MAX : Infinity);
  const inFlight = options.inFlight?.[0] ?? IN_FLIGHT;
  const bytes = options.sizes?.[0] ?? BYTES;
  const curves = AXES.map((axis) => [axis, POINTS[axis].filter((count) => count <= max)] as const);
  const measurements = curves.reduce((sum, [, points]) => sum + 2 * points.length, 0) * peers.length;
  const timing = timingOf(options, measurements, 0);
  const rows: GrowthRow[] = [];
  for (const peer of peers) {
    for (const [axis, points] of curves) {
      rows.push(...(await curve(peer, axis, points, { inFlight, bytes, timing })));
    }
  }
  return { scenario: 'growth', timing, inFlight, bytes, skipped, rows, targets: judgeGrowth(rows) };
}

interface Load {
  readonly inFlight: number;
  readonly bytes: number;
  readonly timing: Timing;
}

/** All points of a curve; a bed with one of them stays up and is measured in turn with every other. */
async function curve(peer: Peer, axis: Axis, points: readonly number[], load: Load): Promise<GrowthRow[]> {
  const [one = 1, ...others] = points;
  const rows: GrowthRow[] = [];
  const base = await Bed.start(peer, CAST, paramsOf(axis, one));
  try {
    await measure(base, load, load.timing.firstWarmupMs, 0);
    rows.push(await point(peer, axis, one, load, base, base));
    for (const count of others) {
      progress(`starting ${peer.title} with ${trimmed(count)} ${axis}`);
      const bed = await Bed.start(peer, CAST, paramsOf(axis, count));
      try {
        await measure(bed, load, load.timing.firstWarmupMs, 0);
        rows.push(await point(peer, axis, count, load, bed, base));
      } finally {
        await bed.stop();
      }
    }
    return rows;
  } finally {
    await base.stop();
  }
}

async function point(
  peer: Peer,
  axis: Axis,
  count: number,
  load: Load,
  bed: Bed,
  base: Bed,
): Promise<GrowthRow> {
  const { timing } = load;
  const samples: Sample[] = [];
  const yardsticks: Sample[] = [];
  const idle = await idleCpu(bed);
  const idleBase = bed === base ? idle : await idleCpu(base);
  for (let round = 0; round < timing.rounds; round++) {
    samples.push(await measure(bed, load, timing.measureMs, idle));
    yardsticks.push(bed === base ? samples[round]! : await measure(base, load, timing.measureMs, idleBase));
  }
  const usage = await bed.brokerUsage({ gc: true });
  const costs = samples.map(({ costUs }) => costUs);
  const row: GrowthRow = {
    peer: peer.name,
    axis,
    count,
    perSecond: spread(samples.map(({ perSecond }) => perSecond)),
    costUs: spread(costs),
    idlePercent: 100 * idle,
    costRatio: ratio(
      costs,
      yardsticks.map(({ costUs }) => costUs),
    ),
    rssBytes: usage?.rssBytes ?? NaN,
  };
  progress(
    `${peer.title}  ${trimmed(count)} ${axis}: ${trimmed(row.costUs.median)} µs a request, ` +
      `${trimmed(row.perSecond.median)}/s, broker ${bytesText(row.rssBytes)}`,
  );
  return row;
}

/** Of one core, what the broker takes when there is nothing to do: 0 to 1, and more on several. */
async function idleCpu(bed: Bed): Promise<number> {
  const before = await bed.brokerUsage();
  const startedAt = performance.now();
  await setTimeout(IDLE_MS);
  const after = await bed.brokerUsage();
  return ((after?.cpuUs ?? NaN) - (before?.cpuUs ?? NaN)) / (1_000 * (performance.now() - startedAt));
}

/** @param idle - what the broker takes anyhow, of one core */
async function measure(
  bed: Bed,
  { inFlight, bytes, timing }: Load,
  measureMs: number,
  idle: number,
): Promise<Sample> {
  const before = await bed.brokerUsage();
  const startedAt = performance.now();
  const result = await bed.client.ask('load', { inFlight, bytes, warmupMs: timing.warmupMs, measureMs });
  const after = await bed.brokerUsage();
  const idleUs = 1_000 * (performance.now() - startedAt) * idle;
  const cpuUs = (after?.cpuUs ?? NaN) - (before?.cpuUs ?? NaN) - idleUs;
  return { perSecond: result.perSecond, costUs: cpuUs / result.callsInAll };
}

/** Who is started: workers in as many processes as it takes, requests that go round over all services. */
function paramsOf(axis: Axis, count: number): BedParams {
  switch (axis) {
    case 'registered':
    case 'services':
      return {
        workers: chunks(count).map(([from, size]) => ({ services: { from, count: size, workersEach: 1 } })),
        client: { services: { from: 0, count: axis === 'services' ? count : 1, workersEach: 1 } },
      };
    case 'workers':
      return {
        workers: chunks(count).map(([, size]) => workersOfOne(size)),
        client: workersOfOne(1),
      };
    case 'clients':
      return {
        workers: [workersOfOne(WORKERS_OF_CLIENTS)],
        client: { ...workersOfOne(1), clients: count },
      };
  }
}

function workersOfOne(workersEach: number): PartParams {
  return { services: { from: 0, count: 1, workersEach } };
}

/** From where and how many, for each process. */
function chunks(count: number): (readonly [from: number, size: number])[] {
  return Array.from({ length: Math.ceil(count / WORKERS_PER_PROCESS) }, (_, at) => {
    const from = at * WORKERS_PER_PROCESS;
    return [from, Math.min(WORKERS_PER_PROCESS, count - from)] as const;
  });
}

/** How requests are spread in the curves that there is a target for. */
const SPREAD: Readonly<Partial<Record<Axis, string>>> = {
  registered: 'all to one of them',
  services: 'round over all',
};

function judgeGrowth(rows: readonly GrowthRow[]): Verdict[] {
  return rows
    .filter(({ axis, count }) => SPREAD[axis] !== undefined && count === POINTS[axis].at(-1))
    .map(({ peer, axis, costRatio }) =>
      judge(
        `${PEERS[peer].title}: cost per request with 10,000 services and 10,000 workers over 1 and 1, requests ` +
          `${SPREAD[axis]}, at most ${COST_RATIO_MAX}x`,
        { atMost: COST_RATIO_MAX },
        costRatio,
      ),
    );
}
