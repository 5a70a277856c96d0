import type { OpenResult } from '../load/open-loop';
import type { PeerName } from '../peers/peer-names';
import { ECHO_CAST, type Bed } from '../processes/bed';
import { withBeds } from '../processes/beds';
import { progress } from '../progress';
import { median, rotated, spread, type Spread } from '../stats';
import { latency, trimmed } from '../format';
import { choose, TIMED, TIMED_QUICK, type Skipped } from './choose';
import type { RunOptions } from './options';
import { timingOf, type Timing } from './timing';

/** One peer at one rate of arrivals. Latencies are in µs, from when a call was due. */
export interface OpenRow {
  readonly peer: PeerName;
  /** Of the peer's own capacity, such as 0.5; undefined where the rate is common to all. */
  readonly fraction?: number;
  readonly perSecond: number;
  readonly p50: Spread;
  readonly p99: Spread;
  readonly p999: Spread;
  readonly max: Spread;
  /** Rounds in which calls piled up so far that the loop was ended. */
  readonly overruns: number;
}

/** What `open` found. */
export interface OpenReport {
  readonly scenario: 'open';
  readonly timing: Timing;
  readonly bytes: number;
  readonly skipped: readonly Skipped[];
  /** Calls per second in a closed loop, 256 in flight: what fractions are of. */
  readonly capacity: Readonly<Partial<Record<PeerName, number>>>;
  readonly rows: readonly OpenRow[];
}

/** One rate at which one peer is loaded. */
interface Point {
  readonly bed: Bed;
  readonly fraction?: number;
  readonly perSecond: number;
  readonly found: OpenResult[];
}

const BYTES = 100;
const CAPACITY_IN_FLIGHT = 256;
const FRACTIONS = [0.25, 0.5, 0.75, 0.9];
const RATES = [1_000, 5_000, 10_000, 20_000, 50_000, 100_000];
const QUICK_FRACTIONS = [0.5, 0.9];
const QUICK_RATES = [1_000];
/** Common rates are for peers that have some capacity left at them; beyond, a queue only grows. */
const CAPACITY_USED_MAX = 0.9;
/** Calls without answer at which a peer counts as overrun. */
const OUTSTANDING_MAX = 20_000;

/** Arrivals at a fixed rate, whatever the answers do: at shares of each peer's own capacity, and at common rates. */
export async function open(options: RunOptions): Promise<OpenReport> {
  const { peers, skipped } = choose(options.peers ?? (options.quick ? TIMED_QUICK : TIMED));
  const bytes = options.sizes?.[0] ?? BYTES;
  const fractions = options.quick ? QUICK_FRACTIONS : FRACTIONS;
  const rates = options.quick ? QUICK_RATES : RATES;
  const timing = timingOf(options, peers.length * (1 + fractions.length + rates.length), peers.length);
  return await withBeds(peers, ECHO_CAST, {}, async (beds) => {
    const capacity: Partial<Record<PeerName, number>> = {};
    for (const bed of beds) capacity[bed.peer.name] = await capacityOf(bed, bytes, timing);
    const points = beds.flatMap((bed): Point[] => {
      const most = capacity[bed.peer.name] ?? 0;
      return [
        ...fractions.map((fraction) => ({
          bed,
          fraction,
          perSecond: Math.round(most * fraction),
          found: [],
        })),
        ...rates
          .filter((rate) => rate <= most * CAPACITY_USED_MAX)
          .map((perSecond) => ({ bed, perSecond, found: [] })),
      ];
    });
    for (let round = 0; round < timing.rounds; round++) {
      for (const point of rotated(points, round)) await measure(point, bytes, timing, round);
    }
    return { scenario: 'open', timing, bytes, skipped, capacity, rows: points.map(rowOf) };
  });
}

async function capacityOf(bed: Bed, bytes: number, timing: Timing): Promise<number> {
  await bed.prepare(CAPACITY_IN_FLIGHT);
  const rates: number[] = [];
  for (let round = 0; round < timing.rounds; round++) {
    const { perSecond } = await bed.client.ask('load', {
      inFlight: CAPACITY_IN_FLIGHT,
      bytes,
      warmupMs: round === 0 ? timing.firstWarmupMs : 0,
      measureMs: timing.measureMs,
    });
    rates.push(perSecond);
  }
  const capacity = median(rates);
  progress(`capacity of ${bed.peer.title}: ${trimmed(capacity)}/s`);
  return capacity;
}

async function measure(point: Point, bytes: number, timing: Timing, round: number): Promise<void> {
  const { bed, perSecond, found } = point;
  const result = await bed.client.ask('open', {
    perSecond,
    bytes,
    warmupMs: timing.warmupMs,
    measureMs: timing.measureMs,
    outstandingMax: OUTSTANDING_MAX,
  });
  found.push(result);
  progress(
    `round ${round + 1}/${timing.rounds}  ${bed.peer.title} at ${trimmed(perSecond)}/s: ` +
      `p99 ${latency(result.latencyUs.p99)}${result.overrun ? ', overrun' : ''}`,
  );
}

function rowOf({ bed, fraction, perSecond, found }: Point): OpenRow {
  const over = (of: 'p50' | 'p99' | 'p999' | 'max') => spread(found.map(({ latencyUs }) => latencyUs[of]));
  return {
    peer: bed.peer.name,
    ...(fraction !== undefined && { fraction }),
    perSecond,
    p50: over('p50'),
    p99: over('p99'),
    p999: over('p999'),
    max: over('max'),
    overruns: found.filter(({ overrun }) => overrun).length,
  };
}
