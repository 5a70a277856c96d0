import {
  Body,
  DEFAULT_LIMITS,
  NO_METADATA,
  type BrokerToClient,
  type ClientToBroker,
  type DialectName,
  type MajordomoError,
  type Protocol,
} from '@majordomo/protocol';
import type { Call } from '../../src/core/call';
import { ClientCore } from '../../src/core/client-core';
import { failure, reply, welcome } from './harness';

/** What the world knows of a call, from its submission and the effects alone. */
interface WorldCall {
  call: Call | undefined;
  readonly service: string;
  readonly retries: number;
  readonly idempotent: boolean;
  readonly stream: boolean;
  readonly timeoutMs: number;
  readonly submittedAt: number;
  sends: number;
  /** True while its reader has said that it is behind. */
  behind: boolean;
  settled: boolean;
}

/** A request in a packed session that has not ended. */
interface Request {
  readonly call: WorldCall;
  /** PARTIALs that its broker may send. */
  window: number;
}

interface WorldLink {
  readonly id: number;
  readonly endpoint: string;
  readonly speak: Protocol;
  state: 'opening' | 'open' | 'greeting' | 'session' | 'draining' | 'closed';
  paused: boolean;
  /** The call whose request was sent on it and whose final reply has not come; plain. */
  carries: WorldCall | undefined;
  /** By id; packed. */
  readonly requests: Map<number, Request>;
  /** Ids that have ended; packed. */
  readonly ended: number[];
}

/** A connection may break this often under a call; written here again, on purpose. */
const LOSSES_MAX = 5;
const BACKOFF_MS_MAX = 400;
const GRACE_MS = 50;
const WINDOW = 4;
/** Asking a broker what it speaks takes no longer. */
const PROBES_MS = 1_500;

/** What the brokers of a world are, and what the client is told of them. */
export interface WorldOptions {
  readonly protocol: Protocol;
  /** What each speaks; they may change their minds between connections. */
  readonly brokers: readonly DialectName[];
  readonly socketsMax: number;
  readonly pendingMax: number;
}

/**
 * Brokers and a network as a core sees them, and a judge of all that it does: it keeps its own books, made of
 * effects only, and throws at the first thing that must never happen. Each call has a service of its own, so
 * that a request on the wire names its call.
 */
export class World {
  now = 500.25;
  readonly calls: WorldCall[] = [];
  readonly links: WorldLink[] = [];
  readonly core: ClientCore;
  readerKeepsUp = true;
  closed = false;
  readonly #ids = new Set<number>();
  readonly #speaks: Map<string, DialectName>;

  constructor(readonly options: WorldOptions) {
    const { protocol, brokers, socketsMax, pendingMax } = options;
    this.#speaks = new Map(brokers.map((speaks, n) => [`tcp://broker-${n}:5555`, speaks]));
    this.core = new ClientCore(
      {
        brokers: [...this.#speaks.keys()],
        protocol,
        socketsMax,
        pendingMax,
        idleSocketMs: 2_000,
        suspectMs: 700,
        heartbeatMs: 1_000,
        liveness: 3,
        connectTimeoutMs: 800,
        streamBufferMax: WINDOW,
        limits: DEFAULT_LIMITS,
        backoffMs: (failures) => Math.min(BACKOFF_MS_MAX, failures * 100),
      },
      {
        openLink: (id, endpoint, speak) => {
          if (this.closed) throw new Error('a link was opened after close');
          this.links.push({
            id,
            endpoint,
            speak,
            state: 'opening',
            paused: false,
            carries: undefined,
            requests: new Map(),
            ended: [],
          });
          if (this.live.length > socketsMax) throw new Error('more links than socketsMax');
        },
        send: (id, command) => this.#sent(this.#link(id), command),
        closeLink: (id) => {
          const link = this.#link(id);
          if (link.state === 'closed') throw new Error('a link was closed twice');
          link.state = 'closed';
        },
        pauseLink: (id) => (this.#link(id).paused = true),
        resumeLink: (id) => (this.#link(id).paused = false),
        brokerUp: () => undefined,
        brokerDown: () => undefined,
        brokerSilent: () => undefined,
        rejected: () => undefined,
      },
    );
  }

  get live(): WorldLink[] {
    return this.links.filter(({ state }) => state !== 'closed');
  }

  get pending(): WorldCall[] {
    return this.calls.filter(({ settled }) => !settled);
  }

  /** Calls that are on a link. */
  get underWay(): Set<WorldCall | undefined> {
    const packed = this.live.flatMap(({ requests }) => [...requests.values()].map(({ call }) => call));
    return new Set([...this.live.map(({ carries }) => carries), ...packed]);
  }

  #link(id: number): WorldLink {
    const link = this.links.find((each) => each.id === id);
    if (!link) throw new Error('no such link');
    return link;
  }

  #sent(link: WorldLink, command: ClientToBroker): void {
    if (link.speak !== 'auto' && link.speak !== 'packed') this.#sentPlain(link, command);
    else this.#sentPacked(link, command);
  }

  #sentPlain(link: WorldLink, command: ClientToBroker): void {
    if (command.kind !== 'request') throw new Error(`a ${command.kind} to a plain broker`);
    if (link.state !== 'open') throw new Error(`a request on a link that is ${link.state}`);
    if (link.carries) throw new Error('two calls on one link');
    link.carries = this.#sentCall(command.service);
  }

