import { EventEmitter } from 'node:events';
import {
  decodeAtBroker,
  DISCONNECT,
  HEARTBEAT,
  keyToHex,
  mdp01,
  mdp02,
  packedHalf,
  parseOptions,
  socketFrameBytesMax,
  StateError,
  type BrokerToClient,
  type BrokerToWorker,
  type Dialect,
  type Frame,
  type FromPeer,
  type MmiBroker,
  type PlainDialect,
  type Rejection,
} from '@majordomo/protocol';
import type { PeerGoneReason as UnreachableReason, PeerKey } from '@majordomo/transport';
import { version } from '../../package.json';
import { parsePolicy, type PolicyInput } from '../core/access/policy';
import { BrokerCore } from '../core/broker-core';
import { Meters } from '../core/meters';
import type { BrokerEvent, Outbound } from '../core/outbound';
import type { PeerGoneReason } from '../core/records';
import type { About } from '../core/settings';
import type { Access } from './access';
import { Clock } from './clock';
import { Departures } from './departures';
import type { Door } from './doors';
import { newEntrance, type Entrance } from './entrance';
import { doorNumberOf, type Links } from './links';
import { EventLog } from './log';
import { Memory } from './memory';
import { brokerOptionsSchema, type BrokerOptions, type ResolvedBrokerOptions } from './options';
import { PackedClientPeer, PackedPeers, PackedWorkerPeer } from './packed-peers';
import { Suspects } from './suspects';
import type { BrokerFacts, BrokerState } from '../visibility/subject';
import { Visibility } from '../visibility/visibility';

/** The events of a {@link Broker}, each with one object as its argument. */
export type BrokerEvents = {
  [Type in BrokerEvent['type']]: [event: Extract<BrokerEvent, { type: Type }>];
} & {
  /** The socket failed for good; the broker has closed. */
  failed: [error: unknown];
};

/** How long unsent messages may still leave after the broker has closed, in ms. */
const LINGER_MS = 1_000;
/** Messages that ZeroMQ holds per peer and direction, beyond what the backlog of a peer that does not read may be. */
const HIGH_WATER_MARK = 100;
/** The same in bytes, beside one message; plain clients excepted, to which nothing can be said but replies. */
const HIGH_WATER_BYTES = 16 * 1_024 * 1_024;
/** The ticker looks at the clock this often per heartbeat interval, within the bounds below. */
const TICKS_PER_HEARTBEAT = 10;
const TICK_MS_MIN = 5;
const TICK_MS_MAX = 20;

/**
 * What was heard leads to something after so many commands at the latest, and after so many messages; before that
 * when nothing more has come.
 */
const COMMANDS_AT_ONCE_MAX = 2_048;
const MESSAGES_AT_ONCE_MAX = 64;

/**
 * - `new` → `starting` by `start()` → `running` once every endpoint is bound;
 * - `running` → `draining` by `drain()` → `closed` when nothing is under way or the time is up;
 * - any → `closed` by `close()`, or when an endpoint cannot be bound.
 */
type State = BrokerState;

/** What is no packed peer of ours is one of the plain dialects. */
function plain(dialect: Dialect): PlainDialect {
  return dialect as PlainDialect;
}

/** What can be said to plain workers at any time, between large messages. */
const PLAIN_SPACERS = new Map<Dialect, readonly Frame[] | undefined>(
  [mdp01, mdp02].map((dialect) => [dialect, dialect.brokerToWorker.encode(HEARTBEAT)]),
);

/** 32 random bits. */
function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** Differs from one broker to the next, so that a reference of another run matches nothing here. */
function newReferencePrefix(): string {
  return `${crypto.randomUUID().slice(0, 8)}-`;
}

/**
 * A Majordomo broker (RFC 7, RFC 8, RFC 18): clients and workers of MDP/0.1, MDP/0.2 and the packed dialect MDP/P1
 * (docs/PROTOCOL.md) on one ROUTER, or one for each role of its endpoints.
 *
 * ```ts
 * const broker = new Broker({ bind: 'tcp://127.0.0.1:5555' });
 * await broker.start();
 * ```
 */
