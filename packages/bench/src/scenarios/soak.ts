import { UsageError } from '../errors';
import type { PeerName } from '../peers/peer-names';
import { PEERS } from '../peers/peers';
import { Bed } from '../processes/bed';
import { progress } from '../progress';
import { spread } from '../stats';
import { bytes as bytesText, trimmed } from '../format';
import { choose, type Absent, type Skipped } from './choose';
import type { RunOptions } from './options';
import { judge, type Verdict } from './targets';

/** The broker after so many requests. */
export interface SoakSample {
  readonly requests: number;
  /** Resident memory of the broker, garbage collected, in bytes. */
  readonly rssBytes: number;
  /** Since the sample before. */
  readonly perSecond: number;
}

/** One peer, sample by sample. */
export interface SoakRow {
  readonly peer: PeerName;
  readonly samples: readonly SoakSample[];
  /** Memory at the end over memory at the checkpoint. */
  readonly growth: number;
}

/** What `soak` found. */
export interface SoakReport {
  readonly scenario: 'soak';
  readonly inFlight: number;
  readonly bytes: number;
  readonly requests: number;
  readonly checkpoint: number;
  readonly skipped: readonly Skipped[];
  readonly rows: readonly SoakRow[];
  readonly targets: readonly Verdict[];
}

const PEERS_MEASURED: readonly PeerName[] = ['ours-packed', 'ours-0.2'];
const ABSENT: Absent = {
  http: 'there is no broker whose memory could grow',
  grpc: 'there is no broker whose memory could grow',
};
const REQUESTS = 10_000_000;
const CHECKPOINT = 1_000_000;
const QUICK_REQUESTS = 100_000;
const QUICK_CHECKPOINT = 10_000;
/**
 * As many as fill the broker's young generation at once. With fewer, V8 doubles it at some time, to 16 MiB of each half, and
 * that one step would look like growth.
 */
const IN_FLIGHT = 1_000;
const BYTES = 100;
/** The end may have this much more memory than the checkpoint. */
const GROWTH_MAX = 1.1;
/** What a plain dialect is asked for is one request in so many: it takes as many times as long. */
const PLAIN_SHARE = 10;
/** No peer is slower than this, in requests per second, or it is taken for stuck. */
const SLOWEST_PER_SECOND = 200;

/** Many requests, and what the broker's memory does meanwhile: after the checkpoint it should stay. */
export async function soak(options: RunOptions): Promise<SoakReport> {
  const { quick } = options;
  const { peers, skipped } = choose(options.peers ?? PEERS_MEASURED, ABSENT);
  const inFlight = options.inFlight?.[0] ?? IN_FLIGHT;
  const bytes = options.sizes?.[0] ?? BYTES;
  const requests = options.requests ?? (quick ? QUICK_REQUESTS : REQUESTS);
  const checkpoint = options.checkpoint ?? Math.min(requests, quick ? QUICK_CHECKPOINT : CHECKPOINT);
  if (checkpoint > requests) throw new UsageError('--checkpoint: should not be more than --requests');
  const shareOf = (peer: PeerName): number => (peer === 'ours-packed' ? 1 : PLAIN_SHARE);
  const rows: SoakRow[] = [];
  for (const peer of peers) {
    progress(`starting ${peer.title}`);
    const bed = await Bed.start(peer);
    try {
      await bed.prepare(inFlight);
      const share = shareOf(peer.name);
      const samples = await sample(bed, {
        inFlight,
        bytes,
        requests: Math.ceil(requests / share),
        checkpoint: Math.ceil(checkpoint / share),
      });
      rows.push({ peer: peer.name, samples, growth: samples.at(-1)!.rssBytes / samples[0]!.rssBytes });
    } finally {
      await bed.stop();
    }
  }
  const targets = rows.map(({ peer, samples, growth }) =>
    judge(
      `${PEERS[peer].title}: broker memory after ${trimmed(samples.at(-1)!.requests)} requests over that after ` +
        `${trimmed(samples[0]!.requests)}, at most ${GROWTH_MAX}x`,
      { atMost: GROWTH_MAX },
      spread([growth]),
    ),
  );
  return { scenario: 'soak', inFlight, bytes, requests, checkpoint, skipped, rows, targets };
}

async function sample(
  bed: Bed,
  {
    inFlight,
    bytes,
    requests,
    checkpoint,
  }: Pick<SoakReport, 'inFlight' | 'bytes' | 'requests' | 'checkpoint'>,
): Promise<SoakSample[]> {
  const samples: SoakSample[] = [];
  for (let done = 0; done < requests;) {
    const count = Math.min(checkpoint, requests - done);
    const patienceMs = 60_000 + (count / SLOWEST_PER_SECOND) * 1_000;
    const seconds = await bed.client.ask('calls', { inFlight, bytes, count }, patienceMs);
    const usage = await bed.brokerUsage({ gc: true });
    done += count;
    samples.push({ requests: done, rssBytes: usage?.rssBytes ?? NaN, perSecond: count / seconds });
    progress(
      `${bed.peer.title}  after ${trimmed(done)}: broker ${bytesText(usage?.rssBytes ?? NaN)}, ` +
        `${trimmed(count / seconds)}/s`,
    );
  }
  return samples;
}
