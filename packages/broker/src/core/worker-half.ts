import {
  DISCONNECT,
  DRAINING,
  isMmi,
  isTighter,
  keyToHex,
  type BrokerDisconnect,
  type BrokerToWorker,
  type Dialect,
  type Welcome,
  type WorkerFailure,
  type WorkerFinal,
  type WorkerPartial,
  type WorkerReady,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { refusal } from './access/admission';
import type { Identity } from './access/authority';
import { nameOf, type Guard } from './access/guard';
import { isProbe } from './access/is-probe';
import { Newcomers, type Registry } from './access/newcomers';
import type { Clients } from './clients';
import type { Counters } from './counters';
import type { Dispatcher } from './dispatcher';
import type { Liveness } from './liveness';
import type { Outbound } from './outbound';
import { WorkerRecord, type PeerId, type RequestRecord, type WorkerLostReason } from './records';
import type { Replies } from './replies';
import type { Requests } from './requests';
import type { Services } from './services';
import type { CoreSettings } from './settings';

/** Requests that one worker is given at once at the most, whatever it grants: it may never end what was withdrawn. */
const CREDIT_MAX = 65_536;

/** The workers' half: sessions from READY to their end, and what is said in them. */
export class WorkerHalf implements Registry {
  readonly table = new Map<PeerId, WorkerRecord>();
  /** Those that are not registered yet. */
  readonly newcomers: Newcomers;
  /** True where no worker may register any more. */
  draining = false;

  constructor(
    private readonly settings: CoreSettings,
    private readonly welcome: Welcome,
    private readonly services: Services,
    private readonly clients: Clients,
    private readonly requests: Requests,
    private readonly replies: Replies,
    private readonly dispatcher: Dispatcher,
    private readonly liveness: Liveness,
    private readonly counters: Counters,
    private readonly outbound: Outbound,
    private readonly guard: Guard | undefined,
  ) {
    this.newcomers = new Newcomers(welcome, this, guard, counters, outbound);
  }

  /** What a worker says. */
  hear(peer: PeerId, dialect: Dialect, command: WorkerToBroker, now: number): void {
    const worker = this.table.get(peer);
    if (!worker) {
      const session = this.clients.get(peer)?.session;
      if (session && isProbe(session, dialect, command)) return;
      this.#fromStranger(peer, dialect, command, now);
      return;
    }
    if (worker.dialect.name !== dialect.name) {
      if (isProbe(worker.dialect, dialect, command)) return;
      this.#protocolError(worker, `${dialect.name} in a session of ${worker.dialect.name}`, now);
      return;
    }
    switch (command.kind) {
      case 'final':
      case 'partial':
      case 'failure':
        this.#reply(worker, command, now);
        return;
      case 'heartbeat':
        this.liveness.heartbeat(worker, now);
        return;
      case 'credit':
        this.liveness.seen(worker, now);
        worker.credit = Math.min(command.credit, CREDIT_MAX);
        this.dispatcher.rank(worker);
        this.dispatcher.later(worker.service);
        return;
      case 'draining':
        this.liveness.seen(worker, now);
        worker.draining = true;
        this.dispatcher.rank(worker);
        this.send(worker, DRAINING, now);
        return;
      case 'disconnect':
        this.lose(worker, 'disconnected', now);
        return;
      case 'ready':
        this.#protocolError(worker, 'READY twice', now);
        return;
      case 'proof':
        this.#protocolError(worker, 'PROOF that was not asked for', now);
        return;
    }
  }

  #reply(worker: WorkerRecord, reply: WorkerPartial | WorkerFinal | WorkerFailure, now: number): void {
    const number = this.dispatcher.numberOf(reply.ref);
    const request = worker.held.get(number);
    if (!request) {
      this.#protocolError(worker, `${reply.kind.toUpperCase()} with a reference that it does not hold`, now);
      return;
    }
    if (reply.kind === 'partial') {
      this.liveness.seen(worker, now);
      if (this.replies.partial(request, worker, reply)) return;
      this.#protocolError(worker, 'PARTIAL beyond the window', now);
      return;
    }
    worker.held.delete(number);
    measureReply(request, now);
    this.liveness.seen(worker, now);
    this.dispatcher.rank(worker);
    if (reply.kind === 'final') this.replies.final(request, worker, reply);
    else this.replies.failure(request, worker, reply);
    this.dispatcher.later(worker.service);
  }

  /** A peer that is not registered may register or say goodbye; all else makes it register again. */
  #fromStranger(peer: PeerId, dialect: Dialect, command: WorkerToBroker, now: number): void {
    if (this.newcomers.hear(peer, dialect, command, now)) return;
    if (command.kind === 'disconnect') {
      if (dialect.packed) this.outbound.ended(peer);
      return;
    }
    if (command.kind !== 'ready') {
      this.refuse(peer, dialect, `${command.kind.toUpperCase()} of a worker that is not registered`);
      return;
    }
    const objection = this.objectionTo(peer, command);
    if (objection) {
      this.refuse(peer, dialect, objection);
      return;
    }
    this.newcomers.ready(peer, dialect, command, now);
  }

  enrol(
    peer: PeerId,
    dialect: Dialect,
    ready: WorkerReady,
    identity: Identity | undefined,
    welcomed: boolean,
    now: number,
  ): void {
    const worker = this.#register(peer, dialect, ready, now);
    worker.identity = identity;
    if (dialect.packed && !welcomed) this.send(worker, this.welcome, now);
    this.dispatcher.now(worker.service, now);
  }

  /** The policy has changed: workers that may not serve any more leave. */
  recheck(now: number): void {
    for (const worker of [...this.table.values()]) {
      const { identity, peer, service } = worker;
      if (!identity || identity.rights?.mayServe(service.name)) continue;
      const reason = `${nameOf(identity)} may not serve ${service.name} any more`;
      this.counters.unauthorizedWorkers++;
      this.guard?.denied({ peer, identity }, 'serve', service.name, 'UNAUTHORIZED', reason);
      this.dismiss(worker, 'unauthorized', now, refusal(reason));
      if (identity.keyName !== undefined && !identity.rights) this.guard?.authority.shut(peer);
    }
  }

  /** Why a worker cannot register, or `undefined`. */
  objectionTo(peer: PeerId, { service }: WorkerReady): string | undefined {
    const { workersMax, servicesMax } = this.settings;
    if (isMmi(service)) return `READY for ${service}, which is the broker's own`;
    if (this.draining) return 'READY while the broker stops';
    if (this.clients.get(peer)?.session) return 'READY of a client';
    if (this.table.size + this.newcomers.size >= workersMax) return `READY beyond ${workersMax} workers`;
    if (this.services.table.size >= servicesMax && !this.services.table.has(service)) {
      return `READY beyond ${servicesMax} services`;
    }
    return undefined;
  }

  #register(peer: PeerId, dialect: Dialect, ready: WorkerReady, now: number): WorkerRecord {
    const { service: name, credit } = ready;
    const service = this.services.named(name, now);
    const worker = new WorkerRecord(peer, dialect, service, Math.min(credit, CREDIT_MAX), now);
    const { limits } = ready.metadata;
    if (limits && isTighter(limits, this.settings.limits)) worker.limits = limits;
    this.table.set(peer, worker);
    this.services.served(service, now);
    service.workers.add(worker);
    this.liveness.add(worker);
    this.dispatcher.rank(worker);
    this.counters.workersRegistered++;
    this.outbound.event({
      type: 'workerRegistered',
      peer: keyToHex(peer),
      service: name,
      dialect: dialect.name,
    });
    return worker;
  }

  /** A valid command out of place from a registered worker: DISCONNECT, and no worker any more. */
  #protocolError(worker: WorkerRecord, detail: string, now: number): void {
    this.counters.protocolErrors++;
    this.outbound.event({ type: 'protocolError', peer: keyToHex(worker.peer), detail });
    this.dismiss(worker, 'protocol_error', now);
  }

  /** The same from a peer that is not registered. */
  refuse(peer: PeerId, dialect: Dialect, detail: string): void {
    this.counters.protocolErrors++;
    this.outbound.event({ type: 'protocolError', peer: keyToHex(peer), detail });
    this.outbound.toWorker(peer, dialect, DISCONNECT);
    if (dialect.packed) this.outbound.ended(peer);
  }

  dismiss(
    worker: WorkerRecord,
    reason: WorkerLostReason,
    now: number,
    farewell: BrokerDisconnect = DISCONNECT,
  ): void {
    this.send(worker, farewell, now);
    this.lose(worker, reason, now);
  }

  send(worker: WorkerRecord, command: BrokerToWorker, now: number): void {
    this.liveness.sent(worker, now);
    this.outbound.toWorker(worker.peer, worker.dialect, command);
  }

  /** Ends a worker's session; what it held goes back to the head of the queue, or fails for good. */
  lose(worker: WorkerRecord, reason: WorkerLostReason, now: number): void {
    const { service, held } = worker;
    this.table.delete(worker.peer);
    service.workers.delete(worker);
    worker.readyNode.remove();
    this.liveness.remove(worker);
    if (service.workers.size === 0) service.unservedSince = now;
    this.counters.workersLost++;
    this.outbound.event({
      type: 'workerLost',
      peer: keyToHex(worker.peer),
      service: service.name,
      reason,
      held: held.size,
    });
    for (const request of this.dispatcher.heldBy(worker)) this.requests.recover(request);
    held.clear();
    if (worker.dialect.packed) this.outbound.ended(worker.peer);
    this.dispatcher.later(service);
  }
}

/** The last reply of a worker has come: how long that took, and the whole request where somebody still waits for it. */
function measureReply(
  { service: { meter }, state, queuedAt, dispatchedAt }: RequestRecord,
  now: number,
): void {
  if (!meter) return;
  meter.atWorker.record(now - dispatchedAt);
  if (state !== 'ended') meter.total.record(now - queuedAt);
}
