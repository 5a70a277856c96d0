import { atLeast, number, type Check } from '../report';
import type { Misbehaviour, Seen } from './amid';

const MIB = 1_024 * 1_024;

/** Quick brokers, so that rules of seconds show in a run of seconds. */
const QUICK = { heartbeatMs: 500, liveness: 4, stallMs: 2_000, serviceExpiryMs: 1_000 };
/** What one peer that does not read may have held for it. */
const BACKLOG = { backlogBytesMax: 16 * MIB, backlogTotalBytesMax: 64 * MIB };
const HELD_BY_ZEROMQ = 16 * MIB;
/** What an allocator and a garbage collector keep of what has been let go. */
const SLACK = 96 * MIB;

function cutOff({ broker, startedAt }: Seen, what: string): Check {
  const { stalled, firstStalledAt } = broker;
  const when = firstStalledAt === undefined ? '' : `, after ${number(firstStalledAt - startedAt)} ms`;
  return { what, holds: stalled > 0, seen: `${number(stalled)} times${when}`, bound: 'at least once' };
}

function disconnected({ offenders, startedAt }: Seen, what: string): Check {
  const [first] = offenders;
  const when =
    first?.firstClosedAt === undefined
      ? 'not'
      : `after ${number(Math.round(first.firstClosedAt - startedAt))} ms`;
  return { what, holds: (first?.closed ?? 0) > 0, seen: when, bound: 'closed' };
}

const sent = ({ offenders, seconds }: Seen) => {
  const count = offenders.reduce((sum, each) => sum + each.sent, 0);
  return { what: 'sent', seen: `${number(count)}, ${number(Math.round(count / seconds))} a second` };
};

