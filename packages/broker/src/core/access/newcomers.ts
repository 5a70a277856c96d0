import {
  CAN_PROVE,
  DISCONNECT,
  keyToHex,
  type BrokerDisconnect,
  type Dialect,
  type Proof,
  type Welcome,
  type WorkerReady,
  type WorkerToBroker,
} from '@majordomo/protocol';
import type { Counters } from '../counters';
import type { Outbound } from '../outbound';
import type { PeerId } from '../records';
import { askedToProve, refusal } from './admission';
import type { Identity } from './authority';
import { nameOf, type Guard } from './guard';
import { isProbe } from './is-probe';
import { UnprovenWorkers, type UnprovenWorker } from './unproven';

/** Where workers are registered. */
export interface Registry {
  /** Why a worker cannot register, whoever it is, or `undefined`. */
  objectionTo(peer: PeerId, ready: WorkerReady): string | undefined;
  /** Sends a peer away that is out of place. */
  refuse(peer: PeerId, dialect: Dialect, detail: string): void;
  /**
   * Registers a worker.
   * @param welcomed - true where it has been sent WELCOME
   */
  enrol(
    peer: PeerId,
    dialect: Dialect,
    ready: WorkerReady,
    identity: Identity | undefined,
    welcomed: boolean,
    now: number,
  ): void;
}

/** Workers between READY and their registration: whether the policy allows it, and the proof of who they are. */
export class Newcomers {
  readonly #unproven = new UnprovenWorkers();

  constructor(
    private readonly welcome: Welcome,
    private readonly registry: Registry,
    private readonly guard: Guard | undefined,
    private readonly counters: Counters,
    private readonly outbound: Outbound,
  ) {}

  /** Those whose proof is awaited. */
  get size(): number {
    return this.#unproven.size;
  }

  /** True where the proof of a worker is awaited. */
  has(peer: PeerId): boolean {
    return this.#unproven.get(peer) !== undefined;
  }

  /** A worker said READY, and nothing but the policy speaks against it. */
  ready(peer: PeerId, dialect: Dialect, ready: WorkerReady, now: number): void {
    const proves = dialect.packed && (ready.capabilities & CAN_PROVE) !== 0;
    const challenge = proves ? this.guard?.authority.challenge(peer) : undefined;
    if (!challenge) {
      this.#admit(peer, dialect, ready, this.guard?.authority.stranger(peer), false, now);
      return;
    }
    this.#unproven.add({ peer, dialect, challenge, ready, since: now });
    this.outbound.toWorker(peer, dialect, askedToProve(this.welcome, challenge));
  }

  /** What a worker says before it has proven its key: nothing but the proof leads to anything. False where it is none. */
  hear(peer: PeerId, dialect: Dialect, command: WorkerToBroker, now: number): boolean {
    const unproven = this.#unproven.get(peer);
    if (!unproven) return false;
    if (isProbe(unproven.dialect, dialect, command)) return true;
    switch (command.kind) {
      case 'heartbeat':
        return true;
      case 'credit':
        unproven.ready.credit = command.credit;
        return true;
      case 'proof':
        this.#unproven.remove(peer);
        this.#prove(unproven, command, now);
        return true;
      case 'disconnect':
      case 'draining':
        this.#end(unproven);
        return true;
      case 'ready':
      case 'partial':
      case 'final':
      case 'failure':
        this.#unproven.remove(peer);
        this.registry.refuse(peer, unproven.dialect, `${command.kind.toUpperCase()} before PROOF`);
        return true;
    }
  }

  #prove({ peer, dialect, challenge, ready }: UnprovenWorker, proof: Proof, now: number): void {
    const { guard } = this;
    if (!guard) return;
    const identity = guard.authority.identify('worker', peer, challenge, proof);
    if (typeof identity === 'string') {
      this.counters.proofsRefused++;
      guard.denied({ peer, identity: undefined }, 'proof', ready.service, 'UNAUTHORIZED', identity);
      this.#dismiss(peer, dialect, refusal(identity));
      guard.authority.shut(peer);
      return;
    }
    const objection = this.registry.objectionTo(peer, ready);
    if (objection) {
      this.registry.refuse(peer, dialect, objection);
      return;
    }
    this.outbound.event({ type: 'keyProven', peer: keyToHex(peer), key: identity.keyName ?? '' });
    this.#admit(peer, dialect, ready, identity, true, now);
  }

  #admit(
    peer: PeerId,
    dialect: Dialect,
    ready: WorkerReady,
    identity: Identity | undefined,
    welcomed: boolean,
    now: number,
  ): void {
    const { service } = ready;
    if (!identity || identity.rights?.mayServe(service)) {
      this.registry.enrol(peer, dialect, ready, identity, welcomed, now);
      return;
    }
    const reason = `${nameOf(identity)} may not serve ${service}`;
    this.counters.unauthorizedWorkers++;
    this.guard?.denied({ peer, identity }, 'serve', service, 'UNAUTHORIZED', reason);
    this.#dismiss(peer, dialect, refusal(reason));
  }

  #dismiss(peer: PeerId, dialect: Dialect, farewell: BrokerDisconnect): void {
    this.outbound.toWorker(peer, dialect, farewell);
    if (dialect.packed) this.outbound.ended(peer);
  }

  #end({ peer, dialect }: UnprovenWorker): void {
    this.#unproven.remove(peer);
    this.#dismiss(peer, dialect, DISCONNECT);
  }

  /** The peer is gone, or nobody any more. */
  forget(peer: PeerId): void {
    this.#unproven.remove(peer);
  }

  /** Gives up those that were asked for a proof so long ago, in ms. */
  tick(silenceMs: number, now: number): void {
    for (const unproven of this.#unproven) {
      if (now - unproven.since < silenceMs) return;
      this.#end(unproven);
    }
  }

  /** The broker stops. */
  endAll(): void {
    for (const unproven of this.#unproven) this.#end(unproven);
  }
}
