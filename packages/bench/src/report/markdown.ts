import { bytes, trimmed } from '../format';
import { PEERS } from '../peers/peers';
import type { Skipped } from '../scenarios/choose';
import type { Timing } from '../scenarios/timing';
import { markdownTable, type Column } from '../table';
import type { Chart } from './charts';
import { TARGET_COLUMNS } from './common-tables';
import type { Results } from './results';
import { RPC_COLUMNS, rpcRows } from './rpc-tables';
import {
  CODEC_COLUMNS,
  DURABLE_COLUMNS,
  GROWTH_COLUMNS,
  LATENCY_COLUMNS,
  ONE_WAY_COLUMNS,
  OPEN_COLUMNS,
  SOAK_COLUMNS,
  soakLines,
  STREAM_COLUMNS,
  WAITING_COLUMNS,
} from './tables';

/** A chapter: what was done, its charts, its figures, who took no part. */
interface Chapter {
  readonly title: string;
  readonly command: string;
  readonly about: string;
  /** How the names of its charts begin. */
  readonly charts: string;
  readonly table: string;
  readonly skipped?: readonly Skipped[];
}

/**
 * The document.
 * @param folder - where the charts are, as seen from it
 */
export function markdown(results: Results, charts: readonly Chart[], folder: string): string {
  return `${[
    ...head(results),
    ...verdicts(results),
    ...chapters(results).flatMap((chapter) => write(chapter, charts, folder)),
    ...setup(),
  ].join('\n\n')}\n`;
}

function head({ environment, quick }: Results): string[] {
  const { at, command, cpu, cores, memoryBytes, system, versions } = environment;
  return [
    '<!-- prettier-ignore-start -->',
    `<!-- Written by \`${command}\`. Do not edit: run it again. -->`,
    '# Benchmarks',
    'The same work through this bus and through its alternatives, in one run: the peers take turns within every round, ' +
      'in another order each time, so that what disturbs the machine disturbs all of them. Figures are medians over ' +
      'the rounds, with the least and the greatest round beside them; ratios are medians of the ratios within each ' +
      'round. Client, broker and worker are processes of their own, on one machine.',
    quick
      ? '**This was a quick run:** few peers, short measurements. It shows the shape, not the figures.'
      : '',
    '## The machine',
    `\`${command}\`, ${at.slice(0, 10)}, on ${cores} cores of ${cpu}, ${bytes(memoryBytes)}, ${system}.`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(' · '),
    'Run it yourself: `npm ci`, then `npm run bench -- report`; `npm run bench -- rpc --quick` takes a minute. What was tried, and what it gave: [PERFORMANCE.md](PERFORMANCE.md).',
  ].filter(Boolean);
}

function verdicts({ rpc, growth, soak, durable, waiting }: Results): string[] {
  const targets = [
    ...rpc.targets,
    ...growth.targets,
    ...soak.targets,
    ...durable.targets,
    ...waiting.targets,
  ];
  return ['## Targets', markdownTable(TARGET_COLUMNS, targets)];
}

