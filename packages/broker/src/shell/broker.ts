import { EventEmitter } from 'node:events';
import {
  parseOptions,
  socketFrameBytesMax,
  StateError,
  type Frame,
  type MmiBroker,
} from '@majordomo/protocol';
import type { PeerKey } from '@majordomo/transport';
import { version } from '../../package.json';
import { parsePolicy, type PolicyInput } from '../core/access/policy';
import { BrokerCore } from '../core/broker-core';
import { Meters } from '../core/meters';
import type { BrokerEvent, Outbound } from '../core/outbound';
import type { About } from '../core/settings';
import type { Access } from './access';
import { Clock } from './clock';
import { Connections } from './connections';
import { Departures } from './departures';
import type { Door } from './doors';
import { newEntrance, type Entrance } from './entrance';
import { Inbound } from './inbound';
import { doorNumberOf, type Links } from './links';
import { EventLog } from './log';
import { Memory } from './memory';
import { brokerOptionsSchema, type BrokerOptions, type ResolvedBrokerOptions } from './options';
import { Sender } from './sender';
import { Turn } from './turn';
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
/** The shortest interval of heartbeats that such a ticker keeps: packed peers are told what to expect. */
const HEARTBEAT_MS_MIN = 2 * TICK_MS_MIN;

/**
 * - `new` → `starting` by `start()` → `running` once every endpoint is bound;
 * - `running` → `draining` by `drain()` → `closed` when nothing is under way or the time is up;
 * - any → `closed` by `close()`, or when an endpoint cannot be bound.
 */
type State = BrokerState;

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
  readonly #turn = new Turn(() => this.#settle());
  readonly #sender: Sender;
  readonly #departures = new Departures((peer, disconnect) => {
    this.#inbound.hear(peer, disconnect);
    this.#turn.endLater();
  });
  readonly #inbound: Inbound;
  readonly #connections: Connections;
  readonly #visibility: Visibility | undefined;
  readonly #memory = new Memory();
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
    const heartbeatMs = Math.max(resolved.heartbeatMs, HEARTBEAT_MS_MIN);
    this.options = Object.freeze({ ...resolved, heartbeatMs });
    const { limits, backlogMax, backlogBytesMax, backlogTotalBytesMax, stallMs, logger } = this.options;
    this.#tickMs = Math.min(TICK_MS_MAX, Math.max(TICK_MS_MIN, heartbeatMs / TICKS_PER_HEARTBEAT));
    this.#clock = new Clock(Math.max(heartbeatMs, 2 * this.#tickMs), () => performance.now());
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
        connectionChanged: (peer) => this.#connections.changed(peer),
        peerGone: (peer, reason) => this.#connections.lost(peer, reason),
        failed: (error) => this.#failed(error),
      },
      {
        refused: (refused) => this.#core.connectionRefused(refused),
        malformed: () => this.#core.handshakeMalformed(),
      },
    );
    this.#links = this.#entrance.links;
    this.#access = this.#entrance.access;
    this.#sender = new Sender(this.#links, this.#turn, (frames) => this.#visibility?.sent.count(frames));
    const settings = {
      ...this.options,
      referencePrefix: newReferencePrefix(),
      idSeed: newSeed(),
      authority: this.#access,
    };
    const meters = Visibility.isWanted(this.options)
      ? new Meters(this.options.metricsServicesMax)
      : undefined;
    this.#core = new BrokerCore(settings, this.#outbound(), this.#now(), meters);
    this.#visibility = meters && new Visibility(this.options, httpToken, this.#core, this.#facts());
    const now = (): number => this.#now();
    this.#inbound = new Inbound(this.#core, this.#sender.packed, this.#departures, limits, now);
    this.#connections = new Connections(
      this.#core,
      this.#access,
      this.#sender,
      this.#departures,
      this.#turn,
      now,
      logger,
    );
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
      memory: () => this.#memory.usage(),
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
    this.#turn.endLater();
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
    for (const peer of peers) this.#sender.packed.end(peer);
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
      this.#sender.packed.flushAll();
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
    this.#connections.stop();
    this.#departures.stop();
    this.#core.stop(this.#now());
    this.#sender.packed.flushAll();
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
    this.#turn.heard(this.#inbound.message(peer, frames));
  }

  /** All that came together has been heard: what waits is given out, and what was said leaves. */
  #settle(): void {
    if (this.#isClosed) return;
    this.#core.settle(this.#now());
    this.#sender.packed.flushAll();
    if (this.#state === 'draining' && this.#core.drained) this.#drained?.();
  }

  #failed(error: unknown): void {
    this.options.logger.error({ event: 'socketFailed', err: error }, 'the socket failed');
    void this.close().then(() => this.emit('failed', error));
  }

  #tick(): void {
    this.#core.tick(this.#now());
    this.#log.tick(this.#now());
    this.#turn.end();
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
      toClient: (peer, dialect, command) => this.#sender.toClient(peer, dialect, command),
      toWorker: (peer, dialect, command) => this.#sender.toWorker(peer, dialect, command),
      ended: (peer) => this.#sender.packed.end(peer),
      isCongested: (peer) => this.#links.isCongested(peer),
      event: (event) => this.#report(event),
      about: (): About => ({ version, memoryBytes: this.#memory.residentBytes() }),
    };
  }
}
