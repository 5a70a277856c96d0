import type { PeerName } from '../src/peers/peer-names';
import type { Results } from '../src/report/results';
import type { Cell } from '../src/scenarios/cells';
import { reportOf, type RpcReport, type Taken } from '../src/scenarios/rpc-report';
import { spread } from '../src/stats';

const TIMING = { rounds: 3, measureMs: 1_000, warmupMs: 150, firstWarmupMs: 500 };

/** Three rounds of one peer in one cell, at these rates. */
export function taken(peer: PeerName, cell: Cell, rates: readonly number[]): Taken[] {
  return rates.map((perSecond, round) => ({
    peer,
    cell,
    sample: { round, perSecond, p50Us: 1e9 / perSecond, p99Us: 2e9 / perSecond, p999Us: 3e9 / perSecond },
  }));
}

export const BUSY: Cell = { inFlight: 1_000, bytes: 100 };
export const ALONE: Cell = { inFlight: 1, bytes: 100 };

/** What `rpc` would have found with packed, NATS and the raw relay. */
export function rpcFixture(): RpcReport {
  const measured = [
    ...taken('ours-packed', BUSY, [300_000, 330_000, 280_000]),
    ...taken('nats', BUSY, [30_000, 30_000, 20_000]),
    ...taken('ours-packed', ALONE, [4_000, 4_000, 4_000]),
    ...taken('nats', ALONE, [6_000, 6_000, 6_000]),
  ];
  return {
    ...reportOf([ALONE, BUSY], ['ours-packed', 'nats'], measured),
    timing: TIMING,
    skipped: [{ peer: 'bullmq', reason: 'redis-server is not installed' }],
  };
}

/** A run of everything, small. */
export function resultsFixture(): Results {
  const few = spread([1, 2, 3]);
  return {
    quick: false,
    environment: {
      at: '2026-11-21T06:00:00.000Z',
      command: 'npm run bench -- report',
      cpu: 'AMD EPYC',
      cores: 2,
      memoryBytes: 24 * 1_024 ** 3,
      system: 'Linux 6.18 x64',
      versions: { node: '20.20.2', libzmq: '4.3.5', 'nats-server': '2.9.10' },
    },
    rpc: rpcFixture(),
    latency: {
      scenario: 'latency',
      timing: TIMING,
      bytes: 100,
      skipped: [],
      rows: [{ peer: 'ours-packed', transport: 'inproc', p50: few, p90: few, p99: few, p999: few, max: few }],
    },
    open: {
      scenario: 'open',
      timing: TIMING,
      bytes: 100,
      skipped: [],
      capacity: { nats: 20_000 },
      rows: [
        {
          peer: 'nats',
          fraction: 0.5,
          perSecond: 10_000,
          p50: few,
          p99: few,
          p999: few,
          max: few,
          overruns: 0,
        },
        { peer: 'nats', perSecond: 1_000, p50: few, p99: few, p999: few, max: few, overruns: 2 },
      ],
    },
    stream: {
      scenario: 'stream',
      timing: TIMING,
      partials: 1_000,
      bytes: 100,
      skipped: [],
      rows: [{ peer: 'grpc', streams: 10, perSecond: few }],
    },
    oneway: {
      scenario: 'oneway',
      rounds: 3,
      bytes: 1_024,
      skipped: [],
      rows: [{ peer: 'raw', messages: 1_000_000, sentPerSecond: few, receivedPerSecond: few }],
    },
    growth: {
      scenario: 'growth',
      timing: TIMING,
      inFlight: 100,
      bytes: 100,
      skipped: [],
      rows: [
        {
          peer: 'ours-0.2',
          axis: 'services',
          count: 10_000,
          perSecond: few,
          costUs: few,
          costRatio: few,
          idlePercent: 0.3,
          rssBytes: 1_048_576,
        },
      ],
      targets: [],
    },
    soak: {
      scenario: 'soak',
      inFlight: 100,
      bytes: 100,
      requests: 20,
      checkpoint: 10,
      skipped: [],
      rows: [
        {
          peer: 'ours-0.2',
          growth: 1.05,
          samples: [
            { requests: 10, rssBytes: 1_048_576, perSecond: 5 },
            { requests: 20, rssBytes: 1_101_005, perSecond: 5 },
          ],
        },
      ],
      targets: [{ goal: 'memory stays', measured: spread([1.05]), met: true }],
    },
    durable: {
      scenario: 'durable',
      timing: TIMING,
      bytes: 100,
      inFlight: 100,
      batches: 4,
      batch: 500,
      requests: 30_000,
      skipped: [{ peer: 'pg-boss', reason: 'postgres is not installed' }],
      rows: [{ peer: 'titanic-sqlite', single: few, bulk: few, done: few }],
      targets: [{ goal: 'three times as fast', measured: few, met: true }],
    },
    waiting: {
      scenario: 'waiting',
      rounds: 3,
      bytes: 100,
      requests: 20_000,
      skipped: [],
      rows: [
        {
          peer: 'titanic-sqlite',
          count: 1_000,
          perSecond: few,
          costUs: few,
          costRatio: few,
          rssBytes: 1_048_576,
        },
      ],
      targets: [],
    },
    codec: {
      scenario: 'codec',
      timing: TIMING,
      rows: [{ name: 'mdp/0.2, requests', bytes: 100, perSecond: few, bytesAllocated: few }],
    },
  };
}
