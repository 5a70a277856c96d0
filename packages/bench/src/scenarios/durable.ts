import { trimmed } from '../format';
import { DURABLE, type DurableName, type PeerName } from '../peers/peer-names';
import type { Bed, Cast } from '../processes/bed';
import { withBeds } from '../processes/beds';
import { progress } from '../progress';
import { ratio, rotated, spread, type Spread } from '../stats';
import { choose, type Skipped } from './choose';
import type { RunOptions } from './options';
import { judge, type Verdict } from './targets';
import { timingOf, type Timing } from './timing';

/**
 * What is measured of durable work.
 * - `single`: submissions of one request each;
 * - `bulk`: requests submitted in batches;
 * - `done`: requests from their submission, in batches, until the last outcome is kept.
 */
export const MEASURES = ['single', 'bulk', 'done'] as const;
export type Measure = (typeof MEASURES)[number];

/** One peer: requests per second, by what is measured. */
export type DurableRow = { readonly peer: DurableName } & Readonly<Record<Measure, Spread>>;

/** What `durable` found. */
export interface DurableReport {
  readonly scenario: 'durable';
  readonly timing: Timing;
  readonly bytes: number;
  /** Submissions without answer at one time, of one request each. */
  readonly inFlight: number;
  /** Batches without answer at one time, and requests in each. */
  readonly batches: number;
  readonly batch: number;
  /** Requests of one measurement of `done`. */
  readonly requests: number;
  readonly skipped: readonly Skipped[];
  readonly rows: readonly DurableRow[];
  readonly targets: readonly Verdict[];
}

/** What the rounds of one peer gave, by what is measured. */
type Rates = Record<Measure, number[]>;

export const DURABLE_CAST: Cast = { between: 'keeper', worker: 'doer', client: 'submitter' };
const BYTES = 100;
const IN_FLIGHT = 100;
const BATCHES = 4;
const BATCH = 500;
const REQUESTS = 30_000;
const QUICK_REQUESTS = 5_000;
/** Before the first round, one request in so many is done. */
const WARMUP_SHARE = 5;
/** No peer is slower than this, in requests per second, or it is taken for stuck. */
const SLOWEST_PER_SECOND = 100;

/** How fast durable work is taken in, and how fast it is done: each peer with its own processes, in turn. */
export async function durable(options: RunOptions): Promise<DurableReport> {
  const { quick } = options;
  const { peers, skipped } = choose(options.peers ?? DURABLE, {}, 'durable work');
  const timing = timingOf(
    { seconds: quick ? undefined : SECONDS, ...defined(options) },
    2 * peers.length,
    peers.length,
  );
  const plan: Plan = {
    timing,
    bytes: options.sizes?.[0] ?? BYTES,
    inFlight: options.inFlight?.[0] ?? IN_FLIGHT,
    batches: BATCHES,
    batch: BATCH,
    requests: wholeBatches(options.requests ?? (quick ? QUICK_REQUESTS : REQUESTS)),
  };
  const found = new Map<PeerName, Rates>();
  await withBeds(peers, DURABLE_CAST, {}, async (beds) => {
    for (const bed of beds) {
      found.set(bed.peer.name, { single: [], bulk: [], done: [] });
      await done(bed, plan, wholeBatches(plan.requests / WARMUP_SHARE));
    }
    for (let round = 0; round < timing.rounds; round++) {
      for (const measure of MEASURES) {
        for (const bed of rotated(beds, round)) {
          const rate = await measured(bed, plan, measure);
          found.get(bed.peer.name)![measure].push(rate);
          progress(`round ${round + 1}/${timing.rounds}  ${measure}  ${bed.peer.title}: ${trimmed(rate)}/s`);
        }
      }
    }
  });
  const rows = [...found].map(([peer, rates]) => ({
    peer: peer as DurableName,
    single: spread(rates.single),
    bulk: spread(rates.bulk),
    done: spread(rates.done),
  }));
  return { scenario: 'durable', ...plan, skipped, rows, targets: judgeDurable(found) };
}

