import {
  DEFAULT_LIMITS,
  DISCONNECT,
  encodeText,
  decodeText,
  HEARTBEAT,
  mdp02,
  type BrokerToClient,
  type BrokerToWorker,
  type Dialect,
  type Frame,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { BrokerCore } from '../../src/core/broker-core';
import type { BrokerEvent, Outbound } from '../../src/core/outbound';
import type { CoreSettings } from '../../src/core/settings';

/** Round numbers, so that what a test expects can be worked out in the head. */
export const SETTINGS: CoreSettings = {
  heartbeatMs: 100,
  liveness: 4,
  serviceExpiryMs: 1_000,
  jobDeadlineMs: 10_000,
  attemptsMax: 3,
  queueMax: 1_000,
  queueBytesMax: 1_000_000,
  pendingBytesMax: 10_000_000,
  servicesMax: 100,
  workersMax: 100,
  limits: DEFAULT_LIMITS,
  referencePrefix: 'ref-',
};

/** Text as the body of a message, one frame each. */
export const body = (...texts: string[]): Frame[] => texts.map(encodeText);

/** What a request of one frame counts for in the bounds: its text, 1,024 for itself and 256 for its frame. */
export const cost = (text: string): number => text.length + 1_024 + 256;

/** What a request to a worker is, for tests: its reference and its body as text. */
export interface Job {
  readonly ref: string;
  readonly text: string;
}

/** A core with a clock that a test moves, and everything that the core did, kept in order. */
export class Bench {
  readonly core: BrokerCore;
  readonly events: BrokerEvent[] = [];
  now = 0;
  readonly #toWorkers = new Map<string, BrokerToWorker[]>();
  readonly #toClients = new Map<string, BrokerToClient[]>();

  constructor(settings: Partial<CoreSettings> = {}) {
    const outbound: Outbound = {
      toClient: (peer, _dialect, command) => push(this.#toClients, peer, command),
      toWorker: (peer, _dialect, command) => push(this.#toWorkers, peer, command),
      event: (event) => this.events.push(event),
      about: () => ({ version: '1.2.3', memoryBytes: 4_096 }),
    };
    this.core = new BrokerCore({ ...SETTINGS, ...settings }, outbound, 0);
  }

  /** Moves the clock and lets the core look at it once. */
  tickAfter(ms: number): void {
    this.now += ms;
    this.core.tick(this.now);
  }

  request(client: string, service: string, text = 'work', dialect: Dialect = mdp02): void {
    const command = { kind: 'request', service, body: body(text) } as const;
    this.core.receive(client, { half: 'client', dialect, command }, this.now);
  }

  say(worker: string, command: WorkerToBroker, dialect: Dialect = mdp02): void {
    this.core.receive(worker, { half: 'worker', dialect, command }, this.now);
  }

  ready(worker: string, service: string, { credit = 1, dialect = mdp02 } = {}): void {
    this.say(worker, { kind: 'ready', service, credit }, dialect);
  }

  partial(worker: string, ref: string, ...texts: string[]): void {
    this.say(worker, { kind: 'partial', ref, body: body(...texts) });
  }

  final(worker: string, ref: string, ...texts: string[]): void {
    this.say(worker, { kind: 'final', ref, body: body(...texts) });
  }

  heartbeat(worker: string, dialect: Dialect = mdp02): void {
    this.say(worker, HEARTBEAT, dialect);
  }

  disconnect(worker: string): void {
    this.say(worker, DISCONNECT);
  }

  gone(peer: string): void {
    this.core.peerGone(peer, 'connection_closed', this.now);
  }

  /** All that a worker was sent since this was last asked. */
  sentToWorker(worker: string): BrokerToWorker[] {
    return this.#toWorkers.get(worker)?.splice(0) ?? [];
  }

  /** The kinds of what a worker was sent since this was last asked. */
  kinds(worker: string): string[] {
    return this.sentToWorker(worker).map(({ kind }) => kind);
  }

  /** The requests that a worker was sent since this was last asked. */
  jobs(worker: string): Job[] {
    return this.sentToWorker(worker).flatMap((command) =>
      command.kind === 'request' ? [{ ref: command.ref, text: decodeText(command.body[0]!) }] : [],
    );
  }

  /** The one request that a worker was sent since this was last asked. */
  job(worker: string): Job {
    const jobs = this.jobs(worker);
    expect(jobs).toHaveLength(1);
    return jobs[0]!;
  }

  /** All that a client was sent since this was last asked, in short: `final a b`, `failure QUEUE_FULL`. */
  replies(client: string): string[] {
    const replies = this.#toClients.get(client)?.splice(0) ?? [];
    return replies.map((reply) =>
      reply.kind === 'failure'
        ? `failure ${reply.code}`
        : [reply.kind, ...reply.body.map(decodeText)].join(' '),
    );
  }

  /** The events of one type. */
  seen<Type extends BrokerEvent['type']>(type: Type): Extract<BrokerEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<BrokerEvent, { type: Type }> => event.type === type);
  }

  /** Asks a management service: the frames of the reply as text. */
  manage(name: string, argument = ''): string[] {
    this.request('manager', name, argument);
    const [reply] = this.#toClients.get('manager')?.splice(0) ?? [];
    return reply?.kind === 'final' ? reply.body.map(decodeText) : [];
  }
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}