export class Broker extends EventEmitter<BrokerEvents> {
  readonly options: ResolvedBrokerOptions;
  readonly #links: Links;
  readonly #entrance: Entrance;
  readonly #access: Access | undefined;
  readonly #core: BrokerCore;
  readonly #log: EventLog;
  readonly #tickMs: number;
  readonly #clock: Clock;
  readonly #suspects = new Suspects((peer) => this.#askSuspect(peer));
  readonly #departures = new Departures((peer, disconnect) => this.#hear(peer, disconnect));
  readonly #packed = new PackedPeers((peer, frames, spacer) => this.#send(peer, frames, spacer));
  readonly #visibility: Visibility | undefined;
  readonly #memory = new Memory();
  /** Peers found gone in this turn of the loop. */
  readonly #gone = new Map<PeerKey, PeerGoneReason>();
  /** True where {@link #settle} is to come in this turn of the loop. */
  #unsettled = false;
  #commandsHeard = 0;
  #messagesHeard = 0;
  #state: State = 'new';
  #endpoints: string[] = [];
  #ticker: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @throws InvalidOptionsError naming every option that does not fit
   * @throws InvalidKeyError where the keys do not belong together
   */
  constructor(options: BrokerOptions = {}) {
    super();
    const { curve, httpToken, ...resolved } = parseOptions(brokerOptionsSchema, options, 'broker');
    this.options = Object.freeze(resolved);
    const { limits, backlogMax, backlogBytesMax, backlogTotalBytesMax, stallMs, heartbeatMs, logger } =
      this.options;
    this.#tickMs = Math.min(TICK_MS_MAX, Math.max(TICK_MS_MIN, heartbeatMs / TICKS_PER_HEARTBEAT));
    this.#clock = new Clock(Math.max(heartbeatMs, 2 * this.#tickMs));
    this.#log = new EventLog(logger);
    this.#entrance = newEntrance(
      this.options,
      curve,
      {
        frameBytesMax: socketFrameBytesMax(limits),
        highWaterMark: HIGH_WATER_MARK,
        backlogMessagesMax: backlogMax,
        highWaterBytes: HIGH_WATER_BYTES,
        backlogBytesMax,
        backlogTotalBytesMax,
        stallMs,
        lingerMs: LINGER_MS,
      },
      {
        message: (peer, frames) => this.#message(peer, frames),
        connectionChanged: (peer) => this.#connectionChanged(peer),
        peerGone: (peer, reason) => this.#peerGone(peer, reason),
        failed: (error) => this.#failed(error),
      },
      {
        refused: (refused) => this.#core.connectionRefused(refused),
        malformed: () => this.#core.handshakeMalformed(),
      },
    );
    this.#links = this.#entrance.links;
    this.#access = this.#entrance.access;
    const authority = this.#access;
    const settings = {
      ...this.options,
      referencePrefix: newReferencePrefix(),
      idSeed: newSeed(),
      authority,
    };
    const meters = Visibility.isWanted(this.options)
      ? new Meters(this.options.metricsServicesMax)
      : undefined;
    this.#core = new BrokerCore(settings, this.#outbound(), this.#now(), meters);
    this.#visibility = meters && new Visibility(this.options, httpToken, this.#core, this.#facts());
  }

  #facts(): BrokerFacts {
    const state = (): State => this.#state;
    const endpoints = (): readonly string[] => this.#endpoints;
    return {
      version,
      get state() {
        return state();
      },
      get endpoints() {
        return endpoints();
      },
      now: () => this.#now(),
    };
  }

  #now(): number {
    return this.#clock.now();
  }

  /** Endpoints as they are bound, ports filled in; empty before `start()`. */
  get endpoints(): readonly string[] {
    return this.#endpoints;
  }

  /** Where metrics, health and the dashboard are served, `http://HOST:PORT`; `undefined` before `start()` and without `http`. */
  get httpAddress(): string | undefined {
    return this.#visibility?.address;
  }

  /**
   * Binds every endpoint and begins to serve.
   * @throws BindError where an endpoint cannot be had: the broker is closed then
   * @throws StateError where it was started before, or is closed meanwhile
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') throw new StateError(`This broker is ${this.#state}; make a new one.`);
    this.#state = 'starting';
    const { logger } = this.options;
    try {
      await this.#links.bind(this.#endpoints);
      await this.#visibility?.start();
      if (this.#isClosed) throw new StateError('This broker was closed while it started.');
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#state = 'running';
    this.#links.receive();
    this.#ticker = setInterval(() => this.#tick(), this.#tickMs);
    logger.info({ event: 'listening', endpoints: this.#endpoints, version }, 'broker listening');
    this.#entrance.warn(this.#endpoints, logger);
  }

  /**
   * Replaces the policy. Who is connected stays so, but for those whose key or rights are not in it any more: their
   * sessions end, with the code UNAUTHORIZED for packed peers, and what of theirs is under way and not allowed any more fails.
   * Where somebody came in by a key that is gone, and who has proven no key has rights there, that endpoint closes
   * all of its connections for a moment: which of them was let in by the key is not to be known.
   * @throws InvalidOptionsError naming everything that does not fit; the one before holds on then
   * @throws StateError where the broker was made without a policy
   */
  setPolicy(policy: PolicyInput): void {
    if (!this.#access) throw new StateError('This broker was made without a policy; make a new one with it.');
    const compromised = this.#access.replace(parsePolicy(policy));
    if (this.#isClosed) return;
    this.#core.recheck(this.#now());
    for (const door of compromised) this.#renew(door);
    this.#settleLater();
    this.options.logger.info(
      { event: 'policyReplaced', keys: Object.keys(policy.keys ?? {}).length },
      'policy replaced',
    );
  }

  /** Closes every connection that came in by a door; the others of a worker or client, by other doors, stand. */
  #renew(door: Door): void {
    if (this.#state !== 'running' && this.#state !== 'draining') return;
    const peers = [...this.#core.workers.keys(), ...this.#core.clientPeers].filter(
      (peer) => doorNumberOf(peer) === door.number,
    );
    this.options.logger.warn(
      { event: 'connectionsClosed', role: door.role, peers: peers.length },
      'a key that let somebody in counts no more: every connection of its endpoints was closed, and may come back',
    );
    void this.#links.renew(door);
    this.#access?.renewed(door);
    this.#core.peersGone(
      peers.map((peer) => [peer, 'connection_closed']),
      this.#now(),
    );
    for (const peer of peers) this.#packed.end(peer);
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** What the broker holds and has counted: the same that `mmi.broker` answers. */
  describe(): MmiBroker {
    return this.#core.describe(this.#now());
  }

  /**
   * Takes no more requests, waits until those under way are answered (at most `drainTimeoutMs`), sends
   * every worker DISCONNECT so that it registers elsewhere, and closes.
   */
  drain(): Promise<void> {
    this.#draining ??= this.#drainAndClose();
    return this.#draining;
  }

  async #drainAndClose(): Promise<void> {
    if (this.#state === 'running') {
      this.#state = 'draining';
      this.#core.drain();
      this.#packed.flushAll();
      if (!this.#core.drained) await this.#untilDrained();
    }
    await this.close();
  }

  async #untilDrained(): Promise<void> {
    const { drainTimeoutMs, logger } = this.options;
    let patience: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      patience = setTimeout(() => {
        logger.warn(
          { event: 'drainTimedOut', drainTimeoutMs },
          'drained no further: requests are still under way',
        );
        resolve();
      }, drainTimeoutMs);
    });
    clearTimeout(patience);
  }

  /** Closes at once: workers are sent DISCONNECT, requests under way fail. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const served = this.#state === 'running' || this.#state === 'draining';
    this.#state = 'closed';
    clearInterval(this.#ticker);
    this.#suspects.stop();
    this.#departures.stop();
    this.#core.stop(this.#now());
    this.#packed.flushAll();
    this.#drained?.();
    await this.#links.close();
    await this.#visibility?.stop();
    if (served) this.options.logger.info({ event: 'closed', endpoints: this.#endpoints }, 'broker closed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  #message(peer: PeerKey, frames: Frame[]): void {
    if (this.#isClosed || this.#access?.isShut(peer)) return;
    this.#visibility?.received.count(frames);
    const half = packedHalf(frames);
    if (half) this.#packedMessage(peer, half, frames);
    else this.#plainMessage(peer, frames);
    this.#settleLater();
    if (++this.#messagesHeard >= MESSAGES_AT_ONCE_MAX || this.#commandsHeard >= COMMANDS_AT_ONCE_MAX)
      this.#settle();
  }

  #plainMessage(peer: PeerKey, frames: Frame[]): void {
    this.#departures.settle(peer);
    const decoded = decodeAtBroker(frames, this.options.limits);
    if (!decoded.ok) this.#core.reject(peer, decoded.rejection, this.#now());
    else if (this.#leavesWithRequest(peer, decoded.command)) this.#departures.add(peer, decoded.command);
    else this.#hear(peer, decoded.command);
  }

  #hear(peer: PeerKey, said: FromPeer): void {
    if (said.half === 'client') this.#core.fromClient(peer, said.dialect, said.command, this.#now());
    else this.#core.fromWorker(peer, said.dialect, said.command, this.#now());
    this.#settleLater();
  }

  /** An empty frame comes before the message that begins a session (docs/PROTOCOL.md, "Opening"), and no other. */
  #packedMessage(peer: PeerKey, half: 'client' | 'worker', frames: Frame[]): void {
    if (frames[0]?.length === 0) frames.shift();
    const known = this.#packed.get(peer);
    const from = known ?? this.#packed.begin(peer, half);
    this.#core.beginMessage(peer, frames[0]?.length ?? 0, this.#now());
    if (from instanceof PackedClientPeer) this.#fromClient(from, frames);
    else this.#fromWorker(from, frames);
    this.#core.endMessage();
    if (known || from.over || this.#core.inSession(peer)) return;
    this.#core.refuseStranger(peer, half, from);
  }

  #fromClient(from: PackedClientPeer, frames: readonly Frame[]): void {
    const now = this.#now();
    const decoded = from.decode(frames, this.options.limits);
    if (!decoded.ok) {
      this.#rejectPacked(from, decoded.rejection, now);
      return;
    }
    this.#commandsHeard += decoded.command.length;
    for (const command of decoded.command) {
      this.#core.fromClient(from.peer, from, command, now);
      if (from.over) return;
    }
  }

  #fromWorker(from: PackedWorkerPeer, frames: readonly Frame[]): void {
    const now = this.#now();
    const decoded = from.decode(frames, this.options.limits);
    if (!decoded.ok) {
      this.#rejectPacked(from, decoded.rejection, now);
      return;
    }
    this.#commandsHeard += decoded.command.length;
    for (const command of decoded.command) {
      this.#core.fromWorker(from.peer, from, command, now);
      if (from.over) return;
    }
  }

  /** A packed peer that is not understood has no session any more, whether or not it had one. */
  #rejectPacked(from: PackedClientPeer | PackedWorkerPeer, rejection: Rejection, now: number): void {
    this.#core.reject(from.peer, rejection, now);
    if (from.over) return;
    from.say(DISCONNECT);
    this.#packed.end(from.peer);
  }

  /** Everything that comes in one turn of the loop is heard before what waits is given out, and before anything leaves. */
  #settleLater(): void {
    if (this.#unsettled) return;
    this.#unsettled = true;
    process.nextTick(() => {
      this.#unsettled = false;
      this.#settle();
    });
  }

  #settle(): void {
    this.#commandsHeard = 0;
    this.#messagesHeard = 0;
    if (this.#isClosed) return;
    this.#core.settle(this.#now());
    this.#packed.flushAll();
    if (this.#state === 'draining' && this.#core.drained) this.#drained?.();
  }

  #leavesWithRequest(peer: PeerKey, { half, command }: FromPeer): boolean {
    const worker = this.#core.workers.get(peer);
    return half === 'worker' && command.kind === 'disconnect' && worker !== undefined && worker.held.size > 0;
  }

  /**
   * A connection opened or closed, or the peer pretends so: a worker is asked. A client cannot be asked
   * anything; it is believed, for it speaks of itself only. Under a policy so is a worker: whoever has its routing id
   * next must not have its rights, nor what it holds.
   */
  #connectionChanged(peer: PeerKey): void {
    if (this.#isClosed) return;
    if (this.#access) {
      this.#access.connectionChanged(peer);
      this.#departures.settle(peer);
    }
    if (this.#departures.has(peer)) return;
    if (this.#core.workers.has(peer) && !this.#access) {
      this.#suspects.add(peer);
      return;
    }
    this.#core.peerGone(peer, 'connection_closed', this.#now());
    this.#packed.end(peer);
  }

  #askSuspect(peer: PeerKey): boolean {
    const worker = this.#core.workers.get(peer);
    if (worker) this.#toWorker(peer, worker.dialect, HEARTBEAT);
    return worker !== undefined;
  }

  /**
   * The link may say so in the middle of a send of the core's, which must not be called back. Peers that
   * turn out to be gone in one turn of the loop are reported together.
   */
  #peerGone(peer: PeerKey, reason: UnreachableReason): void {
    if (reason === 'stalled') {
      this.options.logger.warn(
        { event: 'peerStalled', peer: keyToHex(peer) },
        'peer cut off: it does not read',
      );
    }
    const packed = this.#packed.get(peer);
    if (packed) packed.over = true;
    if (this.#gone.size === 0) queueMicrotask(() => this.#reportGone());
    this.#gone.set(peer, reason === 'stalled' ? 'stalled' : 'connection_closed');
  }

  #reportGone(): void {
    const gone = [...this.#gone];
    this.#gone.clear();
    if (this.#isClosed) return;
    this.#core.peersGone(gone, this.#now());
    this.#settleLater();
  }

  #failed(error: unknown): void {
    this.options.logger.error({ event: 'socketFailed', err: error }, 'the socket failed');
    void this.close().then(() => this.emit('failed', error));
  }

  #tick(): void {
    this.#core.tick(this.#now());
    this.#log.tick(this.#now());
    this.#settle();
  }

  #toWorker(peer: PeerKey, dialect: Dialect, command: BrokerToWorker): void {
    if (dialect instanceof PackedWorkerPeer) {
      dialect.say(command);
      this.#settleLater();
      return;
    }
    const frames = plain(dialect).brokerToWorker.encode(command);
    if (frames) this.#send(peer, frames, PLAIN_SPACERS.get(dialect));
  }

  #toClient(peer: PeerKey, dialect: Dialect, command: BrokerToClient): void {
    if (dialect instanceof PackedClientPeer) {
      dialect.say(command);
      this.#settleLater();
      return;
    }
    const frames = plain(dialect).brokerToClient.encode(command);
    if (frames) this.#send(peer, frames);
  }

  #send(peer: PeerKey, frames: readonly Frame[], spacer?: readonly Frame[]): void {
    this.#visibility?.sent.count(frames);
    this.#links.send(peer, frames, spacer);
  }

  /** What a listener throws must not end the core's work in the middle: it surfaces as an error of its own. */
  #report(event: BrokerEvent): void {
    try {
      this.#log.write(event, this.#now());
      this.#visibility?.note(event);
      (this as EventEmitter).emit(event.type, event);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #outbound(): Outbound {
    return {
      toClient: (peer, dialect, command) => this.#toClient(peer, dialect, command),
      toWorker: (peer, dialect, command) => this.#toWorker(peer, dialect, command),
      ended: (peer) => this.#packed.end(peer),
      isCongested: (peer) => this.#links.isCongested(peer),
      event: (event) => this.#report(event),
      about: (): About => ({ version, memoryBytes: this.#memory.residentBytes() }),
    };
  }
}
