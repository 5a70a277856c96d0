import { MetricFamily, timeSamples, type MetricSample, type TimeHistogram } from '@majordomo/protocol';
import { OUTCOME, OUTCOMES, type ServiceMeter } from '../core/meters';
import type { Look } from './look';
import type { LoopWatch } from './loop-watch';
import type { Scrape, Standing } from './scrape';
import type { Subject } from './subject';
import { WORKER_STATES } from './worker-state';

type Labels = MetricSample['labels'];
type Values = Iterable<readonly [value: number, labels?: Labels]>;

/** How many seconds the longest delay of the loop is looked for in. */
const LAG_SECONDS = 15;

/**
 * Every metric of a broker (docs/METRICS.md). All are read from what the broker keeps anyway, when somebody looks:
 * one pass over services, workers and clients for all of them.
 */
export function brokerMetrics(subject: Subject, loop: LoopWatch, look: Look<Scrape>): MetricFamily[] {
  return [
    ...aboutRequests(look),
    ...aboutServices(look),
    ...aboutPeers(subject, look),
    ...aboutMessages(subject),
    ...aboutBroker(subject, loop),
  ];
}

const NO_LABELS: Labels = {};

function family(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  labelNames: readonly string[],
  values: () => Values,
): MetricFamily {
  return new MetricFamily({ type, name: `majordomo_${name}`, help, labelNames }, function* () {
    for (const [value, labels = NO_LABELS] of values()) yield { labels, value };
  });
}

/** A family of one value without labels. */
const single = (type: 'counter' | 'gauge', name: string, help: string, value: () => number): MetricFamily =>
  family(type, name, help, [], () => [[value()]]);

function aboutRequests(look: Look<Scrape>): MetricFamily[] {
  const times = (name: string, help: string, of: (meter: ServiceMeter) => TimeHistogram): MetricFamily => {
    const full = `majordomo_${name}`;
    return new MetricFamily({ type: 'histogram', name: full, help, labelNames: ['service'] }, function* () {
      for (const [service, meter] of look.seen.meters) yield* timeSamples(full, { service }, of(meter));
    });
  };
  return [
    family('counter', 'requests_total', 'Requests that ended.', ['service', 'outcome'], function* () {
      for (const [service, { outcomes }] of look.seen.meters)
        for (const outcome of OUTCOMES) yield [outcomes[OUTCOME[outcome]] ?? 0, { service, outcome }];
    }),
    times('request_queue_seconds', 'From arrival until first given to a worker.', ({ queued }) => queued),
    times(
      'request_worker_seconds',
      "From being given to a worker to the worker's last reply.",
      ({ atWorker }) => atWorker,
    ),
    times('request_duration_seconds', "From arrival to the worker's last reply.", ({ total }) => total),
    family(
      'counter',
      'redispatches_total',
      'Requests given to another worker because theirs was lost.',
      ['service'],
      function* () {
        for (const [service, { redispatched }] of look.seen.meters) yield [redispatched, { service }];
      },
    ),
  ];
}

function aboutServices(look: Look<Scrape>): MetricFamily[] {
  const standing = (name: string, help: string, of: (standing: Standing) => number): MetricFamily =>
    family('gauge', name, help, ['service'], function* () {
      for (const [service, now] of look.seen.standings) yield [of(now), { service }];
    });
  return [
    standing('queue_length', 'Requests that wait for a worker.', ({ queued }) => queued),
    standing('queue_bytes', 'Bytes that wait for a worker.', ({ queuedBytes }) => queuedBytes),
    standing(
      'queue_oldest_seconds',
      'How long the oldest waiting request has waited.',
      ({ oldestMs }) => oldestMs / 1_000,
    ),
    standing('in_flight', 'Requests that workers hold.', ({ inFlight }) => inFlight),
    standing('worker_credit', 'Requests that workers take at once, all together.', ({ credit }) => credit),
    family('gauge', 'workers', 'Registered workers.', ['service', 'state'], function* () {
      for (const [service, { workers }] of look.seen.standings)
        for (const state of WORKER_STATES) yield [workers[state], { service, state }];
    }),
  ];
}

