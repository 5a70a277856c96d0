import {
  AbortError,
  bytesOf,
  ClosedError,
  ConnectionLostError,
  MajordomoError,
  MessageTooLargeError,
  QueueFullError,
  TimeoutError,
  type BrokerToClient,
  type ClientFailure,
  type ClientToBroker,
  type Frame,
  type Limits,
  type Rejection,
} from '@majordomo/protocol';
import { Brokers } from './brokers';
import type { BrokerState, Call, CallRequest, Link, Outcome } from './call';
import { Deadlines } from './deadlines';

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
  /** A PARTIAL of a stream. */
  partial(call: number, body: readonly Frame[]): void;
  settle(call: number, outcome: Outcome): void;
  brokerUp(endpoint: string): void;
  brokerDown(endpoint: string, reason: string): void;
  /** A message of a broker was not understood, or came unasked: its connection is closed. */
  rejected(endpoint: string, rejection: Pick<Rejection, 'detail'>): void;
}

/** Time that a call waits for the whole of its patience. */
const wholePatience = (call: Call, now: number): number => now + call.timeoutMs;

/**
 * The client's decisions against plain brokers: which call goes out on which socket, when it is sent
 * again, when it is given up. No sockets, no clock, no randomness: time comes in as ms, effects go out.
 *
 * Plain MDP has no request id, so a socket carries one call at a time (WIRE: replies of several workers
 * cannot be told apart), and is thrown away with a call that is given up.
 */
export class ClientCore {
  readonly #brokers: Brokers;
  readonly #calls = new Map<number, Call>();
  readonly #links = new Map<number, Link>();
  /** Calls that wait for a socket, in order. */
  #waiting: Call[] = [];
  /** Idle sockets, longest idle first. */
  #idle: Link[] = [];
  #opening = 0;
  readonly #deadlines = new Deadlines<Call>();
  #ids = 0;
  #closed = false;

