import {
  AbortError,
  ClosedError,
  QueueFullError,
  UnauthorizedError,
  type Body,
  type BrokerToClient,
  type ClientToBroker,
  type DialectName,
  type ErrorCode,
  type Limits,
  type MajordomoError,
  type Protocol,
  type Rejection,
} from '@majordomo/protocol';
import { BodyBound } from './body-bound';
import { Brokers, isHopeful, type BrokerEvents, type BrokerState } from './brokers';
import { Call, type Caller, type CallTerms } from './call';
import { Calls } from './calls';
import type { Ending } from './ending';
import { notLetIn, timedOut } from './explain';
import { checkInvariants } from './invariants';
import { PackedLinks, type PackedLinksSettings } from './packed-links';
import { PackedTalk, type PackedTalkSettings } from './packed-talk';
import { PlainTalk } from './plain-talk';
import { Pool, type PoolEffects, type PoolSettings } from './pool';
import { Sockets } from './sockets';

/** What the client's core goes by; times in ms. */
export interface ClientCoreSettings extends PoolSettings, PackedLinksSettings, PackedTalkSettings {
  readonly brokers: readonly string[];
  readonly protocol: Protocol;
  readonly pendingMax: number;
  /** How long a broker that left a call without reply is avoided where there are others. */
  readonly suspectMs: number;
  readonly limits: Limits;
  /** The wait before another connection after so many failures in a row. */
  readonly backoffMs: (failures: number) => number;
}

/** What the core does to the world. Every call returns at once and never calls back into the core. */
export interface ClientEffects extends PoolEffects, BrokerEvents {
  send(link: number, command: ClientToBroker): void;
  pauseLink(link: number): void;
  resumeLink(link: number): void;
  /** A call has ended, with its reply or with an error of that code; left out where nobody wants to know. */
  readonly ended?: ((call: Call, outcome: 'replied' | ErrorCode) => void) | undefined;
  /** A message of a broker was not understood, or came unasked: its connection is closed. */
  rejected(endpoint: string, rejection: Pick<Rejection, 'detail'>): void;
}

/**
 * The client's decisions: which call goes out on which connection, when it is sent again, when it is given up. No
 * sockets, no clock, no randomness: time comes in as ms, effects go out.
 *
 * Packed sessions carry any number of calls at once. Plain MDP has no request id, so a plain socket carries one call
 * at a time (replies of several workers could not be told apart), and is thrown away with a call that is given up.
 */
export class ClientCore {
  readonly #calls: Calls;
  readonly #brokers: Brokers;
  readonly #sockets: Sockets;
  readonly #pool: Pool;
  readonly #plain: PlainTalk;
  readonly #sessions: PackedLinks;
  readonly #packed: PackedTalk;
  /** What every body has to keep to, whoever it goes to. */
  readonly #bound: BodyBound;
  #turn = 0;
  #closed = false;

  constructor(
    private readonly settings: ClientCoreSettings,
    private readonly effects: ClientEffects,
  ) {
    const { protocol, limits } = settings;
    this.#calls = new Calls(effects.ended);
    const plainBound = new BodyBound(limits, true);
    const mayBePacked = protocol === 'auto' || protocol === 'packed';
    this.#bound = mayBePacked ? new BodyBound(limits, false) : plainBound;
    this.#brokers = new Brokers(settings.brokers, settings.backoffMs, protocol, effects);
    this.#sockets = new Sockets(settings.socketsMax);
    this.#pool = new Pool(this.#brokers, this.#sockets, settings, effects);
    this.#plain = new PlainTalk(this.#pool, this.#calls, this.#brokers, plainBound, limits, effects);
    this.#sessions = new PackedLinks(this.#brokers, this.#sockets, settings, effects);
    this.#packed = new PackedTalk(this.#sessions, this.#calls, this.#brokers, settings, effects);
  }

  /** Calls that have no outcome yet. */
  get pending(): number {
    return this.#calls.pending;
  }

  /** Connections, opening ones included. */
  get sockets(): number {
    return this.#sockets.size;
  }

  /**
   * Holds all tables against each other, for tests and simulation.
   * @throws StateError saying what is wrong
   */
  checkInvariants(): void {
    checkInvariants({
      settings: this.settings,
      calls: this.#calls,
      brokers: this.#brokers,
      sockets: this.#sockets,
      pool: this.#pool,
      sessions: this.#sessions,
      packed: this.#packed,
    });
  }

