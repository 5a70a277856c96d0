import type { Environment } from '../environment';
import type { Flag } from '../flags';
import type { RunOptions } from '../scenarios/options';

/** A command's own module, loaded when it is run and not before. */
export interface CommandModule<Report extends object> {
  readonly run: (options: RunOptions, environment: Environment) => Promise<Report>;
  /** The report for people. */
  readonly show: (report: Report) => string;
}

/** What the command line knows of a command before it is run. */
export interface CommandDefinition<Report extends object = object> {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  readonly load: () => Promise<CommandModule<Report>>;
}

/** Checks that a command shows what it makes. */
function define<Report extends object>(definition: CommandDefinition<Report>): CommandDefinition {
  return definition as unknown as CommandDefinition;
}

const COMMON = ['quick', 'json', 'peers', 'rounds', 'seconds'] as const;

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [
  define({
    name: 'rpc',
    summary: 'request and reply in a closed loop, over calls in flight and sizes',
    flags: [...COMMON, 'inFlight', 'sizes'],
    load: () => import('./rpc'),
  }),
  define({
    name: 'latency',
    summary: 'one call in flight over tcp, ipc and inproc, in percentiles',
    flags: [...COMMON, 'sizes'],
    load: () => import('./latency'),
  }),
  define({
    name: 'open',
    summary: 'arrivals at fixed rates, latency from when each was due',
    flags: [...COMMON, 'sizes'],
    load: () => import('./open'),
  }),
  define({
    name: 'stream',
    summary: 'one request and many replies, several streams (--in-flight) at once',
    flags: [...COMMON, 'inFlight', 'sizes'],
    load: () => import('./stream'),
  }),
  define({
    name: 'oneway',
    summary: 'messages one way, both ends timed apart',
    flags: ['quick', 'json', 'peers', 'rounds', 'sizes', 'requests'],
    load: () => import('./oneway'),
  }),
  define({
    name: 'growth',
    summary: 'cost per request and memory, over services, workers and clients',
    flags: [...COMMON, 'inFlight', 'sizes', 'max'],
    load: () => import('./growth'),
  }),
  define({
    name: 'soak',
    summary: 'broker memory over many requests',
    flags: ['quick', 'json', 'peers', 'inFlight', 'sizes', 'requests', 'checkpoint'],
    load: () => import('./soak'),
  }),
  define({
    name: 'durable',
    summary: 'durable work: submissions one by one and in batches, and completions end to end',
    flags: [...COMMON, 'inFlight', 'sizes', 'requests'],
    load: () => import('./durable'),
  }),
  define({
    name: 'waiting',
    summary: 'cost per durable request, over rows that wait in the store (a million; more by --max)',
    flags: ['quick', 'json', 'peers', 'rounds', 'sizes', 'requests', 'max'],
    load: () => import('./waiting'),
  }),
  define({
    name: 'codec',
    summary: 'the codec alone: records per second, bytes allocated',
    flags: ['quick', 'json', 'rounds', 'seconds', 'sizes'],
    load: () => import('./codec'),
  }),
  define({
    name: 'report',
    summary: 'run everything and write docs/BENCHMARKS.md with its charts',
    flags: ['quick', 'json', 'rounds', 'seconds', 'max', 'requests', 'checkpoint', 'from', 'out'],
    load: () => import('./report'),
  }),
];
