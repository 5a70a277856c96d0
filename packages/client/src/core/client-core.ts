import {
  AbortError,
  BodySize,
  bytesOf,
  ClosedError,
  encodeText,
  QueueFullError,
  type BrokerToClient,
  type ClientToBroker,
  type Frame,
  type Limits,
  type MajordomoError,
  type Rejection,
} from '@majordomo/protocol';
import { Brokers, isHopeful } from './brokers';
import type { BrokerState, Call, CallRequest, Link, Outcome } from './call';
import { Deadlines } from './deadlines';
import { connectionLost, failed, gatheredTooMuch, timedOut } from './explain';
import { Queue } from './queue';

/** What the client's core goes by; times in ms. */
export interface ClientCoreSettings {
  readonly brokers: readonly string[];
  readonly socketsMax: number;
  readonly pendingMax: number;
  /** How long a socket may be idle before it is closed. */
  readonly idleSocketMs: number;
  /** How long a broker that left a call without reply is avoided where there are others. */
  readonly suspectMs: number;
  readonly limits: Limits;
  /** The wait before another connection after so many failures in a row. */
  readonly backoffMs: (failures: number) => number;
}

/** What the core does to the world. Every call returns at once and never calls back into the core. */
export interface ClientEffects {
  openLink(link: number, endpoint: string): void;
  send(link: number, command: ClientToBroker): void;
  closeLink(link: number): void;
  pauseLink(link: number): void;
  resumeLink(link: number): void;
  /** A PARTIAL of a stream; false where its reader is behind, until {@link ClientCore.resume}. */
  partial(call: number, body: readonly Frame[]): boolean;
  settle(call: number, outcome: Outcome): void;
  brokerUp(endpoint: string): void;
  brokerDown(endpoint: string, reason: string): void;
  /** A message of a broker was not understood, or came unasked: its connection is closed. */
  rejected(endpoint: string, rejection: Pick<Rejection, 'detail'>): void;
}

/** A connection that takes longer than this, in ms, is awaited no more where there are other brokers. */
const SLOW_MS = 250;

/** Connections that one call may lose before it is given up: its body may be what breaks them. */
const LOSSES_MAX = 5;

/** What goes around a request: header, service, and delimiter (RFC 7) or command (RFC 18). */
const envelopeOf = (service: string) => ({ frames: 3, bytes: 6 + 1 + encodeText(service).length });

/**
 * The client's decisions against plain brokers: which call goes out on which socket, when it is sent
 * again, when it is given up. No sockets, no clock, no randomness: time comes in as ms, effects go out.
 *
 * Plain MDP has no request id, so a socket carries one call at a time (replies of several workers could not
 * be told apart), and is thrown away with a call that is given up.
 */
export class ClientCore {
  readonly #brokers: Brokers;
  readonly #calls = new Map<number, Call>();
  readonly #links = new Map<number, Link>();
  /** Calls that wait for a socket, in order. */
  readonly #waiting = new Queue<Call>();
  /** Idle sockets, longest idle first. */
  readonly #idle = new Queue<Link>();
  /** Sockets whose connection is awaited, longest awaited first; those that take long are not. */
  readonly #opening = new Queue<Link>();
  readonly #deadlines = new Deadlines<Call>();
  #ids = 0;
  #closed = false;

  constructor(
    private readonly settings: ClientCoreSettings,
    private readonly effects: ClientEffects,
  ) {
    this.#brokers = new Brokers(settings.brokers, settings.backoffMs);
  }

  /** Calls that have no outcome yet. */
  get pending(): number {
    return this.#calls.size;
  }

  /** Sockets, opening ones included. */
  get sockets(): number {
    return this.#links.size;
  }