  constructor(
    private readonly settings: ClientCoreSettings,
    private readonly effects: ClientEffects,
  ) {
    this.#brokers = new Brokers(settings.brokers);
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
    const idle = this.#idle[0];
    const idleAt = idle ? idle.idleSince + this.settings.idleSocketMs : Infinity;
    const brokerAt = this.#waiting.length > 0 ? this.#brokers.nextAt(now) : Infinity;
    return Math.min(this.#deadlines.nextAt, idleAt, brokerAt);
  }

  /**
   * Takes a call; its outcome comes through the effects, never before this returns.
   * @throws ClosedError, QueueFullError, MessageTooLargeError – and then the call was not taken
   */
  submit(request: CallRequest, now: number): number {
    if (this.#closed) throw new ClosedError('This client is closed.');
    const { pendingMax, limits } = this.settings;
    if (this.#calls.size >= pendingMax) {
      throw new QueueFullError(
        `${pendingMax} requests are pending already (pendingMax). ${this.#brokers.describe()}`,
      );
    }
    const { framesMax, messageBytesMax } = limits;
    const bytes = bytesOf(request.body);
    if (request.body.length > framesMax || bytes > messageBytesMax) {
      throw new MessageTooLargeError(
        `A body of ${request.body.length} frames and ${bytes} bytes; at most ${framesMax} and ${messageBytesMax}.`,
      );
    }
    const call: Call = {
      ...request,
      id: ++this.#ids,
      submittedAt: now,
      state: 'waiting',
      dueAt: Infinity,
      slot: -1,
      expiresAt: now + request.timeoutMs,
      sends: 0,
      retriesLeft: request.idempotent ? request.retries : 0,
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
    this.#giveUp(call, new AbortError(`The request to ${call.service} was aborted.`, { cause }), now);
  }

  /** The reader of a stream is behind: nothing more is read from its socket, and its clock stands. */
  pause(id: number): void {
    const call = this.#calls.get(id);
    if (!call?.link || call.paused) return;
    call.paused = true;
    this.effects.pauseLink(call.link.id);
    call.expiresAt = Infinity;
    this.#deadlines.set(call, Infinity);
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
    this.#waiting = [];
    for (const link of [...this.#links.values()]) this.#drop(link);
  }

  linkOpened(id: number, now: number): void {
    const link = this.#links.get(id);
    if (link?.state !== 'opening') return;
    this.#opening--;
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
    if (!link) return;
    const { broker, call } = link;
    this.#forget(link);
    broker.failures++;
    broker.downUntil = now + this.settings.backoffMs(broker.failures);
    broker.lastFailure = reason;
    if (broker.connected && broker.links === 0) {
      broker.connected = false;
      this.effects.brokerDown(broker.endpoint, reason);
    }
    if (call) this.#connectionLost(call, broker, reason);
    this.#pump(now);
  }

  /** What was understood of a message on a socket. */
  received(id: number, command: BrokerToClient, now: number): void {
    const link = this.#links.get(id);
    if (!link) return;
    link.broker.failures = 0;
    link.broker.suspectUntil = 0;
    const { call } = link;
    if (!call) {
      this.refused(id, { detail: `a ${command.kind} that nobody asked for` }, now);
      return;
    }
    if (command.service !== call.service) {
      this.refused(id, { detail: `a reply of ${command.service} to a request to ${call.service}` }, now);
      return;
    }
    if (command.kind === 'partial') this.#partial(call, command.body, now);
    else this.#reply(link, call, command, now);
  }

  /** A message on a socket was not understood, or had no place there: the socket cannot be trusted further. */
  refused(id: number, rejection: Pick<Rejection, 'detail'>, now: number): void {
    const link = this.#links.get(id);
    if (!link) return;
    const { broker, call } = link;
    this.effects.rejected(broker.endpoint, rejection);
    this.#drop(link);
    if (call) this.#connectionLost(call, broker, rejection.detail);
    this.#pump(now);
  }

  /** Time has passed: sends again, gives up, closes idle sockets. */
  tick(now: number): void {
    for (let call = this.#deadlines.takeDue(now); call; call = this.#deadlines.takeDue(now)) {
      if (call.expiresAt <= now) this.#giveUp(call, this.#timeoutOf(call, now), now);
      else this.#sendAgain(call, now);
    }
    const { idleSocketMs } = this.settings;
    for (let link = this.#idle[0]; link && now - link.idleSince >= idleSocketMs; link = this.#idle[0]) {
      this.#drop(link);
    }
    this.#pump(now);
  }

  #timeoutOf(call: Call, now: number): TimeoutError {
    const waited = call.stream ? call.timeoutMs : Math.round(now - call.submittedAt);
    const unreachable = this.#brokers.describe();
    const why =
      unreachable ||
      (call.sends === 0
        ? 'never sent: every socket was taken (socketsMax)'
        : `sent ${call.sends} time(s), no reply`);
    return new TimeoutError(`No reply from ${call.service} within ${waited} ms: ${why}.`);
  }

  /** Gives waiting calls to sockets, opening new ones where there are too few. */
  #pump(now: number): void {
    if (this.#closed) return;
    while (this.#waiting.length > 0) {
      const call = this.#waiting[0]!;
      const link = this.#linkFor(call, now);
      if (!link) break;
      this.#waiting.shift();
      this.#send(call, link, now);
    }
    while (this.#opening < this.#waiting.length && this.#links.size < this.settings.socketsMax) {
      const avoid = this.#waiting[this.#opening]?.avoid;
      const broker =
        this.#brokers.take(now, (each) => each !== avoid && each.suspectUntil <= now) ??
        this.#brokers.take(now, () => true);
      if (!broker) break;
      this.#open(broker);
    }
  }

  /** An idle socket for a call; none where one to a better broker can be had by opening it. */
  #linkFor(call: Call, now: number): Link | undefined {
    const good = (broker: BrokerState) => broker !== call.avoid && broker.suspectUntil <= now;
    const best = this.#idle.find((link) => good(link.broker));
    if (best) return best;
    const canOpen = this.#links.size < this.settings.socketsMax || this.#opening > 0;
    const better = canOpen && this.#brokers.all.some((broker) => good(broker) && broker.downUntil <= now);
    return better ? undefined : this.#idle[0];
  }

  #open(broker: BrokerState): void {
    const link: Link = { id: ++this.#ids, broker, state: 'opening', call: undefined, idleSince: 0 };
    this.#links.set(link.id, link);
    this.#opening++;
    broker.links++;
    this.effects.openLink(link.id, broker.endpoint);
  }

  #send(call: Call, link: Link, now: number): void {
    this.#idle.splice(this.#idle.indexOf(link), 1);
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

  #partial(call: Call, body: readonly Frame[], now: number): void {
    call.retriesLeft = 0;
    if (call.stream) {
      call.delivered = true;
      this.#extend(call, now);
      this.effects.partial(call.id, body);
      return;
    }
    this.#deadlines.set(call, call.expiresAt);
    const { framesMax, messageBytesMax } = this.settings.limits;
    call.gatheredBytes += bytesOf(body);
    for (const frame of body) call.gathered.push(frame);
    if (call.gathered.length <= framesMax && call.gatheredBytes <= messageBytesMax) return;
    const error = new MessageTooLargeError(
      `The PARTIALs of ${call.service} are more than ${framesMax} frames or ${messageBytesMax} bytes. Use stream().`,
    );
    this.#giveUp(call, error, now);
  }

  /** A stream moved: its reader waits anew. */
  #extend(call: Call, now: number): void {
    call.expiresAt = wholePatience(call, now);
    this.#deadlines.set(call, call.expiresAt);
  }

  #reply(link: Link, call: Call, command: Exclude<BrokerToClient, { kind: 'partial' }>, now: number): void {
    link.call = undefined;
    this.#makeIdle(link, now);
    if (command.kind === 'failure') this.#settle(call, { ok: false, error: errorOf(command) });
    else this.#settle(call, { ok: true, body: [...call.gathered, ...command.body] });
    this.#pump(now);
  }

