import {
  decodeText,
  DEFAULT_LIMITS,
  mdp01,
  mdp02,
  mdp02OverReq,
  NO_METADATA,
  type Body,
  type BrokerToClient,
  type BrokerToWorker,
  type ClientFailure,
  type ClientToBroker,
  type Dialect,
  type Ref,
  type WorkerRequest,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { BrokerCore } from '../../src/core/broker-core';
import type { BrokerEvent, Outbound } from '../../src/core/outbound';
import { PLAIN_WINDOW } from '../../src/core/replies';
import type { CoreSettings } from '../../src/core/settings';
import { body, cost, INTRODUCTION, PACKED, requestOf, SETTINGS, texts } from './bench';

/**
 * One thing that happens to a broker. Peers mostly do what they may; in a step that goes `astray` they do what it
 * says, also where they have no session, have one already, or hold nothing of the kind.
 */
export type Step = { astray?: boolean } & Happening;

type Happening =
  | { do: 'request'; client: string; service: string; bytes: number; dialect: 'mdp/0.1' | 'mdp/0.2' | 'req' }
  | { do: 'hello' | 'quit'; client: string }
  | {
      do: 'ask';
      client: string;
      id: number;
      service: string;
      bytes: number;
      remainingMs: number;
      window: number;
      priority: number;
      failFast: boolean;
    }
  | { do: 'cancel'; client: string; id: number }
  | { do: 'window'; client: string; id: number; more: number }
  | { do: 'ready'; worker: string; service: string; dialect: keyof typeof WORKER_DIALECTS; credit: number }
  | { do: 'credit'; worker: string; credit: number }
  | { do: 'final' | 'failure'; worker: string; back: number; bytes: number }
  | { do: 'partial'; worker: string; back: number; bytes: number; times: number }
  | { do: 'heartbeat' | 'disconnect' | 'draining'; worker: string }
  | { do: 'beat'; peers: readonly string[] }
  | { do: 'garbage'; peer: string }
  | { do: 'forge'; worker: string; ref: Ref }
  | { do: 'gone'; peers: readonly string[] }
  | { do: 'congest' | 'clear'; client: string }
  | { do: 'wait'; ms: number };

const CLIENT_DIALECTS = { 'mdp/0.1': mdp01, 'mdp/0.2': mdp02, req: mdp02OverReq };
const WORKER_DIALECTS = { 'mdp/0.1': mdp01, 'mdp/0.2': mdp02, packed: PACKED };

const LIMITS: CoreSettings = {
  ...SETTINGS,
  liveness: 3,
  jobDeadlineMs: 1_500,
  attemptsMax: 2,
  queueMax: 6,
  queueBytesMax: 5_200,
  pendingBytesMax: 13_000,
  servicesMax: 3,
  workersMax: 4,
  clientsMax: 2,
  limits: { ...DEFAULT_LIMITS, framesMax: 6, messageBytesMax: 90 },
};
const SILENCE_MS = LIMITS.heartbeatMs * LIMITS.liveness;
/** How late a deadline may be noticed. */
const DEADLINE_SLACK_MS = 8;

/** What a PARTIAL or a last reply counts for while the broker keeps it. */
const costOfPart = (text: string): number => text.length + 256;

/** What the checker knows of a request, from the messages that crossed alone. */
interface Asked {
  readonly client: string;
  /** The client's number for it; 0 of a plain one. */
  readonly id: number;
  readonly service: string;
  readonly bytes: number;
  readonly dialect: Dialect;
  readonly dueAt: number;
  readonly priority: number;
  readonly failFast: boolean;
  /** PARTIALs that its packed client still takes. */
  window: number;
  /** Workers that were given it. */
  given: number;
  /** True once its client has got a PARTIAL: no other worker may be given it. */
  begun: boolean;
  /** PARTIALs that its client has not got, in order. */
  parts: string[];
  /** The last reply that stands behind them. */
  last: string | undefined;
  ended: boolean;
  /** Since when it has waited, in ms. */
  waitsSince: number;
}

/** What the checker knows of a worker's session. */
interface Session {
  readonly service: string;
  readonly dialect: Dialect;
  credit: number;
  draining: boolean;
  /** References that it was sent and has not answered, with the request behind each. */
  readonly held: Map<Ref, Asked>;
  /** PARTIALs that a packed worker may still send, by reference. */
  readonly windows: Map<Ref, number>;
  /** References that it was told nobody wants. */
  readonly cancelled: Set<Ref>;
  heardAt: number;
}

/**
 * A broker's core amid peers that do what they like, and a checker that reads every message. It keeps its own
 * books of what was sent and received, never looks into the core's records, and compares the sums.
 *
 * The body of a request starts with its number, and so does every honest reply: `7:xxx`. No two replies are the same.
 */
export class World {
  readonly #core: BrokerCore;
  #now = 0;
  readonly #asked: Asked[] = [];
  readonly #sessions = new Map<string, Session>();
  /** Packed clients in session, and when each was last heard. */
  readonly #clients = new Map<string, number>();
  /** Packed peers that may be spoken to. */
  readonly #live = new Set<string>();
  readonly #congested = new Set<string>();
  /** Every request that a worker was ever sent, newest last. */
  readonly #sentTo = new Map<string, { ref: Ref; number: number }[]>();
  /** The references of plain workers, none of which is given twice. */
  readonly #refs = new Set<Ref>();
  /** Workers that have to be sent away in this step. */
  readonly #violators = new Set<string>();
  /** Requests that workers were told nobody wants, in this step. */
  #unwanted: Asked[] = [];
  #replies = 0;
  /** The request that the step of now is about. */
  #current: Asked | undefined;
  /** What happens now; `undefined` where the broker settles what happened. */
  #step: Happening | { do: 'stop' } | undefined;

  constructor() {
    const outbound: Outbound = {
      toClient: (peer, dialect, command) => this.#toClient(peer, dialect, command),
      toWorker: (peer, dialect, command) => this.#toWorker(peer, dialect, command),
      ended: (peer) => this.#live.delete(peer),
      isCongested: (peer) => this.#congested.has(peer),
      event: (event) => this.#event(event),
      about: () => ({ version: '0.0.0', memoryBytes: 0 }),
    };
    this.#core = new BrokerCore(LIMITS, outbound, 0);
  }

  /** Lets some things happen together, then checks everything. */
  take(...steps: Step[]): void {
    for (const step of steps) {
      if (!step.astray && !this.#isInOrder(step)) continue;
      this.#step = step;
      this.#current = undefined;
      this.#happen(step);
      for (const worker of this.#violators)
        equal(this.#core.workers.has(worker), false, `${worker} a worker`);
      this.#violators.clear();
      for (const asked of this.#unwanted) equal(asked.ended, true, 'the end of what is cancelled');
      this.#unwanted = [];
    }
    this.#step = undefined;
    this.#current = undefined;
    this.#core.settle(this.#now);
    this.#check(steps);
  }

  /** True where peers that know their own sessions would do that. */
  #isInOrder(step: Step): boolean {
    switch (step.do) {
      case 'hello':
        return !this.#clients.has(step.client);
      case 'ask':
        return this.#clients.has(step.client) && !this.#askedBy(step.client, step.id);
      case 'cancel':
      case 'window':
      case 'quit':
        return this.#clients.has(step.client);
      case 'ready':
        return !this.#sessions.has(step.worker) && !this.#clients.has(step.worker);
      case 'partial':
      case 'final':
      case 'failure':
        return (this.#sessions.get(step.worker)?.held.size ?? 0) > 0;
      case 'credit':
      case 'draining':
      case 'heartbeat':
      case 'disconnect':
        return this.#sessions.has(step.worker);
      default:
        return true;
    }
  }

  /** Every worker leaves and nobody comes: what waits expires, and nothing is left. */
  abandon(): void {
    for (const worker of [...this.#sessions.keys()]) this.take({ do: 'disconnect', worker });
    this.take({ do: 'wait', ms: LIMITS.serviceExpiryMs });
    this.#checkOver();
  }

  /** Honest workers answer all that is left, clients read it, and all leave. */
  serve(): void {
    for (const worker of [...this.#sessions.keys()]) this.take({ do: 'disconnect', worker });
    for (const { client, id, dialect } of this.#open()) {
      if (dialect.packed) this.take({ do: 'window', client, id, more: 1_000 });
    }
    for (const service of new Set(this.#open().map((asked) => asked.service))) {
      this.take({ do: 'ready', worker: 'honest', service, dialect: 'mdp/0.1', credit: 1 });
      while (this.#sessions.get('honest')!.held.size > 0) {
        this.take({ do: 'final', worker: 'honest', back: 0, bytes: 1 });
      }
      this.take({ do: 'disconnect', worker: 'honest' });
    }
    expect(this.#open()).toEqual([]);
    for (const client of [...this.#clients.keys()]) this.take({ do: 'quit', client });
    this.take({ do: 'wait', ms: 2_000 });
    this.#checkOver();
  }

  /** The broker stops. */
  stop(): void {
    this.#step = { do: 'stop' };
    this.#current = undefined;
    this.#core.stop(this.#now);
    this.#check([]);
    this.#checkOver();
  }

  #happen(step: Happening & { astray?: boolean }): void {
    switch (step.do) {
      case 'request':
        return this.#request(step);
      case 'ask':
        return this.#ask(step);
      case 'hello':
        return this.#tell(step.client, { kind: 'hello', ...INTRODUCTION });
      case 'quit':
        this.#tell(step.client, { kind: 'disconnect' });
        return expect(this.#clients.has(step.client)).toBe(false);
      case 'beat':
        return this.#beat(step.peers);
      case 'cancel':
        return this.#cancel(step);
      case 'window':
        return this.#window(step);
      case 'ready':
        return this.#ready(step);
      case 'credit':
        return this.#credit(step);
      case 'partial':
        for (let n = 0; n < step.times; n++) this.#partial(step);
        return;
      case 'final':
      case 'failure':
        return this.#end(step);
      case 'forge':
        return this.#say(step.worker, {
          kind: 'final',
          ref: step.ref,
          body: body('forged'),
          metadata: NO_METADATA,
        });
      case 'draining':
        return this.#draining(step.worker);
      case 'heartbeat':
      case 'disconnect':
        return this.#say(step.worker, { kind: step.do });
      case 'garbage':
        return this.#core.reject(step.peer, { reason: 'truncated', detail: 'cut' }, this.#now);
      case 'gone':
        return this.#gone(step.peers);
      case 'congest':
        return void this.#congested.add(step.client);
      case 'clear':
        return void this.#congested.delete(step.client);
      case 'wait':
        this.#now += step.ms;
        return this.#core.tick(this.#now);
    }
  }

  /** Enters a request in the books, and gives its text. */
  #enter(
    of: Omit<Asked, 'bytes' | 'given' | 'begun' | 'parts' | 'last' | 'ended' | 'waitsSince'>,
    bytes: number,
  ): string {
    const text = `${this.#asked.length}:${'x'.repeat(bytes)}`;
    const fresh = { given: 0, begun: false, parts: [], last: undefined, ended: false, waitsSince: this.#now };
    const asked = { ...of, bytes: cost(text), ...fresh };
    this.#asked.push(asked);
    this.#current = asked;
    return text;
  }

  #request({ client, service, bytes, dialect: name }: Extract<Step, { do: 'request' }>): void {
    const dialect = CLIENT_DIALECTS[name];
    const terms = { dueAt: Infinity, priority: 4, failFast: false, window: 0 };
    const text = this.#enter({ client, id: 0, service, dialect, ...terms }, bytes);
    this.#core.fromClient(client, dialect, requestOf(0, service, text), this.#now);
  }

  /** What is refused unread – of a client without a session, or with an id that is in use – is no request. */
  #ask({ client, id, service, bytes, ...terms }: Extract<Step, { do: 'ask' }>): void {
    const { remainingMs, window, priority, failFast } = terms;
    if (!this.#clients.has(client) || this.#askedBy(client, id)) {
      this.#tell(client, requestOf(id, service, 'unread', terms));
      return expect(this.#clients.has(client)).toBe(false);
    }
    const dueAt = remainingMs === 0 ? Infinity : this.#now + remainingMs;
    const known = { client, id, service, dialect: PACKED, dueAt, priority, failFast, window };
    const text = this.#enter(known, bytes);
    this.#core.beginMessage(client, 1_000 + text.length, this.#now);
    this.#tell(client, requestOf(id, service, text, terms));
    this.#core.endMessage();
  }

  #beat(peers: readonly string[]): void {
    for (const peer of peers) {
      if (this.#clients.has(peer)) this.#tell(peer, { kind: 'heartbeat' });
      if (this.#sessions.has(peer)) this.#say(peer, { kind: 'heartbeat' });
    }
  }

  #cancel({ client, id }: Extract<Step, { do: 'cancel' }>): void {
    const asked = this.#clients.has(client) ? this.#askedBy(client, id) : undefined;
    if (asked) asked.ended = true;
    this.#current = asked;
    const holder = [...this.#sessions.values()].find(({ held }) => [...held.values()].includes(asked!));
    const before = holder?.cancelled.size ?? 0;
    this.#tell(client, { kind: 'cancel', id });
    if (holder && asked) expect(holder.cancelled.size).toBe(before + (holder.dialect.packed ? 1 : 0));
  }

  #window({ client, id, more }: Extract<Step, { do: 'window' }>): void {
    const asked = this.#clients.has(client) ? this.#askedBy(client, id) : undefined;
    if (asked) asked.window += more;
    this.#current = asked;
    this.#tell(client, { kind: 'window', id, more });
  }

  /** A packed connection is a client's or a worker's: its messages say which in their header. */
  #tell(client: string, command: ClientToBroker): void {
    if (this.#sessions.get(client)?.dialect.packed) return;
    if (this.#clients.has(client)) this.#clients.set(client, this.#now);
    this.#core.fromClient(client, PACKED, command, this.#now);
  }

  #ready({ worker, service, dialect: name, credit }: Extract<Step, { do: 'ready' }>): void {
    this.#say(worker, { kind: 'ready', service, credit, ...INTRODUCTION }, WORKER_DIALECTS[name]);
  }

  #credit({ worker, credit }: Extract<Step, { do: 'credit' }>): void {
    const session = this.#sessions.get(worker);
    if (session && !session.dialect.packed) return;
    if (session) session.credit = credit;
    this.#say(worker, { kind: 'credit', credit }, PACKED);
  }

  #draining(worker: string): void {
    const session = this.#sessions.get(worker);
    if (session && !session.dialect.packed) return;
    if (session) session.draining = true;
    this.#say(worker, { kind: 'draining' }, PACKED);
  }

  /** One of the requests that a worker holds, or astray was ever sent, and what it has of it now. */
  #find({
    worker,
    back,
    astray,
  }: Extract<Step, { back: number }>): { ref: Ref; asked: Asked | undefined; text: string } | undefined {
    const held = this.#sessions.get(worker)?.held;
    const sent = this.#sentTo
      .get(worker)
      ?.filter(({ ref }) => astray || held?.has(ref))
      .at(-1 - back);
    if (!sent) return undefined;
    const asked = held?.get(sent.ref);
    const number = asked ? this.#asked.indexOf(asked) : sent.number;
    return { ref: sent.ref, asked, text: `${number}:${this.#replies++}` };
  }

  #partial(step: Extract<Step, { do: 'partial' }>): void {
    const { worker, bytes, astray } = step;
    const found = this.#find(step);
    if (!found) return;
    const { ref, asked } = found;
    const session = this.#sessions.get(worker);
    const text = `${found.text}/${'y'.repeat(bytes)}`;
    this.#current = asked;
    if (asked && session && !asked.ended) {
      const left = session.windows.get(ref) ?? Infinity;
      if (left === 0 && !astray) return;
      if (left === 0) this.#violators.add(worker);
      else asked.parts.push(text);
      session.windows.set(ref, left - 1);
    }
    this.#say(worker, { kind: 'partial', ref, body: body(text), metadata: NO_METADATA });
  }

  #end(step: Extract<Step, { do: 'final' | 'failure' }>): void {
    const { do: kind, worker, bytes } = step;
    const found = this.#find(step);
    const session = this.#sessions.get(worker);
    if (!found || (kind === 'failure' && session && !session.dialect.packed)) return;
    const { ref, asked } = found;
    const text = `${found.text}/${'z'.repeat(bytes)}`;
    this.#current = asked;
    session?.held.delete(ref);
    if (kind === 'failure') {
      this.#say(worker, { kind, ref, code: 'BROKEN', message: text, retryable: false });
      if (asked) equal(asked.ended, true, 'the end');
      return;
    }
    if (asked && !asked.ended) asked.last = text;
    this.#say(worker, { kind, ref, body: body(text), metadata: NO_METADATA });
    if (asked && (!asked.dialect.packed || asked.parts.length === 0)) equal(asked.ended, true, 'the end');
  }

  #say(worker: string, command: WorkerToBroker, dialect?: Dialect): void {
    const session = this.#sessions.get(worker);
    const ofPacked = 'ref' in command && typeof command.ref === 'number';
    const spoken = dialect ?? session?.dialect ?? (ofPacked ? PACKED : mdp02);
    if (spoken.packed && this.#clients.has(worker)) return;
    if ('ref' in command && ofPacked !== spoken.packed) return;
    if (session) session.heardAt = this.#now;
    this.#core.fromWorker(worker, spoken, command, this.#now);
  }

  #gone(peers: readonly string[]): void {
    const gone = peers.map((peer) => [peer, 'connection_closed'] as const);
    this.#core.peersGone(gone, this.#now);
    for (const peer of peers) {
      expect([this.#clients.has(peer), this.#sessions.has(peer)]).toEqual([false, false]);
      expect(this.#open().filter(({ client }) => client === peer)).toEqual([]);
    }
  }

  #event(event: BrokerEvent): void {
    if (!('peer' in event)) return;
    const peer = Buffer.from(event.peer, 'hex').toString();
    switch (event.type) {
      case 'clientWelcomed':
        this.#clients.set(peer, this.#now);
        this.#live.add(peer);
        return;
      case 'clientGone':
        return this.#clientGone(peer, event.withdrawn);
      case 'workerRegistered':
        return this.#registered(peer);
      case 'workerLost':
        return this.#workerLost(peer);
      default:
        return;
    }
  }

  /** A client is given up for its own doing, its silence, or the end of the broker, and for nothing else. */
  #clientGone(peer: string, withdrawn: number): void {
    const step = this.#step!;
    const heardAt = this.#clients.get(peer);
    if (step.do === 'wait') expect(this.#now - heardAt!).toBeGreaterThanOrEqual(SILENCE_MS);
    else if (step.do === 'gone') expect(step.peers).toContain(peer);
    else if (step.do !== 'stop') expect(Object.values(step)).toContain(peer);
    const left = this.#open().filter(({ client }) => client === peer);
    expect(withdrawn).toBe(left.length);
    for (const asked of left) asked.ended = true;
    this.#clients.delete(peer);
  }

  #registered(worker: string): void {
    const { service, dialect: name, credit } = this.#step as Extract<Step, { do: 'ready' }>;
    const dialect = WORKER_DIALECTS[name];
    const fresh = { draining: false, held: new Map(), windows: new Map(), cancelled: new Set<Ref>() };
    this.#sessions.set(worker, { service, dialect, credit, ...fresh, heardAt: this.#now });
    if (dialect.packed) this.#live.add(worker);
  }

  #workerLost(worker: string): void {
    const { dialect, held, heardAt } = this.#sessions.get(worker)!;
    if (this.#step?.do === 'wait' && dialect.packed) {
      expect(this.#now - heardAt).toBeGreaterThanOrEqual(SILENCE_MS);
    }
    for (const asked of held.values()) Object.assign(asked, { parts: [], waitsSince: this.#now });
    this.#sessions.delete(worker);
  }

  #toWorker(peer: string, dialect: Dialect, command: BrokerToWorker): void {
    const session = this.#sessions.get(peer);
    if (command.kind === 'disconnect') return;
    equal(dialect, session?.dialect, 'dialect to a worker');
    if (dialect.packed) equal(this.#live.has(peer), true, `${peer} in session`);
    switch (command.kind) {
      case 'request':
        return this.#given(peer, session!, command);
      case 'cancel':
        this.#unwanted.push(session!.held.get(command.ref)!);
        expect(session!.cancelled).not.toContain(command.ref);
        return void session!.cancelled.add(command.ref);
      case 'window': {
        const asked = session!.held.get(command.ref)!;
        const window = session!.windows.get(command.ref)! + command.more;
        equal(asked.ended || command.more === 0, false, 'a window that nobody needs');
        if (asked.dialect.packed) equal(window, asked.window, 'window');
        else expect([window, this.#congested.has(asked.client)]).toEqual([PLAIN_WINDOW, false]);
        return void session!.windows.set(command.ref, window);
      }
      case 'draining':
        return expect(session!.draining).toBe(true);
      case 'welcome':
        return expect([this.#step!.do, session!.held.size]).toEqual(['ready', 0]);
      case 'heartbeat':
        return;
    }
  }

  #given(peer: string, session: Session, request: WorkerRequest): void {
    const { ref } = request;
    const number = numberOf(request.body);
    const asked = this.#asked[number]!;
    equal(session.held.has(ref) || this.#refs.has(ref), false, 'a reference that was given before');
    if (!session.dialect.packed) this.#refs.add(ref);
    this.#checkOpen(asked, asked.client, session.service, asked.dialect);
    equal(asked.last, undefined, 'the answer of what is dispatched');
    equal(this.#isHeld(asked), false, 'held by another');
    const passed = this.#waiting().find((other) => other !== asked && goesBefore(other, asked));
    equal(passed, undefined, 'what should have been served before');
    session.held.set(ref, asked);
    session.cancelled.delete(ref);
    equal(session.draining, false, 'draining');
    atMost(session.held.size, session.credit, 'held beyond the credit');
    equal(asked.begun, false, 'a reply that has begun');
    atMost(++asked.given, LIMITS.attemptsMax, 'attempts');
    equal(asked.dueAt > this.#now, true, 'in time');
    equal(request.attempt, asked.given, 'attempt');
    equal(request.priority, asked.priority, 'priority');
    equal(request.remainingMs, asked.dueAt === Infinity ? 0 : asked.dueAt - this.#now, 'remaining time');
    equal(request.window, asked.dialect.packed ? asked.window : PLAIN_WINDOW, 'window');
    if (session.dialect.packed) session.windows.set(ref, request.window);
    this.#sentTo.set(peer, [...(this.#sentTo.get(peer) ?? []), { ref, number }]);
  }

  #toClient(peer: string, dialect: Dialect, command: BrokerToClient): void {
    if (command.kind === 'disconnect') return;
    if (dialect.packed) equal(this.#live.has(peer), true, `${peer} in session`);
    if (command.kind === 'welcome') return expect(this.#step).toMatchObject({ do: 'hello', client: peer });
    if (command.kind === 'heartbeat' || command.kind === 'draining') return;
    if (command.kind === 'failure') return this.#failed(peer, dialect, command);
    const { kind, id, service } = command;
    const asked = this.#asked[numberOf(command.body)]!;
    equal(asked, this.#current, 'the request that is answered');
    this.#checkOpen(asked, peer, service, dialect);
    if (dialect.packed) equal(id, asked.id, 'id');
    const said = String(texts(command.body));
    if (kind === 'partial') {
      equal(dialect.partials, true, 'a dialect that has PARTIALs');
      equal(said, asked.parts.shift(), 'PARTIAL');
      asked.begun = true;
      if (dialect.packed) equal(--asked.window >= 0, true, 'within the window');
      return;
    }
    if (dialect.partials) equal(asked.parts.length, 0, 'PARTIALs left before the FINAL');
    equal(said, String([...asked.parts, asked.last]), 'FINAL');
    asked.ended = true;
  }

  #checkOpen(asked: Asked | undefined, client: string, service: string, dialect: Dialect): void {
    const known = asked?.client === client && asked.service === service && asked.dialect === dialect;
    if (!known || asked.ended) expect(asked).toMatchObject({ client, service, dialect, ended: false });
  }

  #failed(client: string, dialect: Dialect, failure: ClientFailure): void {
    const { service, code, origin } = failure;
    const asked = dialect.packed
      ? this.#askedBy(client, failure.id)
      : this.#whichFailed(client, dialect, failure);
    this.#checkOpen(asked, client, service, dialect);
    if (origin === 'worker') expect([asked, this.#step!.do]).toEqual([this.#current, 'failure']);
    else this.#checkReason(asked!, code);
    asked!.ended = true;
  }

  /** The failure of a plain client's request names no request, but each code leaves one choice, or several that all fail at once. */
  #whichFailed(
    client: string,
    dialect: Dialect,
    { code, service, origin }: ClientFailure,
  ): Asked | undefined {
    if (origin === 'worker' || (code === 'QUEUE_FULL' && client === this.#current?.client))
      return this.#current;
    if (code === 'QUEUE_FULL') return this.#newestOf(client, service);
    return this.#open().find(
      (asked) =>
        asked.client === client &&
        asked.service === service &&
        asked.dialect === dialect &&
        (code === 'BROKER_DRAINING' || !this.#isHeld(asked)) &&
        (code !== 'ATTEMPTS_EXHAUSTED' || asked.begun || asked.given === LIMITS.attemptsMax),
    );
  }

  #checkReason(asked: Asked, code: string): void {
    const served = [...this.#sessions.values()].some(({ service }) => service === asked.service);
    switch (code) {
      case 'QUEUE_FULL':
        return asked === this.#current ? undefined : this.#checkEvicted(asked);
      case 'NO_WORKER':
        return expect([asked === this.#current, asked.failFast, served]).toEqual([true, true, false]);
      case 'STREAM_OVERFLOW':
        return expect([asked === this.#current, asked.dialect.packed, asked.window]).toEqual([true, true, 0]);
      case 'EXPIRED':
        return expect([this.#isHeld(asked), asked.dueAt <= this.#now || !served]).toEqual([false, true]);
      case 'ATTEMPTS_EXHAUSTED':
        return expect([asked.begun || asked.given === LIMITS.attemptsMax, this.#isHeld(asked)]).toEqual([
          true,
          false,
        ]);
      default:
        return expect([code, this.#step?.do]).toEqual(['BROKER_DRAINING', 'stop']);
    }
  }

  /** A request makes room only where its client has more waiting than the one that asks, and only its newest. */
  #checkEvicted(asked: Asked): void {
    const current = this.#current!;
    const waitingOf = (client: string) =>
      this.#waiting().filter((other) => other.client === client && other.service === asked.service).length;
    expect([asked.service, asked.priority <= current.priority]).toEqual([current.service, true]);
    expect(waitingOf(asked.client)).toBeGreaterThan(1);
    expect(asked.client).not.toBe(current.client);
  }

  #newestOf(client: string, service: string): Asked | undefined {
    return this.#waiting().findLast((asked) => asked.client === client && asked.service === service);
  }

  #open(): Asked[] {
    return this.#asked.filter(({ ended }) => !ended);
  }

  /** The open request of a packed client with that id. */
  #askedBy(client: string, id: number): Asked | undefined {
    return this.#asked.find((asked) => !asked.ended && asked.client === client && asked.id === id);
  }

  /** Open requests that no worker has, and none has answered. */
  #waiting(): Asked[] {
    return this.#open().filter((asked) => asked.last === undefined && !this.#isHeld(asked));
  }

  #isHeld(asked: Asked): boolean {
    return [...this.#sessions.values()].some(({ held }) => [...held.values()].includes(asked));
  }

  #check(steps: readonly Step[]): void {
    const { counters, services, workers, clientCount, pendingBytes } = this.#core;
    const open = this.#open();
    const ended =
      counters.answered +
      counters.refused +
      counters.refusedDraining +
      counters.expired +
      counters.unserved +
      counters.cancelled +
      counters.failed +
      counters.overflowed +
      counters.exhausted +
      counters.withdrawn;
    equal(counters.requests, this.#asked.length, 'requests counted');
    equal(counters.requests - ended, open.length, 'requests counted and not ended');
    equal(workers.size, this.#sessions.size, 'workers');
    for (const [peer, { held }] of this.#sessions)
      equal(workers.get(peer)?.held.size, held.size, `held by ${peer}`);
    const clients = new Set([...open.map(({ client }) => client), ...this.#clients.keys()]);
    equal(clientCount, clients.size, 'clients');
    const packed = [...this.#sessions].filter(([, { dialect }]) => dialect.packed).map(([peer]) => peer);
    const live = [...packed, ...this.#clients.keys()];
    equal(String([...this.#live].sort()), String(live.sort()), 'packed peers in session');
    const kept = open.flatMap(({ parts, last }) => (last === undefined ? parts : [...parts, last]));
    equal(pendingBytes, sum(open.map(({ bytes }) => bytes)) + sum(kept.map(costOfPart)), 'pending bytes');
    atMost(pendingBytes, LIMITS.pendingBytesMax, 'pending bytes');
    atMost(services.size, LIMITS.servicesMax, 'services');
    atMost(workers.size, LIMITS.workersMax, 'workers');
    atMost(this.#clients.size, LIMITS.clientsMax, 'packed clients');
    this.#checkStreams(open);
    this.#checkQueues(steps);
  }

  /** Nothing is kept back that a client takes: PARTIALs wait for its window, and gather where its dialect has none. */
  #checkStreams(open: readonly Asked[]): void {
    for (const { dialect, parts, window, last } of open) {
      if (dialect.packed && (parts.length > 0 || last !== undefined))
        equal(window, 0, 'window of what is held');
      if (!dialect.packed && dialect.partials) equal(parts.length, 0, 'PARTIALs kept from a plain client');
    }
  }

  /** Nothing waits while a worker of its service has credit, or beyond its time, and no queue is longer than allowed. */
  #checkQueues(steps: readonly Step[]): void {
    const waiting = this.#waiting();
    const ticked = steps.at(-1)?.do === 'wait';
    // A worker that was free when a request came may have left when all was heard that came with it.
    const surplus = Math.max(0, steps.length - 1);
    for (const { service, dueAt, waitsSince } of waiting) {
      const isFree = (each: Session): boolean =>
        each.service === service && each.held.size < each.credit && !each.draining;
      equal(
        [...this.#sessions.values()].some(isFree),
        false,
        'a free worker and a request that waits for it',
      );
      const since = Math.max(dueAt, waitsSince);
      if (ticked) equal(since > this.#now - DEADLINE_SLACK_MS, true, 'in time at the tick');
      const fresh = waiting.filter((each) => each.service === service && each.given === 0);
      atMost(fresh.length, LIMITS.queueMax + surplus, 'requests that wait');
      if (surplus === 0)
        atMost(sum(fresh.map(({ bytes }) => bytes)), LIMITS.queueBytesMax, 'bytes that wait');
    }
  }

  #checkOver(): void {
    const { workers, services, clientCount, pendingBytes, retainedBytes, drained } = this.#core;
    expect(this.#open()).toEqual([]);
    expect([workers.size, services.size, clientCount, drained]).toEqual([0, 0, 0, true]);
    expect([pendingBytes, retainedBytes, this.#live.size]).toEqual([0, 0, 0]);
  }
}

/** True where one that waits has to be served before the other: what comes back first, then the highest priority. */
function goesBefore(waiting: Asked, next: Asked): boolean {
  if (waiting.service !== next.service || next.given > 0) return false;
  return waiting.given > 0 || waiting.priority > next.priority;
}

/** What `expect` would say, which costs too much to be said a million times where all is well. */
function equal(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) expect({ [what]: actual }).toEqual({ [what]: expected });
}

function atMost(actual: number, most: number, what: string): void {
  if (actual > most) expect({ [what]: actual }).toEqual({ [what]: `${most} at most` });
}

function numberOf(said: Body): number {
  return Number.parseInt(decodeText(said.bytes()), 10);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