function chapters({
  rpc,
  latency,
  open,
  stream,
  oneway,
  growth,
  soak,
  durable,
  waiting,
  codec,
}: Results): Chapter[] {
  return [
    {
      title: 'Request and reply',
      command: 'rpc',
      about:
        `A closed loop: as many calls in flight as there are loops, each of which sends its next call when the one ` +
        `before is answered; the worker echoes. ${timed(rpc.timing)} “Packed is” says how many times as many calls ` +
        `per second ours, packed, answers.`,
      charts: 'rpc-',
      table: markdownTable(RPC_COLUMNS, rpcRows(rpc)),
      skipped: rpc.skipped,
    },
    {
      title: 'Latency of one call',
      command: 'latency',
      about:
        `One call in flight, ${bytes(latency.bytes)}. Over inproc, which is for threads of one process, client, ` +
        `broker and worker share one event loop. ${timed(latency.timing)}`,
      charts: 'latency',
      table: markdownTable(LATENCY_COLUMNS, latency.rows),
      skipped: latency.skipped,
    },
    {
      title: 'Open loop',
      command: 'open',
      about:
        `Calls of ${bytes(open.bytes)} are due at a fixed rate, whatever the answers do, and latency runs from the ` +
        `moment when a call was due: a stall shows in all the calls that were due during it (no coordinated ` +
        `omission), and the lateness of the generator is in the figures. Calls leave on a grid of 1 ms. Capacity is ` +
        `the rate of a closed loop with 256 in flight. ${timed(open.timing)}`,
      charts: 'open',
      table: markdownTable(OPEN_COLUMNS, open.rows),
      skipped: open.skipped,
    },
    {
      title: 'Streams',
      command: 'stream',
      about:
        `One request and ${trimmed(stream.partials)} PARTIALs of ${bytes(stream.bytes)} each. NATS: messages to the ` +
        `inbox of the request, published without flow control, which NATS has none of here. HTTP: lines of JSON, ` +
        `chunked. gRPC: a server stream. Ours pushes back on the worker where its socket is full. ${timed(stream.timing)}`,
      charts: 'stream',
      table: markdownTable(STREAM_COLUMNS, stream.rows),
      skipped: stream.skipped,
    },
    {
      title: 'One way',
      command: 'oneway',
      about:
        `Messages of ${bytes(oneway.bytes)} one way, as fast as the sender may, both ends timed apart. Ours are ` +
        `requests whose replies nobody waits for one by one, 1,000 without reply at the most – every message is ` +
        `confirmed. NATS publishes, with a round trip every 10,000; BullMQ adds jobs, 1,000 under way to Redis, one ` +
        `message in twenty of the others’, MDP/0.1 and MDP/0.2 one in five; raw is PUSH – PULL/PUSH – PULL. ` +
        `${trimmed(oneway.rounds)} rounds.`,
      charts: 'oneway',
      table: markdownTable(ONE_WAY_COLUMNS, oneway.rows),
      skipped: oneway.skipped,
    },
    {
      title: 'Growth',
      command: 'growth',
      about:
        `${trimmed(growth.inFlight)} calls of ${bytes(growth.bytes)} in flight. Registered: as many services as workers, and all requests go to one of them; services: the same, ` +
        `and requests go to all of them, so that fewer and fewer travel together; workers: of one service; clients: ` +
        `one socket each, 32 workers. All are connections of our own packages, 2,500 workers to a process. The cost is the CPU time of ` +
        `the broker’s process per request, without what it takes when idle (heartbeats to and from so many peers; of one core); the yardstick stays up and is measured in turn with every point. Memory ` +
        `is resident memory after a garbage collection. ${timed(growth.timing)}`,
      charts: 'growth-',
      table: markdownTable(GROWTH_COLUMNS, growth.rows),
      skipped: growth.skipped,
    },
    {
      title: 'Soak',
      command: 'soak',
      about: `${trimmed(soak.inFlight)} calls of ${bytes(soak.bytes)} in flight, and the broker’s memory after a garbage collection.`,
      charts: 'soak',
      table: markdownTable(SOAK_COLUMNS, soakLines(soak)),
      skipped: soak.skipped,
    },
    {
      title: 'Durable work',
      command: 'durable',
      about:
        `Requests of ${bytes(durable.bytes)} that are kept until they are done. Submitted one by one, ` +
        `${trimmed(durable.inFlight)} without answer at one time, and in batches of ${trimmed(durable.batch)}, ` +
        `${trimmed(durable.batches)} at one time; a request counts once it is confirmed, and nobody does it meanwhile (ours are ` +
        `due in a day, the others’ are in a queue that nobody works on). ${timed(durable.timing)} End to end: ` +
        `${trimmed(durable.requests)} requests are submitted in batches while a worker echoes, from the first ` +
        `submission until the last outcome is confirmed. Servers, those who submit and those who do the work are ` +
        `processes of their own; each peer has its own server, and files on the same disk.`,
      charts: 'durable-',
      table: markdownTable(DURABLE_COLUMNS, durable.rows),
      skipped: durable.skipped,
    },
    {
      title: 'Rows that wait',
      command: 'waiting',
      about:
        `${trimmed(waiting.requests)} requests of ${bytes(waiting.bytes)} submitted in batches, delivered and done, while so many ` +
        `others of the same service wait for times from tomorrow on. The cost is the CPU time of broker, titanic and database per ` +
        `request; the yardstick, with the fewest rows, stays up and is measured in turn with every point. ` +
        `${trimmed(waiting.rounds)} rounds. Ten million rows: \`--max 10000000\`.`,
      charts: 'waiting',
      table: markdownTable(WAITING_COLUMNS, waiting.rows),
      skipped: waiting.skipped,
    },
    {
      title: 'The codec alone',
      command: 'codec',
      about:
        `A record written into frames and read by the broker’s decoder, in one process, without a socket. Allocated ` +
        `is what one record takes of heap and array buffers. ${timed(codec.timing)}`,
      charts: 'codec',
      table: markdownTable(CODEC_COLUMNS, codec.rows),
    },
  ];
}

function timed({ rounds, measureMs, warmupMs }: Timing): string {
  return `${trimmed(rounds)} rounds of ${trimmed(measureMs / 1_000)} s, each after ${trimmed(warmupMs / 1_000)} s of warm-up.`;
}

function write(chapter: Chapter, charts: readonly Chart[], folder: string): string[] {
  const { title, command, about, table, skipped = [] } = chapter;
  const images = charts.filter(({ name }) => name.startsWith(chapter.charts));
  return [
    `## ${title}`,
    `\`npm run bench -- ${command}\``,
    about,
    ...images.map((image) => `![${image.title}](${folder}/${image.name}.svg)`),
    table,
    ...skipped.map(({ peer, reason }) => `Skipped: ${PEERS[peer].title} – ${reason}.`),
  ];
}

/** One peer and how it is set up. */
const SETUP_COLUMNS: readonly Column<(typeof PEERS)[keyof typeof PEERS]>[] = [
  { title: 'peer', show: ({ title }) => title },
  { title: 'name', show: ({ name }) => `\`${name}\`` },
  { title: 'settings', show: ({ settings }) => settings },
];

function setup(): string[] {
  return [
    '## How each peer is set up',
    markdownTable(SETUP_COLUMNS, Object.values(PEERS)),
    'Bodies are bytes, of text for BullMQ. The load generator is the same for all: so many loops around one function ' +
      'that calls and waits. Below 50 in flight every call is timed, from there on one in 17: reading the clock and ' +
      'recording would be a tenth of a call at 500,000 a second. Latencies go into an HDR histogram, three digits ' +
      'exact. A call that fails fails the run, and before each measurement one reply is held against its request.',
    '<!-- prettier-ignore-end -->',
  ];
}