  /** When `tick` should be called next, in ms, or `Infinity`. */
  nextWakeAt(now: number): number {
    const idle = this.#idle.first;
    const idleAt = idle ? idle.since + this.settings.idleSocketMs : Infinity;
    const opening = this.#hasAlternatives ? this.#opening.first : undefined;
    const slowAt = opening ? opening.since + SLOW_MS : Infinity;
    const brokerAt = this.#waiting.length > 0 ? this.#brokers.nextAt(now) : Infinity;
    return Math.min(this.#deadlines.nextAt, idleAt, slowAt, brokerAt);
  }

  /**
   * Takes a call; its outcome comes through the effects, never before this returns.
   * @throws ClosedError, QueueFullError, MessageTooLargeError – and then the call was not taken
   */
  submit(request: CallRequest, now: number): number {
    if (this.#closed) throw new ClosedError('This client is closed.');
    const { pendingMax, limits } = this.settings;
    if (this.#calls.size >= pendingMax) {
      const why = this.#brokers.describe();
      throw new QueueFullError(
        `${pendingMax} requests are pending already (pendingMax)${why && `: ${why}`}.`,
      );
    }
    const { service, body } = request;
    new BodySize(limits, `A request to ${service}`, envelopeOf(service)).add(body);
    const call: Call = {
      ...request,
      id: ++this.#ids,
      submittedAt: now,
      state: 'waiting',
      dueAt: Infinity,
      slot: -1,
      queue: undefined,
      ahead: undefined,
      behind: undefined,
      expiresAt: now + request.timeoutMs,
      sends: 0,
      retriesLeft: request.idempotent ? request.retries : 0,
      losses: 0,
      link: undefined,
      avoid: undefined,
      delivered: false,
      paused: false,
      gathered: [],
      gatheredBytes: 0,
    };
    this.#calls.set(call.id, call);
    this.#deadlines.set(call, call.expiresAt);
    this.#waiting.push(call);
    this.#pump(now);
    return call.id;
  }

  /** The caller wants no reply any more. The broker learns it by the connection that closes. */
  abort(id: number, cause: unknown, now: number): void {
    const call = this.#calls.get(id);
    if (!call) return;
    this.#giveUp(call, new AbortError(`The request to ${call.service} was aborted.`, { cause }));
    this.#pump(now);
  }

  /** The reader of a stream has caught up. */
  resume(id: number, now: number): void {
    const call = this.#calls.get(id);
    if (!call?.link || !call.paused) return;
    call.paused = false;
    this.effects.resumeLink(call.link.id);
    this.#extend(call, now);
  }

  /** Rejects every pending call and closes every socket. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const call of [...this.#calls.values()]) {
      this.#settle(call, {
        ok: false,
        error: new ClosedError('The client was closed before the reply came.'),
      });
    }
    for (const link of [...this.#links.values()]) this.#drop(link);
  }

  linkOpened(id: number, now: number): void {
    const link = this.#links.get(id);
    if (link?.state !== 'opening') return;
    this.#opening.remove(link);
    this.#makeIdle(link, now);
    const { broker } = link;
    if (!broker.connected) {
      broker.connected = true;
      this.effects.brokerUp(broker.endpoint);
    }
    this.#pump(now);
  }

  /** The connection is gone; the shell has closed the socket. */
  linkClosed(id: number, reason: string, now: number): void {
    const link = this.#links.get(id);
    if (link) this.#lost(link, reason, now);
  }

  /** What was understood of a message on a socket. */
  received(id: number, command: BrokerToClient, now: number): void {
    const link = this.#links.get(id);
    if (!link) return;
    const { broker, call } = link;
    if (!call) {
      this.refused(id, { detail: `a ${command.kind} that nobody asked for` }, now);
      return;
    }
    if (command.service !== call.service) {
      this.refused(id, { detail: `a reply of ${command.service} to a request to ${call.service}` }, now);
      return;
    }
    broker.failures = 0;
    broker.suspectUntil = 0;
    if (command.kind === 'partial') this.#partial(link, call, command.body, now);
    else this.#reply(link, call, command, now);
  }

  /** A message on a socket was not understood, or had no place there: the socket cannot be trusted further. */
  refused(id: number, rejection: Pick<Rejection, 'detail'>, now: number): void {
    const link = this.#links.get(id);
    if (!link) return;
    this.effects.rejected(link.broker.endpoint, rejection);
    this.effects.closeLink(id);
    this.#lost(link, rejection.detail, now);
  }

  /** Time has passed: sends again, gives up, closes idle sockets. */
  tick(now: number): void {
    const { idleSocketMs, socketsMax, suspectMs } = this.settings;
    const allTaken = this.#opening.length === 0 && this.#links.size >= socketsMax;
    for (let call = this.#deadlines.takeDue(now); call; call = this.#deadlines.takeDue(now)) {
      if (call.link) call.link.broker.suspectUntil = now + suspectMs;
      if (call.expiresAt > now) this.#sendAgain(call);
      else this.#giveUp(call, timedOut(call, this.#hindrance(call, allTaken), now));
    }
    for (let link = this.#idle.first; link; link = this.#idle.first) {
      if (link.since + idleSocketMs > now) break;
      this.#drop(link);
    }
    if (this.#hasAlternatives) this.#passOverSlow(now);
    this.#pump(now);
  }

  get #hasAlternatives(): boolean {
    return this.#brokers.all.length > 1;
  }

  /** A host that is gone without a word lets a connection wait for long: others are tried beside it. */
  #passOverSlow(now: number): void {
    for (let link = this.#opening.first; link; link = this.#opening.first) {
      if (link.since + SLOW_MS > now) break;
      this.#opening.remove(link);
      this.#brokers.failed(link.broker, `no connection within ${SLOW_MS} ms`, now);
    }
  }

  /** What kept a call from being sent or answered, in words, where something is known to. */
  #hindrance(call: Call, allTaken: boolean): string {
    if (call.state === 'waiting' && allTaken) {
      return `every socket was taken (socketsMax ${this.settings.socketsMax})`;
    }
    return this.#brokers.describe();
  }