  #sentCall(service: string): WorldCall {
    const call = this.calls.find((each) => each.service === service);
    if (!call || call.settled) throw new Error('a request of no call that is pending');
    if (this.underWay.has(call)) throw new Error('one call on two links');
    call.sends++;
    if (!call.idempotent && call.sends > 1) throw new Error('idempotent: false was sent twice');
    // Connections that break together count as one, and there are never more than that.
    const sendsMax = call.retries + LOSSES_MAX * this.options.socketsMax;
    if (call.sends > sendsMax) throw new Error('a call was sent without end');
    return call;
  }

  #sentPacked(link: WorldLink, command: ClientToBroker): void {
    if (command.kind === 'hello') {
      if (link.state !== 'open') throw new Error('HELLO where none belongs');
      link.state = 'greeting';
      return;
    }
    const isSession = link.state === 'session' || link.state === 'draining';
    if (!isSession) throw new Error(`a ${command.kind} outside a session`);
    if (command.kind === 'request') {
      if (link.state === 'draining') throw new Error('a request to a broker that is draining');
      const { id, service, remainingMs, window } = command;
      if (this.#ids.has(id) || id < 1) throw new Error('an id was given twice');
      this.#ids.add(id);
      const call = this.#sentCall(service);
      if (call.sends > call.retries + 1 && this.options.protocol === 'packed') {
        throw new Error('a call was sent more often than it may be');
      }
      if ((remainingMs === 0) !== call.stream || remainingMs > call.timeoutMs + 1)
        throw new Error('a wrong deadline');
      link.requests.set(id, { call, window });
    } else if (command.kind === 'cancel' || command.kind === 'window') {
      const request = link.requests.get(command.id);
      if (!request) throw new Error(`a ${command.kind} of a request that has ended`);
      if (command.kind === 'window') request.window += command.more;
      else this.#ended(link, command.id);
    }
  }

  #ended(link: WorldLink, id: number): void {
    link.requests.delete(id);
    link.ended.push(id);
  }

  submit(options: Pick<WorldCall, 'retries' | 'idempotent' | 'stream' | 'timeoutMs'>): void {
    const service = `s${this.calls.length}`;
    const before = this.pending.length;
    const call: WorldCall = {
      ...options,
      call: undefined,
      service,
      submittedAt: this.now,
      sends: 0,
      behind: false,
      settled: false,
    };
    this.calls.push(call);
    const terms = { ...options, priority: 4, failFast: false, metadata: NO_METADATA };
    const settle = () => {
      if (call.settled) throw new Error('a call was settled twice');
      call.settled = true;
    };
    const caller = {
      partial: () => {
        if (!call.stream) throw new Error('a PARTIAL of a call that is no stream');
        if (call.settled) throw new Error('a PARTIAL after the outcome');
        call.behind ||= !this.readerKeepsUp;
        return !call.behind;
      },
      replied: (body: Body) => {
        if (body.text() !== service) throw new Error('the reply to another call');
        settle();
      },
      failed: ({ code }: MajordomoError) => {
        if (call.behind && code === 'TIMEOUT') {
          throw new Error('a call whose reader is behind ran out of time');
        }
        settle();
      },
    };
    try {
      call.call = this.core.submit(service, Body.of('x'), terms, caller, this.now);
    } catch (error) {
      if (!this.closed && before < this.options.pendingMax) throw error;
      this.calls.pop();
    }
    this.judge();
  }

  opened(link: WorldLink): void {
    if (link.state !== 'opening') return;
    link.state = 'open';
    this.core.linkOpened(link.id, this.now);
    this.judge();
  }

  /** The broker answers HELLO, in its own way. */
  greeted(link: WorldLink): void {
    if (link.state !== 'greeting') return;
    const speaks = this.#speaks.get(link.endpoint);
    if (speaks === 'packed') {
      link.state = 'session';
      if (link.speak === 'auto') this.core.linkFound(link.id, 'packed', this.now);
      this.core.received(link.id, [welcome()], this.now);
    } else if (link.speak === 'auto' && speaks) {
      this.core.linkFound(link.id, speaks, this.now);
    }
    this.judge();
  }

  /** A broker gives no answer to any question. */
  silent(link: WorldLink): void {
    if (link.state !== 'greeting' || link.speak !== 'auto') return;
    this.core.linkFound(link.id, 'silent', this.now);
    this.judge();
  }

  /** The brokers are replaced by such as speak something else. */
  change(n: number, speaks: DialectName): void {
    const endpoint = [...this.#speaks.keys()][n % this.#speaks.size]!;
    this.#speaks.set(endpoint, speaks);
    for (const link of this.live) if (link.endpoint === endpoint) this.lost(link);
  }

  lost(link: WorldLink): void {
    if (link.state === 'closed') return;
    link.state = 'closed';
    this.core.linkClosed(link.id, 'connection closed', this.now);
    this.judge();
  }

  #receive(link: WorldLink, ...commands: BrokerToClient[]): void {
    this.core.received(link.id, commands, this.now);
    this.judge();
  }

  /** A reply on a link: of its call, unasked where it has none, of another service where `strange`. */
  reply(link: WorldLink, kind: 'partial' | 'final', strange: boolean): void {
    if (link.speak === 'auto' || link.speak === 'packed') {
      this.#replyPacked(link, kind, strange);
      return;
    }
    if (link.state !== 'open' || link.paused) return;
    const service = strange || !link.carries ? 'strange' : link.carries.service;
    if (kind === 'final' && !strange) link.carries = undefined;
    this.#receive(link, reply(kind, [service], { service }));
  }

  #replyPacked(link: WorldLink, kind: 'partial' | 'final', strange: boolean): void {
    if (link.state !== 'session' && link.state !== 'draining') return;
    if (strange) {
      this.#receive(link, reply(kind, ['strange'], { id: 1_000_000, service: '' }));
      return;
    }
    const [first] = link.requests;
    if (!first) return;
    const [id, request] = first;
    if (kind === 'partial' && request.window-- === 0) return;
    if (kind === 'final') this.#ended(link, id);
    this.#receive(link, reply(kind, [request.call.service], { id, service: '' }));
  }

  /** All that a session has in hand is answered in one message, late replies to what has ended among it. */
  replyAll(link: WorldLink): void {
    if (link.state !== 'session' && link.state !== 'draining') return;
    const late = link.ended.map((id) => reply('final', ['late'], { id, service: '' }));
    const finals = [...link.requests].map(([id, { call }]) => {
      this.#ended(link, id);
      return reply('final', [call.service], { id, service: '' });
    });
    this.#receive(link, ...late, ...finals);
  }

  fail(link: WorldLink, code: string): void {
    const [id] = link.requests.keys();
    if (id === undefined || link.state === 'closed') return;
    this.#ended(link, id);
    if (code === 'BROKER_DRAINING' && link.state === 'session') link.state = 'draining';
    this.#receive(link, failure(id, code));
  }

  drain(link: WorldLink): void {
    if (link.state !== 'session') return;
    link.state = 'draining';
    this.#receive(link, { kind: 'draining' });
  }

  heartbeat(link: WorldLink): void {
    if (link.state === 'session' || link.state === 'draining') this.#receive(link, { kind: 'heartbeat' });
  }

  refuse(link: WorldLink): void {
    if (link.state === 'closed') return;
    this.core.refused(link.id, { detail: 'not understood' }, this.now);
    this.judge();
  }

  abort(call: WorldCall): void {
    this.core.abort(call.call!, undefined, this.now);
    if (!call.settled) throw new Error('an aborted call goes on');
    this.judge();
  }

  /** The readers of all streams that are behind read all there is. */
  resume(): void {
    for (const call of this.pending) {
      for (let n = 0; n < WINDOW; n++) this.core.taken(call.call!, this.now);
      if (!call.behind) continue;
      call.behind = false;
      this.core.resume(call.call!, this.now);
    }
    this.judge();
  }

  /** Time passes, with a tick whenever the core asked for one. */
  pass(ms: number): void {
    const end = this.now + ms;
    while (this.core.nextWakeAt(this.now) <= end) this.tickAt(this.core.nextWakeAt(this.now));
    this.now = end;
  }

  tickAt(at: number): void {
    this.now = Math.max(this.now, at);
    this.core.tick(this.now);
    const next = this.core.nextWakeAt(this.now);
    if (next <= this.now) throw new Error('after a tick the core asks for another at once');
    for (const call of this.pending) {
      const overdue = !call.stream && this.now > call.submittedAt + call.timeoutMs + GRACE_MS;
      if (overdue) throw new Error('a call is pending beyond its time');
    }
    this.judge();
  }

  close(): void {
    this.closed = true;
    this.core.close();
    if (this.live.length > 0) throw new Error('a link is open after close');
    if (this.pending.length > 0) throw new Error('a call is pending after close');
    if (this.core.nextWakeAt(this.now) !== Infinity) throw new Error('a closed core wants to be woken');
  }

  /** What must hold between any two steps. */
  judge(): void {
    const { pendingMax } = this.options;
    if (this.core.pending !== this.pending.length) throw new Error('pending is miscounted');
    if (this.core.sockets !== this.live.length) throw new Error('sockets are miscounted');
    if (this.pending.length > pendingMax) throw new Error('more calls than pendingMax');
    for (const call of this.underWay) {
      if (call?.settled) throw new Error('a call was given up, and its broker not told');
    }
    this.#judgeProgress();
  }

  /** Nothing is forgotten: whatever waits, waits for something that will happen. */
  #judgeProgress(): void {
    const { underWay } = this;
    const waiting = this.pending.filter((call) => !underWay.has(call));
    const wakeAt = this.core.nextWakeAt(this.now);
    if (wakeAt === Infinity && this.pending.some(({ behind }) => !behind)) {
      throw new Error('calls are pending and nothing is to wake the core');
    }
    if (waiting.length === 0) return;
    const opening = this.live.some(({ state }) => state === 'opening' || state === 'greeting');
    const taking = this.live.some(({ state, speak, carries }) =>
      speak === 'auto' || speak === 'packed' ? state === 'session' : state === 'open' && !carries,
    );
    if (opening) return;
    if (taking) throw new Error('a call waits though a link could take it and none is being opened');
    const full = this.live.length >= this.options.socketsMax;
    if (!full && wakeAt > this.now + Math.max(BACKOFF_MS_MAX, PROBES_MS)) {
      throw new Error('a call waits and no broker is tried');
    }
  }
}
