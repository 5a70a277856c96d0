import {
  Body,
  decodeText,
  DEFAULT_LIMITS,
  DISCONNECT,
  encodeText,
  HEARTBEAT,
  mdp02,
  NO_METADATA,
  type BrokerToClient,
  type BrokerToWorker,
  type ClientRequest,
  type ClientToBroker,
  type Dialect,
  type Metadata,
  type Ref,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { BrokerCore } from '../../src/core/broker-core';
import { Meters } from '../../src/core/meters';
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
  clientsMax: 100,
  limits: DEFAULT_LIMITS,
  referencePrefix: 'ref-',
  idSeed: 0,
};

/** The packed dialect, as far as the core looks at it. */
export const PACKED: Dialect = Object.freeze({ name: 'packed', partials: true, packed: true });

/** Text as the body of a message, one frame each. */
export const body = (...texts: string[]): Body => new Body(texts.map(encodeText));

/** The frames of a body as text. */
export const texts = (frames: Body): string[] => frames.frames.map(decodeText);

/** What a request of one frame counts for in the bounds: its text, 1,024 for itself and 256 for its frame. */
export const cost = (text: string): number => text.length + 1_024 + 256;

/** What a client or worker says of itself where a test says nothing else. */
export const INTRODUCTION = { revision: 1, heartbeatMs: 100, capabilities: 0, metadata: NO_METADATA };

/** What a request says beside its service and body. */
export type RequestFields = Partial<Omit<ClientRequest, 'kind' | 'service' | 'body' | 'id'>>;

/** A request of a client; what `fields` leave out is what a plain one says. */
export function requestOf(
  id: number,
  service: string,
  text: string,
  fields: RequestFields = {},
): ClientRequest {
  return {
    kind: 'request',
    id,
    service,
    body: body(text),
    remainingMs: 0,
    window: 0,
    priority: 4,
    failFast: false,
    metadata: NO_METADATA,
    ...fields,
  };
}

/** What a request to a worker is, for tests: its reference and its body as text. */
export interface Job {
  readonly ref: Ref;
  readonly text: string;
}

/** A core with a clock that a test moves, and everything that the core did, kept in order. */
export class Bench {
  readonly core: BrokerCore;
  /** Two services have labels of their own. */
  readonly meters = new Meters(2);
  readonly events: BrokerEvent[] = [];
  /** Peers whose packed sessions ended, in order. */
  readonly ended: string[] = [];
  /** Peers that read slowly. */
  readonly congested = new Set<string>();
  now = 0;
  readonly #toWorkers = new Map<string, BrokerToWorker[]>();
  readonly #toClients = new Map<string, { packed: boolean; command: BrokerToClient }[]>();
  /** What workers registered in. */
  readonly #dialects = new Map<string, Dialect>();
  #together = false;

