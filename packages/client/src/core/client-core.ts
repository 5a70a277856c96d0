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
import { Brokers } from './brokers';
import { Call, type BrokerState, type CallRequest, type Link, type Outcome } from './call';
import { Deadlines } from './deadlines';
import { connectionLost, failed, gatheredTooMuch, timedOut } from './explain';
import { Pool, type PoolEffects, type PoolSettings } from './pool';
import { Queue } from './queue';

/** What the client's core goes by; times in ms. */
export interface ClientCoreSettings extends PoolSettings {
  readonly brokers: readonly string[];
  readonly pendingMax: number;
  /** How long a broker that left a call without reply is avoided where there are others. */
  readonly suspectMs: number;
  readonly limits: Limits;
  /** The wait before another connection after so many failures in a row. */
  readonly backoffMs: (failures: number) => number;
}

/** What the core does to the world. Every call returns at once and never calls back into the core. */
export interface ClientEffects extends PoolEffects {
  send(link: number, command: ClientToBroker): void;
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
  readonly #pool: Pool;
  /** Calls that wait for a socket, in order. */
  readonly #waiting = new Queue<Call>();
  readonly #deadlines = new Deadlines<Call>();
  #ids = 0;
  #closed = false;

  constructor(
    private readonly settings: ClientCoreSettings,
    private readonly effects: ClientEffects,
  ) {
    this.#brokers = new Brokers(settings.brokers, settings.backoffMs);
    this.#pool = new Pool(this.#brokers, settings, effects);
  }

  /** Calls that have no outcome yet. */
  get pending(): number {
    return this.#calls.size;
  }

  /** Sockets, opening ones included. */
  get sockets(): number {
    return this.#pool.size;
  }

  /** When `tick` should be called next, in ms, or `Infinity`. */
  nextWakeAt(now: number): number {
    const brokerAt = this.#waiting.length > 0 ? this.#brokers.nextAt(now) : Infinity;
    return Math.min(this.#deadlines.nextAt, this.#pool.nextWakeAt, brokerAt);
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
    const call = new Call(++this.#ids, request, now);
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
    this.#pool.dropAll();
  }

  linkOpened(id: number, now: number): void {
    const link = this.#pool.get(id);
    if (link?.state !== 'opening') return;
    this.#pool.stands(link, now);
    const { broker } = link;
    if (!broker.connected) {
      broker.connected = true;
      this.effects.brokerUp(broker.endpoint);
    }
    this.#pump(now);
  }

  /** The connection is gone; the shell has closed the socket. */
  linkClosed(id: number, reason: string, now: number): void {
    const link = this.#pool.get(id);
    if (link) this.#lost(link, reason, now);
  }

  /** What was understood of a message on a socket. */
  received(id: number, command: BrokerToClient, now: number): void {
    const link = this.#pool.get(id);
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
    const link = this.#pool.get(id);
    if (!link) return;
    this.effects.rejected(link.broker.endpoint, rejection);
    this.effects.closeLink(id);
    this.#lost(link, rejection.detail, now);
  }

  /** Time has passed: sends again, gives up, closes idle sockets. */
  tick(now: number): void {
    const { allTaken } = this.#pool;
    for (let call = this.#deadlines.takeDue(now); call; call = this.#deadlines.takeDue(now)) {
      if (call.link) call.link.broker.suspectUntil = now + this.settings.suspectMs;
      if (call.expiresAt > now) this.#sendAgain(call);
      else this.#giveUp(call, timedOut(call, this.#hindrance(call, allTaken), now));
    }
    this.#pool.tick(now);
    this.#pump(now);
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
      const link = this.#pool.idleFor(call, now);
      if (!link) break;
      this.#waiting.remove(call);
      this.#send(call, link, now);
    }
    this.#pool.open(this.#waiting.length, this.#waiting.first?.avoid, now);
    if (this.#calls.size > 0) this.#pool.evenOut(now);
  }

  #send(call: Call, link: Link, now: number): void {
    this.#pool.occupy(link, call);
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
    this.#pool.release(link, now);
    if (command.kind === 'failure') this.#settle(call, { ok: false, error: failed(command) });
    else if (call.gathered.length === 0) this.#settle(call, { ok: true, body: command.body });
    else if (this.#gather(call, command.body)) this.#settle(call, { ok: true, body: call.gathered });
    else this.#settle(call, { ok: false, error: gatheredTooMuch(call, this.settings.limits) });
    this.#pump(now);
  }

  /** No reply came in this attempt's share of the time: once more, on a fresh socket (RFC 7, "MDP/Client"). */
  #sendAgain(call: Call): void {
    call.retriesLeft--;
    if (call.link) {
      call.avoid = call.link.broker;
      this.#pool.drop(call.link);
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
    this.#pool.forget(link);
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
    if (call.link) this.#pool.drop(call.link);
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
}
