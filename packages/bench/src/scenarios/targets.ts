import type { PeerName } from '../peers/peer-names';
import { ratio, type Spread } from '../stats';
import { cellKey } from './cells';
import type { RpcCell, RpcSample } from './rpc-report';

/** A goal, and what was measured. Without a measurement it is neither met nor missed. */
export interface Verdict {
  readonly goal: string;
  readonly measured: Spread | null;
  readonly met: boolean | null;
}

/** A ratio of two peers in one cell that should not be below, or above, a bound. */
interface RpcTarget {
  readonly goal: string;
  readonly cell: string;
  readonly of: PeerName;
  readonly over: PeerName;
  readonly by: (sample: RpcSample) => number;
  readonly bound: Bound;
}

/** On which side of a number is good. */
export type Bound = { readonly atLeast: number } | { readonly atMost: number };

const rate = ({ perSecond }: RpcSample): number => perSecond;
const p50 = ({ p50Us }: RpcSample): number => p50Us;

const packedOverNats = (inFlight: number, bytes: number, size: string, atLeast: number): RpcTarget => ({
  goal: `packed over NATS, ${inFlight.toLocaleString('en-US')} in flight, ${size}: calls per second, at least ${atLeast}x`,
  cell: cellKey({ inFlight, bytes }),
  of: 'ours-packed',
  over: 'nats',
  by: rate,
  bound: { atLeast },
});

/** What the project set out to reach. */
const RPC_TARGETS: readonly RpcTarget[] = [
  packedOverNats(1_000, 100, '100 B', 10),
  packedOverNats(100, 100, '100 B', 4),
  packedOverNats(1_000, 1_024, '1 KiB', 5),
  packedOverNats(100, 65_536, '64 KiB', 1.2),
  {
    goal: 'packed over NATS, one in flight, 100 B: median latency over tcp, at most 1.25x',
    cell: cellKey({ inFlight: 1, bytes: 100 }),
    of: 'ours-packed',
    over: 'nats',
    by: p50,
    bound: { atMost: 1.25 },
  },
  {
    goal: 'packed over the raw relay, one in flight, 100 B: median latency over tcp, at most 1.15x',
    cell: cellKey({ inFlight: 1, bytes: 100 }),
    of: 'ours-packed',
    over: 'raw',
    by: p50,
    bound: { atMost: 1.15 },
  },
  {
    goal: 'MDP/0.2 over a raw relay of as many frames, 1,000 in flight, 100 B: calls per second, at least 0.9x',
    cell: cellKey({ inFlight: 1_000, bytes: 100 }),
    of: 'ours-0.2',
    over: 'raw-frames',
    by: rate,
    bound: { atLeast: 0.9 },
  },
  {
    goal: 'MDP/0.2 over that relay with one request per worker, 1,000 in flight, 100 B: calls per second, at least 0.9x',
    cell: cellKey({ inFlight: 1_000, bytes: 100 }),
    of: 'ours-0.2',
    over: 'raw-one-each',
    by: rate,
    bound: { atLeast: 0.9 },
  },
  {
    goal: 'packed with metrics over packed without, 1,000 in flight, 100 B: calls per second, at least 0.95x',
    cell: cellKey({ inFlight: 1_000, bytes: 100 }),
    of: 'ours-packed-metrics',
    over: 'ours-packed',
    by: rate,
    bound: { atLeast: 0.95 },
  },
];

/** Whether a number is within its bound. */
export function within(value: number, bound: Bound): boolean {
  return 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost;
}

/** A verdict on a measurement, if there was one. */
export function judge(goal: string, bound: Bound, measured: Spread | undefined): Verdict {
  return measured
    ? { goal, measured, met: within(measured.median, bound) }
    : { goal, measured: null, met: null };
}

/** The targets of `rpc`, held against what was measured. */
export function judgeRpc(cells: readonly RpcCell[]): Verdict[] {
  return RPC_TARGETS.map(({ goal, cell, of, over, by, bound }) => {
    const peers = cells.find((one) => one.cell === cell)?.peers;
    const ours = peers?.[of]?.samples.map(by);
    const others = peers?.[over]?.samples.map(by);
    return judge(goal, bound, ours && others && ratio(ours, others));
  });
}
