import type { PeerName } from '../peers/peer-names';
import type { Peer } from '../peers/peers';
import { Bed, type Cast } from '../processes/bed';
import { progress } from '../progress';
import { rotated, spread, type Spread } from '../stats';
import { trimmed } from '../format';
import { choose, type Absent, type Skipped } from './choose';
import type { RunOptions } from './options';

/** One peer: messages per second at either end. */
export interface OneWayRow {
  readonly peer: PeerName;
  readonly messages: number;
  readonly sentPerSecond: Spread;
  readonly receivedPerSecond: Spread;
}

/** What `oneway` found. */
export interface OneWayReport {
  readonly scenario: 'oneway';
  readonly rounds: number;
  readonly bytes: number;
  readonly skipped: readonly Skipped[];
  readonly rows: readonly OneWayRow[];
}

const CAST: Cast = { between: 'broker', worker: 'receiver', client: 'sender' };
/** The raw relay pushes and pulls where the others have their usual broker. */
const RAW_CAST: Cast = { ...CAST, between: 'pipe' };
const PEERS_MEASURED: readonly PeerName[] = ['ours-packed', 'ours-0.2', 'ours-0.1', 'nats', 'bullmq', 'raw'];
const QUICK_PEERS: readonly PeerName[] = ['ours-packed', 'ours-0.2', 'nats', 'raw'];
const ABSENT: Absent = {
  http: 'there is no message without an answer in HTTP, and no queue in between',
  grpc: 'there is no message without an answer in a unary call, and no queue in between',
  'raw-frames': 'the raw relay is here as PUSH – PULL/PUSH – PULL',
};

const MESSAGES = 1_000_000;
const QUICK_MESSAGES = 100_000;
const BYTES = 1_024;
const ROUNDS = 3;
const QUICK_ROUNDS = 1;
/** The slow ones get one message in so many: rates are steady long before, and all would take hours. */
const SHARES: Readonly<Partial<Record<PeerName, number>>> = { bullmq: 20, 'ours-0.2': 5, 'ours-0.1': 5 };
/** Before the measurement, one message in so many. */
const WARMUP_SHARE = 50;
/** No peer is slower than this, in messages per second, or it is taken for stuck. */
const SLOWEST_PER_SECOND = 200;

/** The classic comparison of queues: messages one way, sent as fast as they go, both ends timed apart. */
export async function oneway(options: RunOptions): Promise<OneWayReport> {
  const { quick, peers: names } = options;
  const { peers, skipped } = choose(names ?? (quick ? QUICK_PEERS : PEERS_MEASURED), ABSENT);
  const bytes = options.sizes?.[0] ?? BYTES;
  const rounds = options.rounds ?? (quick ? QUICK_ROUNDS : ROUNDS);
  const count = options.requests ?? (quick ? QUICK_MESSAGES : MESSAGES);
  const beds: Bed[] = [];
  const found = new Map<Bed, { sent: number; received: number }[]>();
  try {
    for (const peer of peers) {
      progress(`starting ${peer.title}`);
      const bed = await Bed.start(peer, peer.name === 'raw' ? RAW_CAST : CAST);
      beds.push(bed);
      await send(bed, Math.ceil(messagesOf(peer, count) / WARMUP_SHARE), bytes);
    }
    for (let round = 0; round < rounds; round++) {
      for (const bed of rotated(beds, round)) {
        const rates = await send(bed, messagesOf(bed.peer, count), bytes);
        found.set(bed, [...(found.get(bed) ?? []), rates]);
        progress(
          `round ${round + 1}/${rounds}  ${bed.peer.title}: sent ${trimmed(rates.sent)}/s, ` +
            `received ${trimmed(rates.received)}/s`,
        );
      }
    }
  } finally {
    await Promise.all(beds.map((bed) => bed.stop()));
  }
  const rows = beds.map((bed) => ({
    peer: bed.peer.name,
    messages: messagesOf(bed.peer, count),
    sentPerSecond: spread((found.get(bed) ?? []).map(({ sent }) => sent)),
    receivedPerSecond: spread((found.get(bed) ?? []).map(({ received }) => received)),
  }));
  return { scenario: 'oneway', rounds, bytes, skipped, rows };
}

function messagesOf({ name }: Peer, count: number): number {
  return Math.ceil(count / (SHARES[name] ?? 1));
}

/** Sends and receives so many messages; rates per second. */
async function send(bed: Bed, count: number, bytes: number): Promise<{ sent: number; received: number }> {
  const patienceMs = 60_000 + (count / SLOWEST_PER_SECOND) * 1_000;
  const [{ firstAtMs, lastAtMs }, { startedAtMs, endedAtMs }] = await Promise.all([
    bed.workers[0]!.ask('received', { count }, patienceMs),
    bed.client.ask('send', { count, bytes }, patienceMs),
  ]);
  const rate = (fromMs: number, toMs: number): number => (count * 1_000) / (toMs - fromMs);
  return { sent: rate(startedAtMs, endedAtMs), received: rate(firstAtMs, lastAtMs) };
}
