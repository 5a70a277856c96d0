import type { PeerName } from '../peers/peer-names';
import type { Cast } from '../processes/bed';
import { withBeds } from '../processes/beds';
import { progress } from '../progress';
import { rotated, spread, type Spread } from '../stats';
import { trimmed } from '../format';
import { choose, type Absent, type Skipped } from './choose';
import type { RunOptions } from './options';
import { timingOf, type Timing } from './timing';

/** One peer with so many streams at once. */
export interface StreamRow {
  readonly peer: PeerName;
  readonly streams: number;
  /** PARTIALs, all streams together. */
  readonly perSecond: Spread;
}

/** What `stream` found. */
export interface StreamReport {
  readonly scenario: 'stream';
  readonly timing: Timing;
  /** Of one stream. */
  readonly partials: number;
  readonly bytes: number;
  readonly skipped: readonly Skipped[];
  readonly rows: readonly StreamRow[];
}

const CAST: Cast = { between: 'broker', worker: 'generator', client: 'reader' };
const PEERS_MEASURED: readonly PeerName[] = ['ours-packed', 'ours-0.2', 'nats', 'http', 'grpc'];
const ABSENT: Absent = {
  'ours-0.1': 'MDP/0.1 has no PARTIALs',
  bullmq: 'a job has one result',
  raw: 'a relay that knows no streams has nothing to compare',
  'raw-frames': 'a relay that knows no streams has nothing to compare',
};
const PARTIALS = 1_000;
const BYTES = 100;
const STREAMS = [1, 10, 30];
const QUICK_STREAMS = [1, 10];

/** One request, a thousand replies: PARTIALs per second, several streams at once. */
export async function stream(options: RunOptions): Promise<StreamReport> {
  const { peers, skipped } = choose(options.peers ?? PEERS_MEASURED, ABSENT);
  const counts = options.inFlight ?? (options.quick ? QUICK_STREAMS : STREAMS);
  const bytes = options.sizes?.[0] ?? BYTES;
  const timing = timingOf(options, peers.length * counts.length, peers.length);
  const { rounds, warmupMs, measureMs, firstWarmupMs } = timing;
  const found = new Map<string, number[]>();
  await withBeds(peers, CAST, {}, async (beds) => {
    const load = { partials: PARTIALS, bytes };
    for (const { client } of beds) {
      await client.ask('stream', { ...load, streams: 10, warmupMs: 0, measureMs: firstWarmupMs });
    }
    for (let round = 0; round < rounds; round++) {
      for (const [at, streams] of counts.entries()) {
        for (const { peer, client } of rotated(beds, round + at)) {
          const { perSecond } = await client.ask('stream', { ...load, streams, warmupMs, measureMs });
          const key = `${peer.name} ${streams}`;
          found.set(key, [...(found.get(key) ?? []), perSecond]);
          progress(
            `round ${round + 1}/${rounds}  ${streams} streams  ${peer.title}: ${trimmed(perSecond)} PARTIALs/s`,
          );
        }
      }
    }
  });
  const rows = counts.flatMap((streams) =>
    peers.map(({ name }) => ({
      peer: name,
      streams,
      perSecond: spread(found.get(`${name} ${streams}`) ?? []),
    })),
  );
  return { scenario: 'stream', timing, partials: PARTIALS, bytes, skipped, rows };
}
