import { OURS, type PeerName } from '../peers/peer-names';
import { ratio, spread, type Spread } from '../stats';
import { cellKey, type Cell } from './cells';
import type { Skipped } from './choose';
import { judgeRpc, type Verdict } from './targets';
import type { Timing } from './timing';

/** One peer in one cell and round. */
export interface RpcSample {
  readonly round: number;
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  /** CPU time of the broker per call, in µs: undefined where there is no broker, or nothing tells. */
  readonly brokerUs?: number;
}

/** One peer in one cell, over all rounds. */
export interface RpcResult {
  readonly perSecond: Spread;
  readonly p50Us: Spread;
  readonly p99Us: Spread;
  readonly p999Us: Spread;
  readonly brokerUs?: Spread;
  readonly samples: readonly RpcSample[];
}

/** A cell, with what each peer did in it. */
export interface RpcCell extends Cell {
  readonly cell: string;
  readonly peers: Readonly<Partial<Record<PeerName, RpcResult>>>;
}

/** Numbers per cell and peer. */
export type PerCell<Value> = Readonly<Record<string, Readonly<Partial<Record<PeerName, Value>>>>>;

/** What `rpc` found. */
export interface RpcReport {
  readonly scenario: 'rpc';
  readonly timing: Timing;
  readonly skipped: readonly Skipped[];
  readonly cells: readonly RpcCell[];
  /** Calls per second of ours packed over each peer's: the median of the rounds' ratios. */
  readonly ratios: PerCell<number>;
  /** The same with the least and greatest round. */
  readonly ratioSpreads: PerCell<Spread>;
  /** Median latency of ours packed over each peer's. */
  readonly latencyRatios: PerCell<number>;
  readonly targets: readonly Verdict[];
}

/** One measurement, as it was taken. */
export interface Taken {
  readonly cell: Cell;
  readonly peer: PeerName;
  readonly sample: RpcSample;
}

/** Brings measurements, in the order of their rounds, into cells and compares them. */
export function reportOf(
  cells: readonly Cell[],
  peers: readonly PeerName[],
  taken: readonly Taken[],
): Omit<RpcReport, 'timing' | 'skipped'> {
  const found = cells.map((cell): RpcCell => {
    const results = peers.map((peer) => [peer, resultOf(samplesOf(taken, cell, peer))]);
    return { cell: cellKey(cell), ...cell, peers: Object.fromEntries(results) };
  });
  const ratioSpreads = compare(found, ({ perSecond }) => perSecond);
  const latencySpreads = compare(found, ({ p50Us }) => p50Us);
  return {
    scenario: 'rpc',
    cells: found,
    ratios: medians(ratioSpreads),
    ratioSpreads,
    latencyRatios: medians(latencySpreads),
    targets: judgeRpc(found),
  };
}

function samplesOf(taken: readonly Taken[], cell: Cell, peer: PeerName): RpcSample[] {
  return taken
    .filter((one) => one.peer === peer && cellKey(one.cell) === cellKey(cell))
    .map(({ sample }) => sample);
}

function resultOf(samples: readonly RpcSample[]): RpcResult {
  const brokerUs = samples.flatMap((sample) => (sample.brokerUs === undefined ? [] : [sample.brokerUs]));
  return {
    perSecond: spread(samples.map((sample) => sample.perSecond)),
    p50Us: spread(samples.map((sample) => sample.p50Us)),
    p99Us: spread(samples.map((sample) => sample.p99Us)),
    p999Us: spread(samples.map((sample) => sample.p999Us)),
    ...(brokerUs.length > 0 && { brokerUs: spread(brokerUs) }),
    samples,
  };
}

/** Ours packed over each other peer, in one number of each sample. */
function compare(cells: readonly RpcCell[], of: (sample: RpcSample) => number): PerCell<Spread> {
  return Object.fromEntries(
    cells.map(({ cell, peers }) => {
      const ours = peers[OURS]?.samples.map(of);
      const others = Object.entries(peers).filter(([name]) => name !== OURS);
      return [
        cell,
        ours
          ? Object.fromEntries(others.map(([name, { samples }]) => [name, ratio(ours, samples.map(of))]))
          : {},
      ];
    }),
  );
}

function medians(spreads: PerCell<Spread>): PerCell<number> {
  return Object.fromEntries(
    Object.entries(spreads).map(([cell, peers]) => [
      cell,
      Object.fromEntries(Object.entries(peers).map(([name, { median }]) => [name, median])),
    ]),
  );
}
