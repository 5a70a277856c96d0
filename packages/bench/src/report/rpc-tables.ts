import { bytes, latency, range, times, trimmed } from '../format';
import { OURS, type PeerName } from '../peers/peer-names';
import { PEERS } from '../peers/peers';
import type { RpcCell, RpcReport, RpcResult } from '../scenarios/rpc-report';
import type { Spread } from '../stats';
import { textTable, type Column } from '../table';
import { showSkipped, showTargets } from './common-tables';

/** One peer in one cell. */
interface Row {
  readonly cell: RpcCell;
  readonly peer: PeerName;
  readonly result: RpcResult;
  /** Of ours packed over this peer. */
  readonly ratio: Spread | undefined;
}

/** The columns of the comparison; also those of the documents. */
export const RPC_COLUMNS: readonly Column<Row>[] = [
  { title: 'in flight', align: 'right', show: ({ cell }) => trimmed(cell.inFlight) },
  { title: 'body', align: 'right', show: ({ cell }) => bytes(cell.bytes) },
  { title: 'peer', show: ({ peer }) => PEERS[peer].title },
  { title: 'calls/s', align: 'right', show: ({ result }) => trimmed(result.perSecond.median) },
  { title: 'min–max', align: 'right', show: ({ result }) => range(result.perSecond) },
  { title: 'p50', align: 'right', show: ({ result }) => latency(result.p50Us.median) },
  { title: 'p99', align: 'right', show: ({ result }) => latency(result.p99Us.median) },
  { title: 'p99.9', align: 'right', show: ({ result }) => latency(result.p999Us.median) },
  { title: 'broker CPU', align: 'right', show: ({ result }) => latency(result.brokerUs?.median ?? NaN) },
  { title: 'packed is', align: 'right', show: ({ ratio }) => times(ratio?.median ?? NaN) },
];

/** A row per cell and peer. */
export function rpcRows({ cells, ratioSpreads }: RpcReport): Row[] {
  return cells.flatMap((cell) =>
    (Object.entries(cell.peers) as [PeerName, RpcResult][]).map(([peer, result]) => ({
      cell,
      peer,
      result,
      ratio: peer === OURS ? undefined : ratioSpreads[cell.cell]?.[peer],
    })),
  );
}

/** The report for people. */
export function showRpc(report: RpcReport): string {
  return [textTable(RPC_COLUMNS, rpcRows(report)), showTargets(report.targets), showSkipped(report.skipped)]
    .filter(Boolean)
    .join('\n\n');
}