  /** When `tick` should be called next, in ms, or `Infinity`. */
  nextWakeAt(now: number): number {
    const { pending, waiting, deadlines } = this.#calls;
    const waits = waiting.length > 0 || (pending > 0 && this.#sessions.anyMissing);
    const brokerAt = waits ? this.#brokers.nextAt(now) : Infinity;
    return Math.min(deadlines.nextAt, this.#pool.nextWakeAt, this.#sessions.nextWakeAt, brokerAt);
  }

  /**
   * Takes a call; its outcome goes to the caller, never before this returns but for a body that is too large for a
   * broker.
   * @throws ClosedError, QueueFullError, MessageTooLargeError – and then the call was not taken
   */
  submit(service: string, body: Body, terms: CallTerms, caller: Caller, now: number): Call {
    if (this.#closed) throw new ClosedError('This client is closed.');
    if (this.#calls.pending >= this.settings.pendingMax) throw this.#tooMany(now);
    this.#bound.check(body, service);
    const call = new Call(service, body, terms, caller, now);
    this.#calls.begin();
    const session = this.#isAllPacked ? this.#sessions.goodFor(call, now) : undefined;
    if (session !== undefined) {
      this.#packed.send(call, session, now);
      return call;
    }
    this.#calls.wait(call);
    this.#pump(now);
    return call;
  }

  /** True where no call waits, and there is nothing to choose or to open: every broker has its session. */
  get #isAllPacked(): boolean {
    return this.#calls.waiting.length === 0 && this.#sessions.size === this.#brokers.all.length;
  }

  #tooMany(now: number): QueueFullError {
    const why = this.#brokers.describe(now);
    return new QueueFullError(
      `${this.settings.pendingMax} requests are pending already (pendingMax)${why && `: ${why}`}.`,
    );
  }

  /** The caller wants no reply any more. A plain broker learns it by the connection that closes. */
  abort(call: Call, cause: unknown, now: number): void {
    if (call.state === 'settled') return;
    this.#giveUp(call, new AbortError(`The request to ${call.service} was aborted.`, { cause }), now);
    this.#pump(now);
  }

  /** The reader of a stream has caught up after it was behind. */
  resume(call: Call, now: number): void {
    if (!call.link) return;
    if (call.link.packed) this.#packed.resume(call, now);
    else this.#plain.resume(call, call.link, now);
  }

  /** The reader of a stream has taken a PARTIAL. */
  taken(call: Call, now: number): void {
    if (call.link?.packed) this.#packed.taken(call, call.link, now);
  }

  /** Rejects every pending call and closes every connection. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { waiting } = this.#calls;
    for (const link of this.#sessions.all) this.#rejectAll(link.calls);
    for (const link of this.#pool.all) if (link.call) this.#reject(link.call);
    this.#rejectAll(waiting);
    for (const link of this.#sessions.all) this.#sessions.close(link);
    this.#pool.closeAll();
  }

  #rejectAll(calls: Iterable<Call>): void {
    for (const call of [...calls]) this.#reject(call);
  }

  #reject(call: Call): void {
    this.#calls.fail(call, new ClosedError('The client was closed before the reply came.'));
  }

  /** A connection stands. */
  linkOpened(id: number, now: number): void {
    const socket = this.#pool.get(id);
    if (socket?.state === 'opening') this.#pool.stands(socket, now);
    const session = this.#sessions.get(id);
    if (session?.state === 'opening') this.#sessions.stands(session, now);
    this.#pump(now);
  }

  /** The broker at the other end of a connection was asked what it speaks. */
  linkFound(id: number, verdict: DialectName | 'silent', now: number): void {
    const link = this.#sessions.get(id);
    if (link?.state !== 'greeting') return;
    this.#sessions.found(link, verdict, now);
    if (verdict !== 'packed') this.#pool.dropOthers(link.broker, now);
    // A broker is remembered while a connection to it stands: a plain socket takes the place of the one it was asked on.
    if (verdict !== 'packed' && link.broker.links === 0) this.#pool.openTo(link.broker, now);
    this.#pump(now);
  }

  /**
   * The connection is gone; the shell has closed the socket.
   * @param unauthorized - true where the broker does not let us in
   */
  linkClosed(id: number, reason: string, now: number, unauthorized = false): void {
    const link = this.#pool.get(id) ?? this.#sessions.get(id);
    if (!link) return;
    if (link.packed) this.#packed.lost(link, reason, now);
    else this.#plain.lost(link, reason, now);
    this.#brokers.lost(link.broker, reason, now);
    link.broker.unauthorized = unauthorized;
    if (unauthorized && this.#brokers.allDeny) this.#failWaiting(now);
    this.#pump(now);
  }

  /** No broker lets us in: what waits need not wait until its time is up. What is asked next is tried again. */
  #failWaiting(now: number): void {
    const { waiting } = this.#calls;
    for (const call of [...waiting]) {
      this.#calls.fail(call, new UnauthorizedError(notLetIn(call, this.#brokers.describe(now))));
    }
  }

  /** What was understood of a message: one command of a plain dialect, or those of a packed message. */
  received(id: number, commands: readonly BrokerToClient[], now: number): void {
    const session = this.#sessions.get(id);
    const ending = session
      ? this.#packed.received(session, commands, now)
      : this.#receivedPlain(id, commands, now);
    if (ending !== undefined) this.#endLink(id, ending, now);
    if (!this.#isAllPacked) this.#pump(now);
  }

  #receivedPlain(id: number, [command]: readonly BrokerToClient[], now: number): Ending | undefined {
    const link = this.#pool.get(id);
    return link && command && this.#plain.received(link, command, now);
  }

  /** A message was not understood, or had no place where it came: the connection cannot be trusted further. */
  refused(id: number, { detail }: Pick<Rejection, 'detail'>, now: number): void {
    this.#endLink(id, { refused: true, reason: detail }, now);
  }

  #endLink(id: number, { refused, reason, unauthorized }: Ending, now: number): void {
    const link = this.#pool.get(id) ?? this.#sessions.get(id);
    if (!link) return;
    if (refused) this.effects.rejected(link.broker.endpoint, { detail: reason });
    this.effects.closeLink(id);
    this.linkClosed(id, reason, now, unauthorized);
  }

  /** Time has passed: sends again, gives up, keeps sessions alive, closes idle sockets. */
  tick(now: number): void {
    if (this.#closed) return;
    const { deadlines } = this.#calls;
    const hindered = this.#pool.size > 0 && this.#sockets.full && this.#pool.opening === 0;
    for (let call = deadlines.takeDue(now); call; call = deadlines.takeDue(now)) {
      const { link } = call;
      if (link) this.#brokers.unanswered(link.broker, this.settings.suspectMs, now);
      if (call.expiresAt > now && link?.packed === false) this.#plain.sendAgain(call, link, now);
      else this.#giveUp(call, timedOut(call, this.#hindrance(call, hindered, now)), now);
    }
    this.#pool.tick(now);
    for (const [link, ending] of this.#sessions.tick(now)) this.#endLink(link.id, ending, now);
    this.#pump(now);
  }

  /** What kept a call from being sent or answered, in words, where something is known to. */
  #hindrance(call: Call, allTaken: boolean, now: number): string {
    if (call.state === 'waiting' && allTaken) {
      return `every socket was taken (socketsMax ${this.settings.socketsMax})`;
    }
    return this.#brokers.describe(now);
  }

  /** Ends a call without a reply. */
  #giveUp(call: Call, error: MajordomoError, now: number): void {
    const { link } = call;
    if (!link?.packed) {
      this.#plain.giveUp(call, error, now);
      return;
    }
    this.#packed.giveUp(call, error, now);
    const ending = this.#packed.drained(link);
    if (ending) this.#endLink(link.id, ending, now);
  }

  /** Gives waiting calls to connections, opening new ones where there are too few. */
  #pump(now: number): void {
    if (this.#closed) return;
    const { waiting } = this.#calls;
    for (let call = waiting.first; call; call = waiting.first) {
      // What this process was too busy to end in time must not be sent any more.
      if (call.isOver(now)) this.#giveUp(call, timedOut(call, this.#brokers.describe(now)), now);
      else if (!this.#place(call, now)) break;
    }
    if (this.#calls.pending === 0) return;
    this.#sessions.open(now, () => this.#pool.makeRoom(1, now));
    // One session that is being opened may serve all that wait.
    const wanted = this.#sessions.opening > 0 ? 0 : waiting.length;
    this.#pool.open(wanted, waiting.first?.avoid, now);
    this.#pool.evenOut(now);
  }

  /** Sends a call where that can be done now; false where it had better wait, or must. */
  #place(call: Call, now: number): boolean {
    const session = this.#sessions.goodFor(call, now);
    const socket = session && this.#isPackedTurn() ? undefined : this.#pool.goodFor(call, now);
    const good = socket ?? session;
    const link =
      good ?? (this.#isBetterToCome(call, now) ? undefined : (this.#sessions.any ?? this.#pool.any));
    if (!link) return false;
    if (link.packed) this.#packed.send(call, link, now);
    else this.#plain.send(call, link, now);
    return true;
  }

  /** Where some brokers are packed and others plain, both get calls, as far as the plain ones have idle sockets. */
  #isPackedTurn(): boolean {
    return this.#pool.idle === 0 || (this.#turn = (this.#turn + 1) % 2) === 0;
  }

  /** True where a connection to a broker that nothing speaks against can be had by waiting for it. */
  #isBetterToCome(call: Call, now: number): boolean {
    const canOpen = !this.#sockets.full || this.#pool.opening > 0 || this.#sessions.opening > 0;
    return canOpen && this.#brokers.all.some((broker) => isPromising(broker, call, now));
  }
}

function isPromising(broker: BrokerState, call: Call, now: number): boolean {
  if (broker === call.avoid || broker.suspectUntil > now || broker.downUntil > now) return false;
  return isHopeful(broker) && !broker.draining;
}