  constructor(settings: Partial<CoreSettings> = {}) {
    const outbound: Outbound = {
      toClient: (peer, { packed }, command) => push(this.#toClients, peer, { packed, command }),
      toWorker: (peer, _dialect, command) => push(this.#toWorkers, peer, command),
      ended: (peer) => this.ended.push(peer),
      isCongested: (peer) => this.congested.has(peer),
      event: (event) => this.events.push(event),
      about: () => ({ version: '1.2.3', memoryBytes: 4_096 }),
    };
    this.core = new BrokerCore({ ...SETTINGS, ...settings }, outbound, 0, this.meters);
  }

  #settle(): void {
    if (!this.#together) this.core.settle(this.now);
  }

  /** What happens meanwhile comes together. */
  together(happen: () => void): void {
    this.#together = true;
    happen();
    this.#together = false;
    this.#settle();
  }

  /** Moves the clock and lets the core look at it once. */
  tickAfter(ms: number): void {
    this.now += ms;
    this.core.tick(this.now);
    this.#settle();
  }

  /** A request of a plain client. */
  request(client: string, service: string, text = 'work', dialect: Dialect = mdp02): void {
    this.tell(client, requestOf(0, service, text), dialect);
  }

  /** Anything that a client says. */
  tell(client: string, command: ClientToBroker, dialect: Dialect = PACKED): void {
    this.core.fromClient(client, dialect, command, this.now);
    this.#settle();
  }

  /** A packed client begins its session. */
  hello(...clients: string[]): void {
    for (const client of clients) this.tell(client, { kind: 'hello', ...INTRODUCTION });
  }

  /** A request of a packed client. */
  ask(client: string, id: number, service: string, text = 'work', fields: RequestFields = {}): void {
    this.tell(client, requestOf(id, service, text, fields));
  }

  cancel(client: string, id: number): void {
    this.tell(client, { kind: 'cancel', id });
  }

  window(client: string, id: number, more: number): void {
    this.tell(client, { kind: 'window', id, more });
  }

  say(worker: string, command: WorkerToBroker, dialect?: Dialect): void {
    this.core.fromWorker(worker, dialect ?? this.#dialects.get(worker) ?? mdp02, command, this.now);
    this.#settle();
  }

  ready(worker: string, service: string, { credit = 1, dialect = mdp02 as Dialect } = {}): void {
    this.#dialects.set(worker, dialect);
    this.say(worker, { kind: 'ready', service, credit, ...INTRODUCTION });
  }

  /** A packed worker registers, and its WELCOME is taken. */
  readyPacked(worker: string, service: string, credit = 1, metadata = NO_METADATA): void {
    this.#dialects.set(worker, PACKED);
    this.say(worker, { kind: 'ready', service, credit, ...INTRODUCTION, metadata });
    expect(this.#toWorkers.get(worker)?.shift()?.kind).toBe('welcome');
  }

  credit(worker: string, credit: number): void {
    this.say(worker, { kind: 'credit', credit });
  }

  partial(worker: string, ref: Ref, ...parts: string[]): void {
    this.say(worker, { kind: 'partial', ref, body: body(...parts), metadata: NO_METADATA });
  }

  final(worker: string, ref: Ref, ...parts: string[]): void {
    this.finalWith(worker, ref, NO_METADATA, ...parts);
  }

  finalWith(worker: string, ref: Ref, metadata: Metadata, ...parts: string[]): void {
    this.say(worker, { kind: 'final', ref, body: body(...parts), metadata });
  }

  failure(worker: string, ref: Ref, code: string, message = '', retryable = false): void {
    this.say(worker, { kind: 'failure', ref, code, message, retryable });
  }

  heartbeat(worker: string, dialect?: Dialect): void {
    this.say(worker, HEARTBEAT, dialect);
  }

  disconnect(worker: string): void {
    this.say(worker, DISCONNECT);
  }

  gone(...peers: string[]): void {
    this.core.peersGone(
      peers.map((peer) => [peer, 'connection_closed'] as const),
      this.now,
    );
    this.#settle();
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
      command.kind === 'request' ? [{ ref: command.ref, text: command.body.text() }] : [],
    );
  }

  /** The one request that a worker was sent since this was last asked. */
  job(worker: string): Job {
    const jobs = this.jobs(worker);
    expect(jobs).toHaveLength(1);
    return jobs[0]!;
  }

  /** All that a client was sent since this was last asked. */
  sentToClient(client: string): BrokerToClient[] {
    return (
      this.#toClients
        .get(client)
        ?.splice(0)
        .map(({ command }) => command) ?? []
    );
  }

  /**
   * The same in short: `final a b`, `failure QUEUE_FULL`. What a packed client is sent about a request starts with
   * its id: `7 final a b`.
   */
  replies(client: string): string[] {
    const replies = this.#toClients.get(client)?.splice(0) ?? [];
    return replies.map(({ packed, command }) => {
      const id = packed && 'id' in command ? `${command.id} ` : '';
      if (command.kind === 'failure') return `${id}failure ${command.code}`;
      if ('body' in command) return `${id}${[command.kind, ...texts(command.body)].join(' ')}`;
      return command.kind;
    });
  }

  /** The events of one type. */
  seen<Type extends BrokerEvent['type']>(type: Type): Extract<BrokerEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<BrokerEvent, { type: Type }> => event.type === type);
  }

  /** Asks a management service: the frames of the reply as text. */
  manage(name: string, argument = ''): string[] {
    this.request('manager', name, argument);
    const [reply] = this.sentToClient('manager');
    return reply?.kind === 'final' ? texts(reply.body) : [];
  }

  /** Nothing is left: no peers, no services, no bytes. */
  expectEmpty(): void {
    const { workers, services, clientCount, pendingBytes } = this.core;
    expect([workers.size, services.size, clientCount, pendingBytes]).toEqual([0, 0, 0, 0]);
  }
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}