function aboutPeers({ core, lost }: Subject, look: Look<Scrape>): MetricFamily[] {
  const { counters } = core;
  return [
    family('gauge', 'peers', 'Clients and workers.', ['role', 'dialect'], function* () {
      for (const { role, dialect, count } of look.seen.peers) yield [count, { role, dialect }];
    }),
    single('gauge', 'services', 'Services with workers or waiting requests.', () => core.services.size),
    single(
      'counter',
      'workers_registered_total',
      'Workers that registered.',
      () => counters.workersRegistered,
    ),
    family('counter', 'workers_lost_total', 'Sessions of workers that ended.', ['reason'], function* () {
      for (const [reason, count] of Object.entries(lost)) yield [count, { reason }];
    }),
    single(
      'counter',
      'clients_welcomed_total',
      'Sessions that packed clients began.',
      () => counters.clientsWelcomed,
    ),
  ];
}

function aboutMessages({ core, received, sent }: Subject): MetricFamily[] {
  const { counters, rejections } = core;
  const directions = function* (of: 'messages' | 'bytes'): Values {
    yield [received[of], { direction: 'in' }];
    yield [sent[of], { direction: 'out' }];
  };
  return [
    family('counter', 'messages_total', 'ZeroMQ messages.', ['direction'], () => directions('messages')),
    family('counter', 'bytes_total', 'Bytes of ZeroMQ messages, routing ids left out.', ['direction'], () =>
      directions('bytes'),
    ),
    single('counter', 'partials_total', 'PARTIALs of workers.', () => counters.partials),
    single(
      'counter',
      'management_requests_total',
      'Requests for mmi.* services.',
      () => counters.managementRequests,
    ),
    single(
      'counter',
      'replies_dropped_total',
      'Replies to requests that had ended.',
      () => counters.repliesDropped,
    ),
    single(
      'counter',
      'protocol_errors_total',
      'Valid commands out of place, each answered with DISCONNECT.',
      () => counters.protocolErrors,
    ),
    family('counter', 'denials_total', 'What the policy did not allow.', ['what'], function* () {
      yield [counters.unauthorized, { what: 'request' }];
      yield [counters.unauthorizedManagement, { what: 'management' }];
      yield [counters.limited, { what: 'limited_request' }];
      yield [counters.limitedManagement, { what: 'limited_management' }];
      yield [counters.unauthorizedClients, { what: 'client' }];
      yield [counters.unauthorizedWorkers, { what: 'worker' }];
      yield [counters.proofsRefused, { what: 'proof' }];
      yield [counters.connectionsRefused, { what: 'connection' }];
      yield [counters.handshakesMalformed, { what: 'handshake' }];
    }),
    family('counter', 'rejections_total', 'Messages that could not be read.', ['reason'], function* () {
      for (const [reason, count] of Object.entries(rejections)) yield [count, { reason }];
    }),
  ];
}

function aboutBroker(subject: Subject, loop: LoopWatch): MetricFamily[] {
  const { core, facts } = subject;
  return [
    family('gauge', 'build_info', 'Always 1.', ['version', 'node'], () => [
      [1, { version: facts.version, node: process.versions.node }],
    ]),
    single('gauge', 'uptime_seconds', 'Since the start.', () => (facts.now() - core.startedAt) / 1_000),
    single('gauge', 'draining', '1 while no new requests are taken, else 0.', () =>
      facts.state === 'draining' ? 1 : 0,
    ),
    single(
      'gauge',
      'pending_bytes',
      'Bytes of all requests, waiting or at workers.',
      () => core.pendingBytes,
    ),
    single(
      'gauge',
      'retained_bytes',
      'Bytes of packed messages that requests keep in memory.',
      () => core.retainedBytes,
    ),
    single(
      'gauge',
      'event_loop_lag_seconds',
      'The longest delay of the event loop in the last 15 s.',
      () => loop.longestMs(LAG_SECONDS) / 1_000,
    ),
    family('gauge', 'memory_bytes', 'Memory of the process.', ['kind'], function* () {
      const { rss, heapUsed, heapTotal, external, arrayBuffers } = facts.memory();
      yield [rss, { kind: 'rss' }];
      yield [heapUsed, { kind: 'heap_used' }];
      yield [heapTotal, { kind: 'heap_total' }];
      yield [external, { kind: 'external' }];
      yield [arrayBuffers, { kind: 'array_buffers' }];
    }),
    family('counter', 'cpu_seconds_total', 'CPU time of the process.', ['mode'], function* () {
      const { user, system } = process.cpuUsage();
      yield [user / 1e6, { mode: 'user' }];
      yield [system / 1e6, { mode: 'system' }];
    }),
  ];
}
