import { bytes, latency, range, times, trimmed } from '../format';
import { PEERS } from '../peers/peers';
import type { CodecRow } from '../scenarios/codec';
import type { DurableRow } from '../scenarios/durable';
import type { GrowthRow } from '../scenarios/growth';
import type { LatencyRow } from '../scenarios/latency';
import type { OneWayRow } from '../scenarios/oneway';
import type { OpenRow } from '../scenarios/open';
import type { SoakReport } from '../scenarios/soak';
import type { StreamRow } from '../scenarios/stream';
import type { WaitingRow } from '../scenarios/waiting';
import type { Column } from '../table';

/* The columns of each scenario: the same on the terminal and in the documents. */

const peerColumn: Column<{ readonly peer: keyof typeof PEERS }> = {
  title: 'peer',
  show: ({ peer }) => PEERS[peer].title,
};

export const LATENCY_COLUMNS: readonly Column<LatencyRow>[] = [
  peerColumn,
  { title: 'over', show: ({ transport }) => transport },
  { title: 'p50', align: 'right', show: ({ p50 }) => latency(p50.median) },
  { title: 'p50, rounds (µs)', align: 'right', show: ({ p50 }) => range(p50) },
  { title: 'p90', align: 'right', show: ({ p90 }) => latency(p90.median) },
  { title: 'p99', align: 'right', show: ({ p99 }) => latency(p99.median) },
  { title: 'p99.9', align: 'right', show: ({ p999 }) => latency(p999.median) },
  { title: 'max', align: 'right', show: ({ max }) => latency(max.max) },
];

export const OPEN_COLUMNS: readonly Column<OpenRow>[] = [
  peerColumn,
  { title: 'arrivals/s', align: 'right', show: ({ perSecond }) => trimmed(perSecond) },
  {
    title: 'of its capacity',
    align: 'right',
    show: ({ fraction }) => (fraction === undefined ? '' : `${trimmed(fraction * 100)} %`),
  },
  { title: 'p50', align: 'right', show: ({ p50 }) => latency(p50.median) },
  { title: 'p99', align: 'right', show: ({ p99 }) => latency(p99.median) },
  { title: 'p99.9', align: 'right', show: ({ p999 }) => latency(p999.median) },
  { title: 'max', align: 'right', show: ({ max }) => latency(max.max) },
  { title: 'overrun', align: 'right', show: ({ overruns }) => (overruns > 0 ? `${overruns} rounds` : '') },
];

export const STREAM_COLUMNS: readonly Column<StreamRow>[] = [
  peerColumn,
  { title: 'streams', align: 'right', show: ({ streams }) => trimmed(streams) },
  { title: 'PARTIALs/s', align: 'right', show: ({ perSecond }) => trimmed(perSecond.median) },
  { title: 'min–max', align: 'right', show: ({ perSecond }) => range(perSecond) },
];

export const ONE_WAY_COLUMNS: readonly Column<OneWayRow>[] = [
  peerColumn,
  { title: 'messages', align: 'right', show: ({ messages }) => trimmed(messages) },
  { title: 'sent/s', align: 'right', show: ({ sentPerSecond }) => trimmed(sentPerSecond.median) },
  { title: 'min–max', align: 'right', show: ({ sentPerSecond }) => range(sentPerSecond) },
  { title: 'received/s', align: 'right', show: ({ receivedPerSecond }) => trimmed(receivedPerSecond.median) },
  { title: 'min–max', align: 'right', show: ({ receivedPerSecond }) => range(receivedPerSecond) },
];

export const GROWTH_COLUMNS: readonly Column<GrowthRow>[] = [
  peerColumn,
  { title: 'of', show: ({ axis }) => axis },
  { title: 'count', align: 'right', show: ({ count }) => trimmed(count) },
  { title: 'broker CPU a request', align: 'right', show: ({ costUs }) => latency(costUs.median) },
  { title: 'over one', align: 'right', show: ({ costRatio }) => times(costRatio.median) },
  { title: 'idle CPU', align: 'right', show: ({ idlePercent }) => `${trimmed(idlePercent)} %` },
  { title: 'rounds', align: 'right', show: ({ costRatio }) => range(costRatio) },
  { title: 'requests/s', align: 'right', show: ({ perSecond }) => trimmed(perSecond.median) },
  { title: 'broker memory', align: 'right', show: ({ rssBytes }) => bytes(rssBytes) },
];

export const DURABLE_COLUMNS: readonly Column<DurableRow>[] = [
  peerColumn,
  { title: 'submitted/s, one by one', align: 'right', show: ({ single }) => trimmed(single.median) },
  { title: 'min–max', align: 'right', show: ({ single }) => range(single) },
  { title: 'in batches', align: 'right', show: ({ bulk }) => trimmed(bulk.median) },
  { title: 'min–max', align: 'right', show: ({ bulk }) => range(bulk) },
  { title: 'done/s', align: 'right', show: ({ done }) => trimmed(done.median) },
  { title: 'min–max', align: 'right', show: ({ done }) => range(done) },
];

export const WAITING_COLUMNS: readonly Column<WaitingRow>[] = [
  peerColumn,
  { title: 'rows that wait', align: 'right', show: ({ count }) => trimmed(count) },
  { title: 'CPU a request', align: 'right', show: ({ costUs }) => latency(costUs.median) },
  { title: 'over the fewest', align: 'right', show: ({ costRatio }) => times(costRatio.median) },
  { title: 'rounds', align: 'right', show: ({ costRatio }) => range(costRatio) },
  { title: 'done/s', align: 'right', show: ({ perSecond }) => trimmed(perSecond.median) },
  { title: 'memory', align: 'right', show: ({ rssBytes }) => bytes(rssBytes) },
];

export const CODEC_COLUMNS: readonly Column<CodecRow>[] = [
  { title: 'record', show: ({ name }) => name },
  { title: 'body', align: 'right', show: ({ bytes: size }) => bytes(size) },
  { title: 'records/s', align: 'right', show: ({ perSecond }) => trimmed(perSecond.median) },
  { title: 'min–max', align: 'right', show: ({ perSecond }) => range(perSecond) },
  { title: 'allocated', align: 'right', show: ({ bytesAllocated }) => bytes(bytesAllocated.median) },
];

/** One sample of one peer. */
type SoakLine = SoakReport['rows'][number]['samples'][number] & Pick<SoakReport['rows'][number], 'peer'>;

export const SOAK_COLUMNS: readonly Column<SoakLine>[] = [
  peerColumn,
  { title: 'requests', align: 'right', show: ({ requests }) => trimmed(requests) },
  { title: 'broker memory', align: 'right', show: ({ rssBytes }) => bytes(rssBytes) },
  { title: 'requests/s', align: 'right', show: ({ perSecond }) => trimmed(perSecond) },
];

/** A line per sample. */
export function soakLines({ rows }: SoakReport): SoakLine[] {
  return rows.flatMap(({ peer, samples }) => samples.map((sample) => ({ peer, ...sample })));
}