  #makeIdle(link: Link, now: number): void {
    link.state = 'idle';
    link.idleSince = now;
    this.#idle.push(link);
  }

  /** No reply came in this attempt's share of the time: once more, on a fresh socket (RFC 7, "MDP/Client"). */
  #sendAgain(call: Call, now: number): void {
    call.retriesLeft--;
    const { link } = call;
    if (link) {
      link.broker.suspectUntil = now + this.settings.suspectMs;
      call.avoid = link.broker;
      this.#drop(link);
    }
    this.#waitAgain(call);
    this.#pump(now);
  }

  #waitAgain(call: Call): void {
    call.state = 'waiting';
    call.link = undefined;
    call.gathered = [];
    call.gatheredBytes = 0;
    this.#deadlines.set(call, call.expiresAt);
    this.#waiting.unshift(call);
  }

  /** The connection broke in mid-call: once more where that does no harm. */
  #connectionLost(call: Call, broker: BrokerState, reason: string): void {
    call.link = undefined;
    call.avoid = broker;
    if (call.idempotent && !call.delivered) {
      this.#waitAgain(call);
      return;
    }
    const why = call.delivered
      ? 'part of its reply had been read'
      : 'it may not be sent twice (idempotent: false)';
    const error = new ConnectionLostError(
      `The connection to ${broker.endpoint} was lost (${reason}) after the request to ${call.service} had been sent; ${why}.`,
    );
    this.#settle(call, { ok: false, error });
  }

  /** Ends a call without a reply; its socket goes with it, so that a late reply finds nobody. */
  #giveUp(call: Call, error: MajordomoError, now: number): void {
    const { link } = call;
    if (link) this.#drop(link);
    else this.#waiting.splice(this.#waiting.indexOf(call), 1);
    this.#settle(call, { ok: false, error });
    this.#pump(now);
  }

  #settle(call: Call, outcome: Outcome): void {
    call.state = 'settled';
    call.link = undefined;
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
    if (link.state === 'opening') this.#opening--;
    if (link.state === 'idle') this.#idle.splice(this.#idle.indexOf(link), 1);
    link.state = 'closed';
    link.call = undefined;
    link.broker.links--;
    this.#links.delete(link.id);
  }
}

/** The error that a failure amounts to. */
function errorOf({ code, message, retryable, service }: ClientFailure): MajordomoError {
  const text = `The request to ${service} failed: ${message}.`;
  return code === 'QUEUE_FULL' ? new QueueFullError(text) : new MajordomoError(code, text, { retryable });
}
