import {
  CAN_PROVE,
  HEARTBEAT,
  isTighter,
  NO_METADATA,
  REVISION,
  type BrokerDisconnect,
  type BrokerToClient,
  type Challenge,
  type ClientToBroker,
  type DialectName,
  type Limits,
  type Proof,
  type Welcome,
} from '@majordomo/protocol';
import { BodyBound } from './body-bound';
import { isPlain, type BrokerState, type Brokers } from './brokers';
import type { Call } from './call';
import { denied, lose, refuse, type Ending } from './ending';
import { PackedLink } from './packed-link';
import { SLOW_MS, type PoolEffects } from './pool';
import type { Sockets } from './sockets';

/** How packed sessions are kept; times in ms. */
export interface PackedLinksSettings {
  /** The longest that the client leaves between two messages until the broker states its own. */
  readonly heartbeatMs: number;
  /** Heartbeat intervals of silence after which a broker is lost. */
  readonly liveness: number;
  /** How long WELCOME may take. */
  readonly connectTimeoutMs: number;
  readonly limits: Limits;
  /** Proves the client's key to a broker that asks for it; `undefined` without a key, or where that cannot be. */
  readonly prove?: ((challenge: Challenge) => Proof | undefined) | undefined;
}

/** What packed links do to the world; see `ClientEffects`. */
export interface PackedLinksEffects extends PoolEffects {
  send(link: number, command: ClientToBroker): void;
}

/** Why a connection to a broker that is told to be packed was given up. */
const NO_ANSWER = 'the broker does not answer in the packed dialect';

/**
 * The packed connections of a client, one to each broker that speaks packed or is still to be asked: opened,
 * greeted, kept alive, drained, given up. Which call goes where is decided here too, in turn.
 */
export class PackedLinks {
  readonly #links = new Map<number, PackedLink>();
  /** Those that take calls. */
  readonly #ready: PackedLink[] = [];
  #turn = 0;

  constructor(
    private readonly brokers: Brokers,
    private readonly sockets: Sockets,
    private readonly settings: PackedLinksSettings,
    private readonly effects: PackedLinksEffects,
  ) {}

  /** Connections, opening ones included. */
  get size(): number {
    return this.#links.size;
  }

  /** Connections whose WELCOME is awaited; those that take long are not. */
  get opening(): number {
    let opening = 0;
    for (const link of this.#links.values()) if (isOpening(link) && !link.passedOver) opening++;
    return opening;
  }

  get(id: number): PackedLink | undefined {
    return this.#links.get(id);
  }

  get all(): readonly PackedLink[] {
    return [...this.#links.values()];
  }

  /** The session whose turn it is to take a call, of those whose broker nothing speaks against. */
  goodFor(call: Call, now: number): PackedLink | undefined {
    const ready = this.#ready;
    for (let step = 1; step <= ready.length; step++) {
      const turn = (this.#turn + step) % ready.length;
      const link = ready[turn];
      if (link === undefined || link.broker === call.avoid || link.broker.suspectUntil > now) continue;
      this.#turn = turn;
      return link;
    }
    return undefined;
  }

  /** The session whose turn it is to take a call. */
  get any(): PackedLink | undefined {
    this.#turn = (this.#turn + 1) % Math.max(1, this.#ready.length);
    return this.#ready[this.#turn];
  }

  /** A broker that should have a session and has none. */
  #missing(broker: BrokerState): boolean {
    if (isPlain(broker)) return false;
    for (const link of this.#links.values()) if (link.broker === broker) return false;
    return true;
  }

  /** To be called while there is work: every broker that may be packed gets its session. */
  open(now: number, makeRoom: () => boolean): void {
    this.brokers.forgetOld(now);
    for (const broker of this.brokers.all) {
      if (broker.downUntil > now || !this.#missing(broker)) continue;
      if (!this.sockets.full || makeRoom()) this.#openTo(broker, now);
    }
  }

  #openTo(broker: BrokerState, now: number): void {
    const link = new PackedLink(this.sockets.add(), broker, now);
    this.#links.set(link.id, link);
    broker.links++;
    this.effects.openLink(link.id, broker.endpoint, broker.speaks);
  }

  /** The connection stands: the session begins with HELLO. */
  stands(link: PackedLink, now: number): void {
    link.state = 'greeting';
    if (link.broker.speaks === 'packed') link.welcomeBy = now + this.settings.connectTimeoutMs;
    link.sentAt = now;
    this.effects.send(link.id, {
      kind: 'hello',
      revision: REVISION,
      heartbeatMs: this.settings.heartbeatMs,
      capabilities: this.settings.prove ? CAN_PROVE : 0,
      metadata: NO_METADATA,
    });
  }

  /** A broker was asked what it speaks; where that is packed, the connection goes on as a session. */
  found(link: PackedLink, verdict: DialectName | 'silent', now: number): void {
    this.brokers.found(link.broker, verdict, now);
    if (verdict === 'packed') link.welcomeBy = now + this.settings.connectTimeoutMs;
    else this.close(link);
  }

  /** What a broker says of the session itself. */
  said(link: PackedLink, command: BrokerToClient, now: number): Ending | undefined {
    switch (command.kind) {
      case 'welcome':
        if (link.state !== 'greeting') return refuse('a second WELCOME');
        return this.#prove(link, command) ?? this.#welcome(link, command, now);
      case 'draining':
        if (link.state === 'greeting') return lose('the broker is draining');
        this.drain(link, now);
        return undefined;
      case 'disconnect':
        return ended(command);
      case 'partial':
      case 'final':
      case 'failure':
      case 'heartbeat':
        return link.state === 'greeting' ? refuse(`a ${command.kind} before WELCOME`) : undefined;
    }
  }

  /** Answers a broker that asks which key this is, before anything else is said; why that cannot be, or `undefined`. */
  #prove(link: PackedLink, { capabilities, metadata }: Welcome): Ending | undefined {
    const { prove } = this.settings;
    if (!prove || (capabilities & CAN_PROVE) === 0) return undefined;
    const { challenge } = metadata;
    if (!challenge) return refuse('a WELCOME that asks for a proof and does not say what with');
    const proof = prove(challenge);
    if (!proof) return lose('the server key is one that nothing can be proven to');
    this.effects.send(link.id, proof);
    return undefined;
  }

  #welcome(link: PackedLink, welcome: Welcome, now: number): undefined {
    link.state = 'ready';
    link.heartbeatMs = welcome.heartbeatMs;
    link.checkedAt = now;
    const { framesMax, frameBytesMax, messageBytesMax } = welcome;
    const { limits } = this.settings;
    if (isTighter(welcome, limits)) {
      link.bound = new BodyBound({ framesMax, frameBytesMax, messageBytesMax }, false, link.broker.endpoint);
    }
    this.#ready.push(link);
    this.brokers.stands(link.broker);
  }

  /** The broker takes no more: what it has it ends, and a new connection is tried after the usual wait. */
  drain(link: PackedLink, now: number): void {
    if (link.state !== 'ready') return;
    link.state = 'draining';
    link.broker.draining = true;
    this.#unready(link);
    this.brokers.failed(link.broker, 'the broker is draining', now);
  }

  /** When `tick` has something to do, in ms, or `Infinity`. */
  get nextWakeAt(): number {
    let at = Infinity;
    for (const link of this.#links.values()) at = Math.min(at, this.#nextWakeOf(link));
    return at;
  }

  #nextWakeOf(link: PackedLink): number {
    switch (link.state) {
      case 'opening':
      case 'greeting': {
        const slowAt = this.#mayPassOver(link) ? link.since + SLOW_MS : Infinity;
        return Math.min(link.welcomeBy, slowAt);
      }
      case 'ready':
      case 'draining':
        return Math.min(link.sentAt, link.checkedAt) + link.heartbeatMs;
      case 'closed':
        return Infinity;
    }
  }

  #mayPassOver(link: PackedLink): boolean {
    return !link.passedOver && this.brokers.all.length > 1;
  }

