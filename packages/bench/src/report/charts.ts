import type { TopLevelSpec } from 'vega-lite';
import { bytes } from '../format';
import type { PeerName } from '../peers/peer-names';
import { PEERS } from '../peers/peers';
import type { RpcReport, RpcResult } from '../scenarios/rpc-report';
import { AXES, type Axis } from '../scenarios/axes';
import { MEASURES, MEASURE_TITLES } from '../scenarios/durable';
import { barChart, lineChart } from './chart-kinds';
import type { Results } from './results';
import { soakLines } from './tables';

/** A chart: its file, and what it shows. */
export interface Chart {
  /** Of the file, without `.svg`. */
  readonly name: string;
  readonly title: string;
  readonly spec: TopLevelSpec;
}

const AXIS_TITLES: Readonly<Record<Axis, string>> = {
  registered: 'services registered, requests to one of them',
  services: 'services, requests to all of them',
  workers: 'workers of one service',
  clients: 'client sockets',
};

const titleOf = (peer: PeerName): string => PEERS[peer].title;

/** The charts of a run, one or more per scenario, in the order of the document. */
export function charts(results: Results): Chart[] {
  const { latency, open, stream, oneway, growth, soak, durable, waiting, codec } = results;
  const drawn = (name: string, title: string, spec: TopLevelSpec): Chart => ({ name, title, spec });
  return [
    ...rpcCharts(results.rpc),
    drawn(
      'latency',
      'One in flight: median latency',
      barChart({
        x: 'median latency (µs)',
        y: 'peer',
        data: latency.rows.map(({ peer, transport, p50 }) => ({
          y: `${titleOf(peer)}, ${transport}`,
          x: p50.median,
          colour: titleOf(peer),
        })),
      }),
    ),
    drawn(
      'open',
      'Open loop: 99th percentile over the rate of arrivals',
      lineChart({
        x: 'arrivals per second',
        y: 'p99 (ms)',
        data: open.rows.map(({ peer, perSecond, p99 }) => ({
          x: perSecond,
          y: p99.median / 1_000,
          colour: titleOf(peer),
        })),
      }),
    ),
    drawn(
      'stream',
      'Streams: PARTIALs per second over streams at once',
      lineChart({
        x: 'streams at once',
        y: 'PARTIALs per second',
        data: stream.rows.map(({ peer, streams, perSecond }) => ({
          x: streams,
          y: perSecond.median,
          colour: titleOf(peer),
        })),
      }),
    ),
    drawn(
      'oneway',
      `One way, ${bytes(oneway.bytes)}: messages per second at either end`,
      barChart({
        x: 'messages per second',
        y: 'peer',
        data: oneway.rows.flatMap(({ peer, sentPerSecond, receivedPerSecond }) => [
          { y: `${titleOf(peer)}, sent`, x: sentPerSecond.median, colour: titleOf(peer) },
          { y: `${titleOf(peer)}, received`, x: receivedPerSecond.median, colour: titleOf(peer) },
        ]),
      }),
    ),
    ...AXES.map((axis) =>
      drawn(
        `growth-${axis}`,
        `Growth: broker CPU per request over ${AXIS_TITLES[axis]}`,
        lineChart({
          x: AXIS_TITLES[axis],
          y: 'broker CPU per request (µs)',
          data: growth.rows
            .filter((row) => row.axis === axis)
            .map(({ peer, count, costUs }) => ({ x: count, y: costUs.median, colour: titleOf(peer) })),
        }),
      ),
    ),
    drawn(
      'soak',
      'Soak: broker memory over requests',
      lineChart({
        x: 'requests',
        y: 'resident memory (MiB)',
        linear: true,
        data: soakLines(soak).map(({ peer, requests, rssBytes }) => ({
          x: requests,
          y: rssBytes / 1_024 / 1_024,
          colour: titleOf(peer),
        })),
      }),
    ),
    ...MEASURES.map((measure) =>
      drawn(
        `durable-${measure}`,
        `Durable work: ${MEASURE_TITLES[measure]}`,
        barChart({
          x: MEASURE_TITLES[measure],
          y: 'peer',
          data: durable.rows.map((row) => ({
            y: titleOf(row.peer),
            x: row[measure].median,
            colour: titleOf(row.peer),
          })),
        }),
      ),
    ),
    drawn(
      'waiting',
      'Rows that wait: CPU per request over their number',
      lineChart({
        x: 'rows that wait',
        y: 'CPU per request (µs)',
        data: waiting.rows.map(({ peer, count, costUs }) => ({
          x: count,
          y: costUs.median,
          colour: titleOf(peer),
        })),
      }),
    ),
    drawn(
      'codec',
      'The codec alone: records per second',
      barChart({
        x: 'records per second',
        y: 'record',
        data: codec.rows.map(({ name, bytes: size, perSecond }) => ({
          y: `${name}, ${bytes(size)}`,
          x: perSecond.median,
          colour: bytes(size),
        })),
      }),
    ),
  ];
}

/** A chart per size of body: calls per second over calls in flight. */
function rpcCharts({ cells }: RpcReport): Chart[] {
  const sizes = [...new Set(cells.map((cell) => cell.bytes))];
  return sizes.map((size) => ({
    name: `rpc-${size}`,
    title: `Request and reply, ${bytes(size)}: calls per second over calls in flight`,
    spec: lineChart({
      x: 'calls in flight',
      y: 'calls per second',
      data: cells
        .filter((cell) => cell.bytes === size)
        .flatMap(({ inFlight, peers }) =>
          (Object.entries(peers) as [PeerName, RpcResult][]).map(([peer, { perSecond }]) => ({
            x: inFlight,
            y: perSecond.median,
            colour: titleOf(peer),
          })),
        ),
    }),
  }));
}
