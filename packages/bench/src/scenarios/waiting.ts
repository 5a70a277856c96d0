import { bytes as bytesText, trimmed } from '../format';
import { PEERS, type Peer } from '../peers/peers';
import type { DurableName } from '../peers/peer-names';
import { Bed } from '../processes/bed';
import { progress } from '../progress';
import { ratio, spread, type Spread } from '../stats';
import { choose, type Absent, type Skipped } from './choose';
import { DURABLE_CAST } from './durable';
import type { RunOptions } from './options';
import { judge, type Verdict } from './targets';

/** One store with so many rows that wait. */
export interface WaitingRow {
  readonly peer: DurableName;
  readonly count: number;
  /** Requests submitted in batches, delivered and done, per second. */
  readonly perSecond: Spread;
  /** CPU time of who keeps them (broker, titanic, the database) per request, in µs. */
  readonly costUs: Spread;
  /** That over the cost with the fewest rows, both measured in turn. */
  readonly costRatio: Spread;
  /** Resident memory of who keeps them, in bytes. */
  readonly rssBytes: number;
}

/** What `waiting` found. */
export interface WaitingReport {
  readonly scenario: 'waiting';
  readonly rounds: number;
  readonly bytes: number;
  /** Requests of one measurement. */
  readonly requests: number;
  readonly skipped: readonly Skipped[];
  readonly rows: readonly WaitingRow[];
  readonly targets: readonly Verdict[];
}

/** One measurement: throughput, and what it cost. */
interface Sample {
  readonly perSecond: number;
  readonly costUs: number;
}

interface Load {
  readonly rounds: number;
  readonly bytes: number;
  readonly requests: number;
}

const PEERS_MEASURED: readonly DurableName[] = ['titanic-sqlite', 'titanic-postgres'];
const OTHERS = 'the curve is of our stores';
const ABSENT: Absent = {
  'bullmq-always': OTHERS,
  'bullmq-default': OTHERS,
  'pg-boss': OTHERS,
  'pg-boss-replies': OTHERS,
};
const POINTS = [1_000, 10_000, 100_000, 1_000_000, 10_000_000] as const;
const [FEWEST] = POINTS;
/** Beyond this only where it is asked for: ten million rows take minutes to make, and gigabytes. */
const MAX = 1_000_000;
const QUICK_MAX = 10_000;
const ROUNDS = 5;
const QUICK_ROUNDS = 3;
const REQUESTS = 20_000;
const QUICK_REQUESTS = 5_000;
const BYTES = 100;
const BATCHES = 4;
const BATCH = 500;
const COST_RATIO_MAX = 1.3;
/** No store makes rows more slowly than this, per second, or it is taken for stuck. */
const FILLED_PER_SECOND_MIN = 2_000;
const PATIENCE_MS = 300_000;

/** What a request costs as more and more others wait for their time. */
export async function waiting(options: RunOptions): Promise<WaitingReport> {
  const { quick } = options;
  const { peers, skipped } = choose(options.peers ?? PEERS_MEASURED, ABSENT, 'durable work');
  const max = options.max ?? (quick ? QUICK_MAX : MAX);
  const load: Load = {
    rounds: options.rounds ?? (quick ? QUICK_ROUNDS : ROUNDS),
    bytes: options.sizes?.[0] ?? BYTES,
    requests: Math.ceil((options.requests ?? (quick ? QUICK_REQUESTS : REQUESTS)) / BATCH) * BATCH,
  };
  const rows: WaitingRow[] = [];
  for (const peer of peers) rows.push(...(await curve(peer, max, load)));
  return { scenario: 'waiting', ...load, skipped, rows, targets: judgeWaiting(rows) };
}

/** All points of one store; one with the fewest rows stays up and is measured in turn with every other. */
async function curve(peer: Peer, max: number, load: Load): Promise<WaitingRow[]> {
  const rows: WaitingRow[] = [];
  const base = await filled(peer, FEWEST, load);
  try {
    rows.push(await point(peer, FEWEST, load, base, base));
    for (const count of POINTS.filter((points) => points > FEWEST && points <= max)) {
      const bed = await filled(peer, count, load);
      try {
        rows.push(await point(peer, count, load, bed, base));
      } finally {
        await bed.stop();
      }
    }
    return rows;
  } finally {
    await base.stop();
  }
}

/** A bed whose store holds so many, and that has been at work. */
async function filled(peer: Peer, count: number, load: Load): Promise<Bed> {
  progress(`starting ${peer.title} with ${trimmed(count)} rows that wait`);
  const bed = await Bed.start(peer, DURABLE_CAST);
  try {
    const patienceMs = PATIENCE_MS + (count / FILLED_PER_SECOND_MIN) * 1_000;
    const waits = await bed.broker!.ask('fill', { count, bytes: load.bytes }, patienceMs);
    if (waits !== count) throw new Error(`${waits} rows wait where ${count} should`);
    await measure(bed, load);
    return bed;
  } catch (error) {
    await bed.stop();
    throw error;
  }
}

async function point(peer: Peer, count: number, load: Load, bed: Bed, base: Bed): Promise<WaitingRow> {
  const samples: Sample[] = [];
  const yardsticks: Sample[] = [];
  for (let round = 0; round < load.rounds; round++) {
    samples.push(await measure(bed, load));
    yardsticks.push(bed === base ? samples[round]! : await measure(base, load));
  }
  const usage = await bed.brokerUsage({ gc: true });
  const costs = samples.map(({ costUs }) => costUs);
  const row: WaitingRow = {
    peer: peer.name as DurableName,
    count,
    perSecond: spread(samples.map(({ perSecond }) => perSecond)),
    costUs: spread(costs),
    costRatio: ratio(
      costs,
      yardsticks.map(({ costUs }) => costUs),
    ),
    rssBytes: usage?.rssBytes ?? NaN,
  };
  progress(
    `${peer.title}  ${trimmed(count)} wait: ${trimmed(row.costUs.median)} µs a request, ` +
      `${trimmed(row.perSecond.median)}/s, ${bytesText(row.rssBytes)}`,
  );
  return row;
}

async function measure(bed: Bed, { requests, bytes }: Load): Promise<Sample> {
  const before = await bed.brokerUsage();
  const [{ lastAtMs }, { startedAtMs }] = await Promise.all([
    bed.broker!.ask('received', { count: requests }, PATIENCE_MS),
    bed.client.ask('feed', { inFlight: BATCHES, batch: BATCH, bytes, count: requests }, PATIENCE_MS),
  ]);
  const after = await bed.brokerUsage();
  return {
    perSecond: (requests * 1_000) / (lastAtMs - startedAtMs),
    costUs: ((after?.cpuUs ?? NaN) - (before?.cpuUs ?? NaN)) / requests,
  };
}

function judgeWaiting(rows: readonly WaitingRow[]): Verdict[] {
  return rows
    .filter(({ count }, at) => count > FEWEST && rows[at + 1]?.peer !== rows[at]!.peer)
    .map(({ peer, count, costRatio }) =>
      judge(
        `${PEERS[peer].title}: cost per request with ${trimmed(count)} rows waiting over ${trimmed(FEWEST)}, ` +
          `at most ${COST_RATIO_MAX}x`,
        { atMost: COST_RATIO_MAX },
        costRatio,
      ),
    );
}