  /** Sees to the sessions whose time it is; returns those that have to end, and why. */
  tick(now: number): [PackedLink, Ending][] {
    const over: [PackedLink, Ending][] = [];
    for (const link of this.#links.values()) {
      const ending = this.#nextWakeOf(link) <= now ? this.#check(link, now) : undefined;
      if (ending) over.push([link, ending]);
    }
    return over;
  }

  #check(link: PackedLink, now: number): Ending | undefined {
    if (isOpening(link)) {
      if (link.welcomeBy <= now) return lose(NO_ANSWER);
      link.passedOver = true;
      const what = link.state === 'opening' ? 'connection' : 'answer';
      this.brokers.failed(link.broker, `no ${what} within ${SLOW_MS} ms`, now);
      return undefined;
    }
    this.#forgiveGap(link, now);
    const silentMs = now - link.heardAt;
    if (silentMs >= this.settings.liveness * link.heartbeatMs) {
      return lose(`the broker was silent for ${Math.round(silentMs)} ms`);
    }
    if (link.sentAt + link.heartbeatMs <= now) {
      link.sentAt = now;
      this.effects.send(link.id, HEARTBEAT);
    }
    return undefined;
  }

  /** A session is judged once per heartbeat. Where that comes late this process did not run, and heard nobody. */
  #forgiveGap(link: PackedLink, now: number): void {
    const lateMs = now - link.checkedAt - 2 * link.heartbeatMs;
    if (lateMs > 0) link.heardAt = Math.min(now, link.heardAt + lateMs);
    link.checkedAt = now;
  }

  /** Ends a session of our own accord. */
  close(link: PackedLink): void {
    this.forget(link);
    this.effects.closeLink(link.id);
  }

  /** A connection is gone. */
  forget(link: PackedLink): void {
    this.#unready(link);
    if (link.state === 'draining') link.broker.draining = false;
    link.state = 'closed';
    link.broker.links--;
    this.sockets.size--;
    this.#links.delete(link.id);
  }

  #unready(link: PackedLink): void {
    const at = this.#ready.indexOf(link);
    if (at >= 0) this.#ready.splice(at, 1);
  }

  /** True where a broker that should have a session has none. */
  get anyMissing(): boolean {
    return this.brokers.all.some((broker) => this.#missing(broker));
  }
}

/** Why a broker ended a session. */
function ended({ reason }: BrokerDisconnect): Ending {
  if (!reason) return lose('the broker ended the session');
  const why = `the broker ended the session (${reason.code}: ${reason.message})`;
  return reason.code === 'UNAUTHORIZED' ? denied(why) : lose(why);
}

function isOpening({ state }: PackedLink): boolean {
  return state === 'opening' || state === 'greeting';
}