  /** Gives waiting calls to sockets, opening new ones where there are too few. */
  #pump(now: number): void {
    if (this.#closed) return;
    for (let call = this.#waiting.first; call; call = this.#waiting.first) {
      const link = this.#linkFor(call, now);
      if (!link) break;
      this.#waiting.remove(call);
      this.#send(call, link, now);
    }
    while (this.#opening.length < this.#waiting.length && this.#links.size < this.settings.socketsMax) {
      const avoid = this.#waiting.first?.avoid;
      const broker =
        this.#brokers.take(now, (each) => each !== avoid && each.suspectUntil <= now) ??
        this.#brokers.take(now, () => true);
      if (!broker) break;
      this.#open(broker, now);
    }
  }

  /** An idle socket for a call; none where one to a better broker can be had by opening it. */
  #linkFor(call: Call, now: number): Link | undefined {
    const good = (broker: BrokerState) => broker !== call.avoid && broker.suspectUntil <= now;
    for (const link of this.#idle) if (good(link.broker)) return link;
    const canOpen = this.#links.size < this.settings.socketsMax || this.#opening.length > 0;
    const better = (broker: BrokerState) => good(broker) && broker.downUntil <= now && isHopeful(broker);
    return canOpen && this.#brokers.all.some(better) ? undefined : this.#idle.first;
  }

