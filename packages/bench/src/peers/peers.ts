import type { Watched } from './part';
import type { PeerName } from './peer-names';

/** One way to get a request answered by another process. */
export interface Peer {
  readonly name: PeerName;
  readonly title: string;
  /** How it is set up, in words: what a reader needs to judge whether that is fair. */
  readonly settings: string;
  /** The dialect, where it is ours. */
  readonly protocol?: string;
  /** How it is watched, where it is. */
  readonly watched?: Watched;
  /** The server program that it needs, where that is not ours: on the PATH, or where PostgreSQL's packages put it. */
  readonly program?: string;
}

const POSTGRES = 'a PostgreSQL of its own, configured as it comes (initdb): each commit is synced';

/** All peers. */
export const PEERS: Readonly<Record<PeerName, Peer>> = {
  'ours-packed': {
    name: 'ours-packed',
    title: 'ours, packed',
    settings:
      'one client socket, one worker session with a credit of 1,024; no retries; otherwise defaults; the broker may ' +
      'hold 512 MiB for one slow peer',
    protocol: 'packed',
  },
  'ours-secured': {
    name: 'ours-secured',
    title: 'ours, packed over CURVE',
    settings:
      'as packed, every connection encrypted by CURVE, client and worker with proven keys, each request held against a ' +
      'policy',
    protocol: 'packed',
  },
  'ours-0.2': {
    name: 'ours-0.2',
    title: 'ours, MDP/0.2',
    settings:
      '32 plain worker sessions in one process, up to 1,000 client sockets (one request each); no retries; broker as ' +
      'for packed',
    protocol: 'mdp/0.2',
  },
  'ours-0.1': {
    name: 'ours-0.1',
    title: 'ours, MDP/0.1',
    settings: 'as MDP/0.2',
    protocol: 'mdp/0.1',
  },
  nats: {
    name: 'nats',
    title: 'NATS',
    settings:
      'nats-server, one connection each for client and worker, nats.js request() over its muxed inbox (its default), ' +
      'worker by subscription callback; max_pending 512 MiB so that 1,000 × 64 KiB are no slow consumer',
    program: 'nats-server',
  },
  bullmq: {
    name: 'bullmq',
    title: 'BullMQ on Redis',
    settings:
      'redis-server without persistence; add() and waitUntilFinished(); worker concurrency = calls in flight; the last ' +
      '5,000 finished jobs are kept (waitUntilFinished needs them); bodies as text, since its data is JSON',
    program: 'redis-server',
  },
  http: {
    name: 'http',
    title: 'HTTP (fastify, undici)',
    settings:
      'no broker: client and server directly; undici Pool, keep-alive, a connection per call in flight (up to 1,000), ' +
      'pipelining 1; fastify without logger or schema',
  },
  grpc: {
    name: 'grpc',
    title: 'gRPC (@grpc/grpc-js)',
    settings:
      'no broker: client and server directly; unary calls, one channel, no TLS, body as one bytes field',
  },
  raw: {
    name: 'raw',
    title: 'raw zeromq.js relay',
    settings:
      'DEALER – ROUTER – DEALER, one socket each, the body and the routing ids and nothing else; no bound in ZeroMQ’s ' +
      'queues; one worker that answers in order, so that no message needs an id',
  },
  'raw-frames': {
    name: 'raw-frames',
    title: 'raw relay, frames of MDP/0.2',
    settings:
      'the raw relay with as many frames per message as MDP/0.2 has at each hop, 32 worker sockets in turn, a client ' +
      'socket per request in flight; nobody decodes, queues or watches anything',
  },
  'raw-one-each': {
    name: 'raw-one-each',
    title: 'that relay, one request per worker',
    settings:
      'the raw relay with as many frames as MDP/0.2 has, which gives a worker socket one request at a time, as MDP demands, ' +
      'and lets the others wait',
  },
  'ours-packed-metrics': {
    name: 'ours-packed-metrics',
    title: 'ours, packed, with metrics',
    settings:
      'as packed; the broker serves HTTP and is scraped once a second, client and worker count into a registry of prom-client',
    protocol: 'packed',
    watched: 'metrics',
  },
  'ours-packed-tracing': {
    name: 'ours-packed-tracing',
    title: 'ours, packed, with tracing',
    settings:
      'as packed; OpenTelemetry with a span for every call and every request, exported in batches to nowhere',
    protocol: 'packed',
    watched: 'tracing',
  },
  'titanic-sqlite': {
    name: 'titanic-sqlite',
    title: 'titanic on SQLite',
    settings:
      'broker and titanic in one process, packed; SQLite in a thread, write-ahead log, synchronous = FULL: what is ' +
      'confirmed is synced; otherwise defaults, 256 deliveries at one time',
  },
  'titanic-postgres': {
    name: 'titanic-postgres',
    title: 'titanic on PostgreSQL',
    settings: `broker and titanic in one process, packed; ${POSTGRES}; otherwise defaults, 256 deliveries at one time`,
    program: 'postgres',
  },
  'bullmq-always': {
    name: 'bullmq-always',
    title: 'BullMQ, appendfsync always',
    settings:
      'redis-server with appendonly yes and appendfsync always: what is confirmed is synced; add() and addBulk(), ' +
      'finished jobs removed, worker concurrency 256',
    program: 'redis-server',
  },
  'bullmq-default': {
    name: 'bullmq-default',
    title: 'BullMQ, Redis as it comes',
    settings:
      'redis-server without options: a snapshot now and then, so that what is confirmed may be lost; otherwise as above',
    program: 'redis-server',
  },
  'pg-boss': {
    name: 'pg-boss',
    title: 'pg-boss',
    settings:
      `${POSTGRES}; send() and insert(); four loops of fetch() and complete(), 64 jobs each, without a pause: work() ` +
      'would wait half a second between two batches; no result is kept per job',
    program: 'postgres',
  },
  'pg-boss-replies': {
    name: 'pg-boss-replies',
    title: 'pg-boss, replies kept',
    settings:
      'as pg-boss, but each job is completed with its reply, as titanic keeps one for each request: complete() takes one ' +
      'output for all jobs that it is given, so each is a call of its own, those of a loop at one time',
    program: 'postgres',
  },
};
