import { DEFAULT_LIMITS, encodeText, type ClientToBroker } from '@majordomo/protocol';
import { ClientCore } from '../../src/core/client-core';

/** What the world knows of a call, from its submission and the effects alone. */
interface WorldCall {
  readonly id: number;
  readonly service: string;
  readonly retries: number;
  readonly idempotent: boolean;
  readonly stream: boolean;
  readonly timeoutMs: number;
  readonly submittedAt: number;
  sends: number;
  settled: boolean;
}

interface WorldLink {
  readonly id: number;
  state: 'opening' | 'open' | 'closed';
  paused: boolean;
  /** The call whose request was sent on it and whose final reply has not come. */
  carries: WorldCall | undefined;
}

/** A connection may break this often under a call; written here again, on purpose. */
const LOSSES_MAX = 5;
const BACKOFF_MS_MAX = 400;

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
  #ticking = false;

  constructor(
    readonly socketsMax: number,
    readonly pendingMax: number,
    brokers: number,
  ) {
    this.core = new ClientCore(
      {
        brokers: Array.from({ length: brokers }, (_, n) => `tcp://broker-${n}:5555`),
        socketsMax,
        pendingMax,
        idleSocketMs: 2_000,
        suspectMs: 700,
        limits: DEFAULT_LIMITS,
        backoffMs: (failures) => Math.min(BACKOFF_MS_MAX, failures * 100),
      },
      {
        openLink: (id) => {
          if (this.closed) throw new Error('a link was opened after close');
          this.links.push({ id, state: 'opening', paused: false, carries: undefined });
          if (this.live.length > socketsMax) throw new Error('more links than socketsMax');
        },
        send: (id, command) => this.#sent(id, command),
        closeLink: (id) => {
          const link = this.#link(id);
          if (link.state === 'closed') throw new Error('a link was closed twice');
          link.state = 'closed';
        },
        pauseLink: (id) => (this.#link(id).paused = true),
        resumeLink: (id) => (this.#link(id).paused = false),
        partial: (call) => {
          if (!this.#call(call).stream) throw new Error('a PARTIAL of a call that is no stream');
          if (this.#call(call).settled) throw new Error('a PARTIAL after the outcome');
          return this.readerKeepsUp;
        },
        settle: (call) => {
          const settled = this.#call(call);
          if (settled.settled) throw new Error('a call was settled twice');
          const paused = this.links.some((link) => link.paused && link.carries === settled);
          if (paused && this.#ticking) throw new Error('a call whose reader is behind ran out of time');
          settled.settled = true;
        },
        brokerUp: () => undefined,
        brokerDown: () => undefined,
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

  #link(id: number): WorldLink {
    const link = this.links.find((each) => each.id === id);
    if (!link) throw new Error('no such link');
    return link;
  }

  #call(id: number): WorldCall {
    const call = this.calls.find((each) => each.id === id);
    if (!call) throw new Error('no such call');
    return call;
  }

  #sent(id: number, command: ClientToBroker): void {
    const link = this.#link(id);
    const call = this.calls.find(({ service }) => service === command.service);
    if (!call || call.settled) throw new Error('a request of no call that is pending');
    if (link.state !== 'open') throw new Error(`a request on a link that is ${link.state}`);
    if (link.carries) throw new Error('two calls on one link');
    if (this.live.some(({ carries }) => carries === call)) throw new Error('one call on two links');
    link.carries = call;
    call.sends++;
    if (!call.idempotent && call.sends > 1) throw new Error('idempotent: false was sent twice');
    if (call.sends > call.retries + LOSSES_MAX) throw new Error('a call was sent without end');
  }

  submit(options: Pick<WorldCall, 'retries' | 'idempotent' | 'stream' | 'timeoutMs'>): void {
    const service = `s${this.calls.length}`;
    const before = this.pending.length;
    // The call is known before its effects: the core numbers calls and links alike, upwards.
    const call: WorldCall = { ...options, id: -1, service, submittedAt: this.now, sends: 0, settled: false };
    this.calls.push(call);
    try {
      const id = this.core.submit({ ...options, service, body: [encodeText('x')] }, this.now);
      Object.assign(call, { id });
    } catch (error) {
      if (!this.closed && before < this.pendingMax) throw error;
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

  lost(link: WorldLink): void {
    if (link.state === 'closed') return;
    link.state = 'closed';
    this.core.linkClosed(link.id, 'connection closed', this.now);
    this.judge();
  }

  /** A reply on a link: of its call, unasked where it has none, of another service where `strange`. */
  reply(link: WorldLink, kind: 'partial' | 'final', strange: boolean): void {
    if (link.state !== 'open' || link.paused) return;
    const service = strange || !link.carries ? 'strange' : link.carries.service;
    if (kind === 'final' && !strange) link.carries = undefined;
    this.core.received(link.id, { kind, service, body: [encodeText('y')] }, this.now);
    this.judge();
  }

  refuse(link: WorldLink): void {
    if (link.state === 'closed') return;
    this.core.refused(link.id, { detail: 'not understood' }, this.now);
    this.judge();
  }

  abort(call: WorldCall): void {
    this.core.abort(call.id, undefined, this.now);
    if (!call.settled) throw new Error('an aborted call goes on');
    this.judge();
  }

  resume(link: WorldLink): void {
    if (!link.paused || !link.carries) return;
    this.core.resume(link.carries.id, this.now);
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
    this.#ticking = true;
    this.core.tick(this.now);
    this.#ticking = false;
    const next = this.core.nextWakeAt(this.now);
    if (next <= this.now) throw new Error('after a tick the core asks for another at once');
    for (const call of this.pending) {
      const overdue = !call.stream && this.now > call.submittedAt + call.timeoutMs;
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
    if (this.core.pending !== this.pending.length) throw new Error('pending is miscounted');
    if (this.core.sockets !== this.live.length) throw new Error('sockets are miscounted');
    if (this.pending.length > this.pendingMax) throw new Error('more calls than pendingMax');
    for (const { carries } of this.live) {
      if (carries?.settled) throw new Error('a link that carried a call that was given up is still open');
    }
    this.#judgeProgress();
  }

  /** Nothing is forgotten: whatever waits, waits for something that will happen. */
  #judgeProgress(): void {
    const underWay = new Set(this.live.map(({ carries }) => carries));
    const waiting = this.pending.filter((call) => !underWay.has(call));
    const wakeAt = this.core.nextWakeAt(this.now);
    const paused = new Set(this.live.filter((link) => link.paused).map(({ carries }) => carries));
    if (wakeAt === Infinity && this.pending.some((call) => !paused.has(call))) {
      throw new Error('calls are pending and nothing is to wake the core');
    }
    if (waiting.length === 0) return;
    const opening = this.live.filter(({ state }) => state === 'opening').length;
    const idle = this.live.filter(({ state, carries }) => state === 'open' && !carries).length;
    if (opening > 0) return;
    if (idle > 0) throw new Error('a call waits though a link is idle and none is being opened');
    const full = this.live.length >= this.socketsMax;
    if (!full && wakeAt > this.now + BACKOFF_MS_MAX) throw new Error('a call waits and no broker is tried');
  }
}