/** How long one measurement of submissions takes where nobody says, in seconds. */
const SECONDS = 3;

type Plan = Pick<DurableReport, 'timing' | 'bytes' | 'inFlight' | 'batches' | 'batch' | 'requests'>;

function defined({ quick, rounds, seconds }: RunOptions): {
  quick: boolean;
  rounds?: number;
  seconds?: number;
} {
  return { quick, ...(rounds !== undefined && { rounds }), ...(seconds !== undefined && { seconds }) };
}

function wholeBatches(requests: number): number {
  return Math.ceil(requests / BATCH) * BATCH;
}

/** Requests per second. */
async function measured(bed: Bed, plan: Plan, measure: Measure): Promise<number> {
  if (measure === 'done') return done(bed, plan, plan.requests);
  const { bytes, timing } = plan;
  const [inFlight, batch] = measure === 'single' ? [plan.inFlight, 1] : [plan.batches, plan.batch];
  const { warmupMs, measureMs } = timing;
  const { perSecond } = await bed.client.ask('submit', { inFlight, batch, bytes, warmupMs, measureMs });
  return perSecond;
}

/** Submits so many in batches, and waits until the outcome of the last is kept. */
async function done(bed: Bed, { bytes, batches, batch }: Plan, count: number): Promise<number> {
  const patienceMs = 60_000 + (count / SLOWEST_PER_SECOND) * 1_000;
  const [{ lastAtMs }, { startedAtMs }] = await Promise.all([
    whoKnows(bed).ask('received', { count }, patienceMs),
    bed.client.ask('feed', { inFlight: batches, batch, bytes, count }, patienceMs),
  ]);
  return (count * 1_000) / (lastAtMs - startedAtMs);
}

/** Who knows of outcomes that are kept: titanic itself, of the others the process that does the work and is told. */
function whoKnows({ peer, broker, workers }: Bed): NonNullable<Bed['broker']> {
  return peer.name.startsWith('titanic') && broker ? broker : workers[0]!;
}

/** What one peer should reach over another. */
interface DurableTarget {
  readonly of: DurableName;
  readonly over: DurableName;
  readonly words: string;
  readonly atLeast: Readonly<Partial<Record<Measure, number>>>;
}

const TARGETS: readonly DurableTarget[] = [
  {
    of: 'titanic-sqlite',
    over: 'bullmq-always',
    words: 'titanic on SQLite over BullMQ with appendfsync always',
    atLeast: { single: 3, bulk: 3, done: 2 },
  },
  {
    of: 'titanic-postgres',
    over: 'pg-boss',
    words: 'titanic on PostgreSQL over pg-boss',
    atLeast: { single: 3, bulk: 3, done: 3 },
  },
  {
    of: 'titanic-postgres',
    over: 'pg-boss-replies',
    words: 'titanic on PostgreSQL over pg-boss that keeps a reply of each job',
    atLeast: { done: 3 },
  },
];

/** What is measured, in words. */
export const MEASURE_TITLES: Readonly<Record<Measure, string>> = {
  single: 'submissions per second, one by one',
  bulk: 'submissions per second, in batches',
  done: 'completions per second, end to end',
};

function judgeDurable(found: ReadonlyMap<PeerName, Rates>): Verdict[] {
  return TARGETS.flatMap(({ of, over, words, atLeast }) =>
    MEASURES.flatMap((measure) => {
      const least = atLeast[measure];
      if (least === undefined) return [];
      const [ours, theirs] = [found.get(of)?.[measure], found.get(over)?.[measure]];
      const goal = `${words}: ${MEASURE_TITLES[measure]}, at least ${least}x`;
      return [judge(goal, { atLeast: least }, ours && theirs && ratio(ours, theirs))];
    }),
  );
}
