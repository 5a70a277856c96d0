import type { PeerName } from '../peers/peer-names';
import type { Transport } from '../peers/part';
import { hasPart } from '../peers/parts';
import type { Peer } from '../peers/peers';
import { Bed, ECHO_CAST } from '../processes/bed';
import { Child } from '../processes/child-process';
import { progress } from '../progress';
import { rotated, spread, type Spread } from '../stats';
import { latency as latencyText } from '../format';
import { choose, TIMED, TIMED_QUICK, type Skipped } from './choose';
import type { RunOptions } from './options';
import { timingOf, type Timing } from './timing';

/** Percentiles of one peer over one transport, in µs. */
export interface LatencyRow {
  readonly peer: PeerName;
  readonly transport: Transport;
  readonly p50: Spread;
  readonly p90: Spread;
  readonly p99: Spread;
  readonly p999: Spread;
  readonly max: Spread;
}

/** What `latency` found. */
export interface LatencyReport {
  readonly scenario: 'latency';
  readonly timing: Timing;
  readonly bytes: number;
  readonly skipped: readonly Skipped[];
  readonly rows: readonly LatencyRow[];
}

/** A peer over one transport: what is asked, and how it is ended. */
interface Track {
  readonly peer: Peer;
  readonly transport: Transport;
  readonly client: Child;
  readonly stop: () => Promise<void>;
}

const BYTES = 100;

/** One call in flight, over each transport that a peer has: how long one call takes when nothing else happens. */
export async function latency(options: RunOptions): Promise<LatencyReport> {
  const { peers, skipped } = choose(options.peers ?? (options.quick ? TIMED_QUICK : TIMED));
  const bytes = options.sizes?.[0] ?? BYTES;
  const tracks: Track[] = [];
  try {
    for (const peer of peers) {
      for (const transport of transportsOf(peer)) tracks.push(await open(peer, transport));
    }
    const timing = timingOf(options, tracks.length, tracks.length);
    return { scenario: 'latency', timing, bytes, skipped, rows: await measure(tracks, bytes, timing) };
  } finally {
    await Promise.all(tracks.map(({ stop }) => stop()));
  }
}

/** What is of ZeroMQ can do without TCP; inproc is for threads, so there all three are in one process. */
function transportsOf({ name }: Peer): readonly Transport[] {
  return hasPart(name, 'everything') ? ['tcp', 'ipc', 'inproc'] : ['tcp'];
}

async function open(peer: Peer, transport: Transport): Promise<Track> {
  progress(`starting ${peer.title} over ${transport}`);
  if (transport !== 'inproc') {
    const bed = await Bed.start(peer, ECHO_CAST, { transport });
    return { peer, transport, client: bed.client, stop: () => bed.stop() };
  }
  const params = peer.protocol === undefined ? {} : { protocol: peer.protocol };
  const client = await Child.start({ peer: peer.name, part: 'everything', params });
  return { peer, transport, client, stop: () => client.stop() };
}

async function measure(tracks: readonly Track[], bytes: number, timing: Timing): Promise<LatencyRow[]> {
  const { rounds, warmupMs, measureMs, firstWarmupMs } = timing;
  const load = { inFlight: 1, bytes };
  const samples = tracks.map((track) => ({ track, found: [] as Awaited<ReturnType<typeof once>>[] }));
  const once = (track: Track, warmMs: number, forMs: number) =>
    track.client.ask('load', { ...load, warmupMs: warmMs, measureMs: forMs });
  for (const { track } of samples) await once(track, 0, firstWarmupMs);
  for (let round = 0; round < rounds; round++) {
    for (const { track, found } of rotated(samples, round)) {
      const result = await once(track, warmupMs, measureMs);
      found.push(result);
      progress(
        `round ${round + 1}/${rounds}  ${track.peer.title} over ${track.transport}: ` +
          `p50 ${latencyText(result.latencyUs.p50)}`,
      );
    }
  }
  return samples.map(({ track, found }) => {
    const over = (of: 'p50' | 'p90' | 'p99' | 'p999' | 'max') =>
      spread(found.map(({ latencyUs }) => latencyUs[of]));
    return {
      peer: track.peer.name,
      transport: track.transport,
      p50: over('p50'),
      p90: over('p90'),
      p99: over('p99'),
      p999: over('p999'),
      max: over('max'),
    };
  });
}