/** Everything that somebody does to a broker while others use it, but for overload itself. */
export const MISBEHAVIOURS: readonly Misbehaviour[] = [
  {
    name: 'deaf-client',
    summary: 'a packed client asks for replies of 1 MiB for two seconds, heartbeats, and reads nothing',
    rule: 'backlogBytesMax ends its session, stallMs closes its connection',
    options: { ...QUICK, ...BACKLOG, queueMax: 64 },
    offenders: [{ kind: 'deaf-client', count: 4 }],
    answersBytes: MIB,
    secondsMin: 6,
    memory: {
      bytes: HELD_BY_ZEROMQ + BACKLOG.backlogBytesMax + SLACK,
      of: '16 with ZeroMQ, 16 of backlog, 96 of garbage',
    },
    checks: (seen) => [cutOff(seen, 'cut off'), disconnected(seen, 'its connection')],
    figures: (seen) => [sent(seen)],
  },
  {
    name: 'deaf-plain-client',
    summary: 'an MDP/0.2 client does the same',
    rule: 'backlogBytesMax forgets what it asked for, stallMs closes its connection',
    options: { ...QUICK, ...BACKLOG, queueMax: 64 },
    offenders: [{ kind: 'deaf-plain-client', count: 4 }],
    answersBytes: MIB,
    secondsMin: 6,
    memory: {
      bytes: 100 * MIB + BACKLOG.backlogBytesMax + SLACK,
      of: '100 messages with ZeroMQ, 16 of backlog, 96 of garbage',
    },
    checks: (seen) => [cutOff(seen, 'cut off'), disconnected(seen, 'its connection')],
    figures: (seen) => [sent(seen)],
  },
  {
    name: 'deaf-worker',
    summary: 'a packed worker asks for 1,000 requests of 256 KiB at once, heartbeats, and reads nothing',
    rule: 'backlogBytesMax ends its session, stallMs closes its connection; its requests go to others',
    options: { ...QUICK, ...BACKLOG, queueMax: 200, pendingBytesMax: 128 * MIB },
    offenders: [{ kind: 'deaf-worker', count: 1_000 }],
    asksBytes: 256 * 1_024,
    secondsMin: 6,
    memory: {
      bytes: 128 * MIB + HELD_BY_ZEROMQ + BACKLOG.backlogBytesMax + SLACK,
      of: '128 of requests, 16 with ZeroMQ, 16 of backlog, 96 of garbage',
    },
    checks: (seen) => [cutOff(seen, 'cut off'), disconnected(seen, 'its connection')],
    figures: ({ broker }) => [
      { what: 'given to it', seen: number(broker.counters['dispatched'] ?? 0) },
      { what: 'failures told', seen: number(broker.failures['QUEUE_FULL'] ?? 0) },
    ],
  },
  {
    name: 'one-byte-messages',
    summary: 'two peers send messages of one byte as fast as the broker takes them',
    rule: 'each is dropped and counted; ZeroMQ takes one message of each peer in turn, and TCP holds the sender back',
    options: QUICK,
    offenders: [{ kind: 'one-byte-messages', count: 2 }],
    memory: { bytes: SLACK, of: '96 of garbage' },
    checks: ({ broker }) => [
      atLeast('messages dropped and counted', broker.rejections['unknown_header'] ?? 0, 1_000),
    ],
    figures: (seen) => [
      sent(seen),
      { what: 'dropped', seen: number(seen.broker.rejections['unknown_header'] ?? 0) },
    ],
  },
  {
    name: 'silent',
    summary: '10,000 connections that say nothing, 9,000 of them after a handshake',
    rule: 'a connection without handshake is closed after 10 s; with one it costs memory and a descriptor, of which ulimit -n is the bound',
    options: QUICK,
    offenders: [
      { kind: 'silent', count: 9_000 },
      { kind: 'silent-tcp', count: 1_000 },
    ],
    memory: { bytes: 10_000 * 64 * 1_024 + SLACK, of: '64 KiB a connection, 96 of garbage' },
    checks: ({ broker }) => [
      {
        what: 'clients and workers made of them',
        holds: broker.clients <= 2 && broker.workers <= 2,
        seen: `${broker.clients} clients, ${broker.workers} workers`,
        bound: 'none',
      },
    ],
    figures: ({ offenders, broker, before }) => {
      const open = offenders.reduce((sum, each) => sum + each.open, 0);
      const each = open === 0 ? 0 : (broker.rssBytes - before.rssBytes) / open / 1_024;
      return [
        { what: 'connections', seen: number(open) },
        { what: 'memory for each', seen: `${number(each)} KiB` },
      ];
    },
  },
  {
    name: 'workers',
    summary: '5,000 plain workers for 500 services register at once, where 4,000 may',
    rule: 'workersMax: those beyond it are sent DISCONNECT; silence ends the others after heartbeatMs × liveness',
    options: { ...QUICK, workersMax: 4_000 },
    offenders: [{ kind: 'workers', count: 5_000 }],
    secondsMin: 4,
    memory: { bytes: 5_000 * 64 * 1_024 + SLACK, of: '64 KiB a worker, 96 of garbage' },
    checks: ({ broker, offenders }) => [
      atLeast(
        'workers that registered',
        broker.counters['workersRegistered'] ?? 0,
        Math.min(4_000, offenders[0]?.sent ?? 0),
      ),
      { ...atLeast('workers given up for silence', broker.counters['workersLost'] ?? 0, 3_000) },
    ],
    figures: ({ broker, offenders }) => [
      { what: 'registered', seen: number(broker.counters['workersRegistered'] ?? 0) },
      { what: 'sent away', seen: number(offenders[0]?.refused ?? 0) },
    ],
  },
  {
    name: 'services',
    summary: '20,000 services asked for that nobody serves, and as many that a worker serves for a moment',
    rule: 'servicesMax, queueMax, serviceExpiryMs: requests expire, and a service without requests and workers is forgotten',
    options: { ...QUICK, servicesMax: 5_000 },
    offenders: [{ kind: 'services', count: 20_000 }],
    secondsMin: 3,
    memory: { bytes: 5_000 * 16 * 1_024 + SLACK, of: '16 KiB a service, 96 of garbage' },
    checks: ({ broker }) => [
      atLeast(
        'requests expired or refused',
        (broker.counters['expired'] ?? 0) + (broker.counters['refused'] ?? 0),
        10_000,
      ),
    ],
    figures: ({ broker }) => [
      { what: 'expired', seen: number(broker.counters['expired'] ?? 0) },
      { what: 'refused', seen: number(broker.counters['refused'] ?? 0) },
      { what: 'workers registered', seen: number(broker.counters['workersRegistered'] ?? 0) },
    ],
  },
  {
    name: 'mmi',
    summary:
      'four packed clients ask for the lists of 3,000 workers and 300 services as fast as they can, two read nothing',
    rule: 'one list serves all who ask, for a while; backlogBytesMax ends the sessions of those who do not read',
    options: { ...QUICK, ...BACKLOG, heartbeatMs: 2_500, liveness: 20 },
    offenders: [
      { kind: 'mmi', count: 4 },
      { kind: 'workers', count: 3_000 },
    ],
    memory: {
      bytes: 4 * HELD_BY_ZEROMQ + BACKLOG.backlogTotalBytesMax + 3_000 * 64 * 1_024 + SLACK,
      of: '64 with ZeroMQ, 64 of backlogs, 188 of workers, 96 of garbage',
    },
    checks: (seen) => [cutOff(seen, 'those who do not read')],
    figures: (seen) => [
      { what: 'asked', seen: number(seen.offenders[0]?.sent ?? 0) },
      { what: 'answered', seen: number(seen.broker.counters['managementRequests'] ?? 0) },
    ],
  },
];