  #open(broker: BrokerState, now: number): void {
    const link: Link = {
      id: ++this.#ids,
      broker,
      state: 'opening',
      call: undefined,
      since: now,
      queue: undefined,
      ahead: undefined,
      behind: undefined,
    };
    this.#links.set(link.id, link);
    this.#opening.push(link);
    broker.links++;
    this.effects.openLink(link.id, broker.endpoint);
  }

  #send(call: Call, link: Link, now: number): void {
    this.#idle.remove(link);
    link.state = 'busy';
    link.call = call;
    call.state = 'sent';
    call.link = link;
    call.sends++;
    this.#deadlines.set(call, this.#attemptEnd(call, now));
    this.effects.send(link.id, { kind: 'request', service: call.service, body: call.body });
  }

  /** When this attempt has had its share of the time. */
  #attemptEnd(call: Call, now: number): number {
    if (call.retriesLeft === 0) return call.expiresAt;
    return now + (call.expiresAt - now) / (call.retriesLeft + 1);
  }

  #partial(link: Link, call: Call, body: readonly Frame[], now: number): void {
    call.retriesLeft = 0;
    if (!call.stream) {
      this.#deadlines.set(call, call.expiresAt);
      if (this.#gather(call, body)) return;
      this.#giveUp(call, gatheredTooMuch(call, this.settings.limits));
      this.#pump(now);
      return;
    }
    call.delivered = true;
    this.#extend(call, now);
    if (!this.effects.partial(call.id, body)) this.#pause(call, link);
  }

  /** Keeps the frames of a reply that comes in parts; false where they are more than one message may hold. */
  #gather(call: Call, body: readonly Frame[]): boolean {
    const { framesMax, messageBytesMax } = this.settings.limits;
    call.gatheredBytes += bytesOf(body);
    for (const frame of body) call.gathered.push(frame);
    return call.gathered.length <= framesMax && call.gatheredBytes <= messageBytesMax;
  }

  /** A stream moved: its reader waits anew. */
  #extend(call: Call, now: number): void {
    call.expiresAt = now + call.timeoutMs;
    this.#deadlines.set(call, call.expiresAt);
  }

  /** The reader of a stream is behind: nothing more is read from its socket, and its clock stands. */
  #pause(call: Call, link: Link): void {
    call.paused = true;
    call.expiresAt = Infinity;
    this.#deadlines.set(call, Infinity);
    this.effects.pauseLink(link.id);
  }

  #reply(link: Link, call: Call, command: Exclude<BrokerToClient, { kind: 'partial' }>, now: number): void {
    link.call = undefined;
    this.#makeIdle(link, now);
    if (command.kind === 'failure') this.#settle(call, { ok: false, error: failed(command) });
    else if (call.gathered.length === 0) this.#settle(call, { ok: true, body: command.body });
    else if (this.#gather(call, command.body)) this.#settle(call, { ok: true, body: call.gathered });
    else this.#settle(call, { ok: false, error: gatheredTooMuch(call, this.settings.limits) });
    this.#pump(now);
  }

  #makeIdle(link: Link, now: number): void {
    link.state = 'idle';
    link.since = now;
    this.#idle.push(link);
  }

  /** No reply came in this attempt's share of the time: once more, on a fresh socket (RFC 7, "MDP/Client"). */
  #sendAgain(call: Call): void {
    call.retriesLeft--;
    if (call.link) {
      call.avoid = call.link.broker;
      this.#drop(call.link);
    }
    this.#waitAgain(call);
  }

  #waitAgain(call: Call): void {
    call.state = 'waiting';
    call.link = undefined;
    call.gathered = [];
    call.gatheredBytes = 0;
    this.#deadlines.set(call, call.expiresAt);
    this.#waiting.unshift(call);
  }

  /** A connection is gone, and the socket with it. */
  #lost(link: Link, reason: string, now: number): void {
    const { broker, call } = link;
    this.#forget(link);
    this.#brokers.failed(broker, reason, now);
    if (broker.connected && broker.links === 0) {
      broker.connected = false;
      this.effects.brokerDown(broker.endpoint, reason);
    }
    if (call) this.#connectionLost(call, broker, reason);
    this.#pump(now);
  }

  /** The connection broke in mid-call: once more where that does no harm. */
  #connectionLost(call: Call, broker: BrokerState, reason: string): void {
    call.link = undefined;
    call.avoid = broker;
    call.losses++;
    if (call.idempotent && !call.delivered && call.losses < LOSSES_MAX) this.#waitAgain(call);
    else this.#settle(call, { ok: false, error: connectionLost(call, broker, reason) });
  }

  /** Ends a call without a reply; its socket goes with it, so that a late reply finds nobody. */
  #giveUp(call: Call, error: MajordomoError): void {
    if (call.link) this.#drop(call.link);
    this.#settle(call, { ok: false, error });
  }

  #settle(call: Call, outcome: Outcome): void {
    call.state = 'settled';
    call.link = undefined;
    this.#waiting.remove(call);
    this.#deadlines.remove(call);
    this.#calls.delete(call.id);
    this.effects.settle(call.id, outcome);
  }

  /** Closes a socket of our own accord. */
  #drop(link: Link): void {
    this.#forget(link);
    this.effects.closeLink(link.id);
  }

  #forget(link: Link): void {
    this.#opening.remove(link);
    this.#idle.remove(link);
    link.state = 'closed';
    link.call = undefined;
    link.broker.links--;
    this.#links.delete(link.id);
  }
}
