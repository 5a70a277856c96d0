import {
  DISCONNECT,
  HEARTBEAT,
  isMmi,
  keyToHex,
  type BrokerToWorker,
  type ClientToBroker,
  type Dialect,
  type FromPeer,
  type MmiBroker,
  type Rejection,
  type WorkerReady,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { newCounters, newRejectionCounts, type Counters, type RejectionCounts } from './counters';
import { Liveness } from './liveness';
import { answerMmi, describeBroker, type BrokerView } from './mmi';
import type { Outbound } from './outbound';
import type {
  PeerGoneReason,
  PeerId,
  RequestRecord,
  ServiceRecord,
  WorkerLostReason,
  WorkerRecord,
} from './records';
import { Requests } from './requests';
import { Services } from './services';
import type { About, CoreSettings } from './settings';

/**
 * The broker's decisions, and nothing else: no sockets, no clock, no randomness. Commands and the time
 * come in, commands go out through {@link Outbound}. Times are in ms on any clock that does not go back.
 * Each request costs the same, whatever the number of services, workers and clients.
 */
export class BrokerCore implements BrokerView {
  readonly counters: Counters = newCounters();
  readonly rejections: RejectionCounts = newRejectionCounts();
  readonly workers = new Map<PeerId, WorkerRecord>();
  readonly #services = new Services();
  readonly #requests: Requests;
  readonly #liveness: Liveness;
  #references = 0;
  #draining = false;

  constructor(
    readonly settings: CoreSettings,
    private readonly outbound: Outbound,
    readonly startedAt: number,
  ) {
    this.#requests = new Requests(settings, this.#services, this.counters, outbound);
    this.#liveness = new Liveness({
      heartbeatMs: settings.heartbeatMs,
      silenceMs: settings.heartbeatMs * settings.liveness,
      jobDeadlineMs: settings.jobDeadlineMs,
    });
  }

  get services(): ReadonlyMap<string, ServiceRecord> {
    return this.#services.table;
  }

  get clientCount(): number {
    return this.#requests.clientCount;
  }

  get pendingBytes(): number {
    return this.#requests.pendingBytes;
  }

  get draining(): boolean {
    return this.#draining;
  }

  about(): About {
    return this.outbound.about();
  }

  /** The state of the broker, as `mmi.broker` gives it. */
  describe(now: number): MmiBroker {
    return describeBroker(this, now);
  }

  /** A message of a peer, decoded. */
  receive(peer: PeerId, { half, dialect, command }: FromPeer, now: number): void {
    if (half === 'client') this.#fromClient(peer, dialect, command, now);
    else this.#fromWorker(peer, dialect, command, now);
  }

  /**
   * A message that could not be decoded. It is dropped and counted, and a worker that sent it is no longer
   * a worker (RFC 7: "dropping them and treating that peer as invalid").
   */
  reject(peer: PeerId, rejection: Rejection, now: number): void {
    this.rejections[rejection.reason]++;
    this.outbound.event({ type: 'messageRejected', peer: keyToHex(peer), rejection });
    const worker = this.workers.get(peer);
    if (worker) this.#dismiss(worker, 'invalid_message', now);
  }

  /** The peer's connection is closed, or it takes no more messages. */
  peerGone(peer: PeerId, reason: PeerGoneReason, now: number): void {
    this.peersGone([[peer, reason]], now);
  }

  /** The same for peers that are found gone together: what one of them held is not given to another. */
  peersGone(gone: readonly (readonly [PeerId, PeerGoneReason])[], now: number): void {
    for (const [peer] of gone) this.workers.get(peer)?.readyNode?.remove();
    for (const [peer, reason] of gone) {
      this.#requests.clientGone(peer);
      const worker = this.workers.get(peer);
      if (worker) this.#lose(worker, reason, now);
    }
  }

  /** Time has passed: gives up silent workers, expires requests, sends the heartbeats that are due. */
  tick(now: number): void {
    for (let silent = this.#liveness.nextSilent(now); silent; silent = this.#liveness.nextSilent(now)) {
      this.#lose(silent.worker, silent.reason, now);
    }
    this.#requests.expire(now);
    for (let due = this.#liveness.nextDueHeartbeat(now); due; due = this.#liveness.nextDueHeartbeat(now)) {
      this.#send(due, HEARTBEAT, now);
    }
  }

  /** Takes no more requests; those under way go on. */
  drain(): void {
    this.#draining = true;
  }

  /** True where no request that somebody wants is held by a worker, or waits for one that is there. */
  get drained(): boolean {
    for (const { held } of this.workers.values()) {
      for (const request of held.values()) if (request.state === 'held') return false;
    }
    for (const { queue, workers } of this.#services.table.values()) {
      if (queue.length > 0 && workers.size > 0) return false;
    }
    return true;
  }

  /** The end: what is under way fails, and every worker is sent away, so that it registers elsewhere at once. */
  stop(now: number): void {
    this.#draining = true;
    this.#requests.failAll();
    for (const worker of [...this.workers.values()]) this.#dismiss(worker, 'broker_closing', now);
  }

  #fromClient(peer: PeerId, dialect: Dialect, command: ClientToBroker, now: number): void {
    const { service: name, body } = command;
    if (isMmi(name)) {
      this.counters.managementRequests++;
      const reply = answerMmi(this, name, body, now);
      this.outbound.toClient(peer, dialect, { kind: 'final', service: name, body: reply });
      return;
    }
    this.counters.requests++;
    if (this.#draining) {
      this.#requests.refuseDraining(peer, dialect, name);
      return;
    }
    const service = this.#requests.enqueue(peer, dialect, command, now);
    if (service) this.#dispatch(service, now);
  }

  /** Gives what waits to the workers that have credit, the least recently used first. */
  #dispatch(service: ServiceRecord, now: number): void {
    for (let worker = service.ready.first; worker; worker = service.ready.first) {
      const request = service.queue.shift();
      if (!request) break;
      this.#assign(request, worker, now);
    }
    this.#services.settle(service);
  }

  #assign(request: RequestRecord, worker: WorkerRecord, now: number): void {
    const ref = `${this.settings.referencePrefix}${(++this.#references).toString(36)}`;
    request.state = 'held';
    request.attempts++;
    worker.held.set(ref, request);
    this.#rank(worker);
    this.#liveness.dispatched(worker, now);
    this.counters.dispatched++;
    this.#send(worker, { kind: 'request', ref, body: request.body }, now);
    if (request.attempts === 1) return;
    this.counters.redispatched++;
    const { name } = request.service;
    this.outbound.event({ type: 'requestRedispatched', service: name, attempts: request.attempts });
  }

  /** Puts a worker last among those with credit, or takes it out where it has none left. */
  #rank(worker: WorkerRecord): void {
    worker.readyNode?.remove();
    worker.readyNode = worker.held.size < worker.credit ? worker.service.ready.push(worker) : undefined;
  }

  #fromWorker(peer: PeerId, dialect: Dialect, command: WorkerToBroker, now: number): void {
    const worker = this.workers.get(peer);
    if (!worker) {
      this.#fromStranger(peer, dialect, command, now);
      return;
    }
    if (worker.dialect.name !== dialect.name) {
      this.#protocolError(worker, `${dialect.name} in a session of ${worker.dialect.name}`, now);
      return;
    }
    switch (command.kind) {
      case 'ready':
        this.#protocolError(worker, 'READY twice', now);
        return;
      case 'heartbeat':
        this.#liveness.heartbeat(worker, now);
        return;
      case 'disconnect':
        this.#lose(worker, 'disconnected', now);
        return;
      case 'partial':
      case 'final':
        this.#reply(worker, command, now);
        return;
    }
  }

  #reply(worker: WorkerRecord, reply: Extract<WorkerToBroker, { ref: string }>, now: number): void {
    const request = worker.held.get(reply.ref);
    if (!request) {
      this.#protocolError(worker, `${reply.kind.toUpperCase()} with a reference that it does not hold`, now);
      return;
    }
    if (reply.kind === 'partial') {
      this.#liveness.seen(worker, now);
      this.#requests.partial(request, reply.body);
      return;
    }
    worker.held.delete(reply.ref);
    this.#liveness.seen(worker, now);
    this.#rank(worker);
    this.#requests.answer(request, worker, reply.body);
    this.#dispatch(worker.service, now);
  }

  /** A peer that is not registered may register or say goodbye; all else makes it register again. */
  #fromStranger(peer: PeerId, dialect: Dialect, command: WorkerToBroker, now: number): void {
    if (command.kind === 'disconnect') return;
    if (command.kind !== 'ready') {
      this.#refuse(peer, dialect, `${command.kind.toUpperCase()} of a worker that is not registered`);
      return;
    }
    const objection = this.#objectionTo(command);
    if (objection) this.#refuse(peer, dialect, objection);
    else this.#register(peer, dialect, command, now);
  }

  /** Why a worker cannot register, or `undefined`. */
  #objectionTo({ service }: WorkerReady): string | undefined {
    const { workersMax, servicesMax } = this.settings;
    if (isMmi(service)) return `READY for ${service}, which is the broker's own`;
    if (this.#draining) return 'READY while the broker stops';
    if (this.workers.size >= workersMax) return `READY beyond ${workersMax} workers`;
    if (this.services.size >= servicesMax && !this.services.has(service)) {
      return `READY beyond ${servicesMax} services`;
    }
    return undefined;
  }

  #register(peer: PeerId, dialect: Dialect, { service: name, credit }: WorkerReady, now: number): void {
    const service = this.#services.named(name, now);
    const worker: WorkerRecord = {
      peer,
      dialect,
      service,
      credit,
      held: new Map(),
      registeredAt: now,
      lastSeenAt: now,
      watchedSince: now,
      lastSentAt: now,
      dispatchedAt: now,
      heartbeatsWhileBusy: false,
      readyNode: undefined,
    };
    this.workers.set(peer, worker);
    service.workers.add(worker);
    this.#liveness.add(worker);
    this.#rank(worker);
    this.counters.workersRegistered++;
    this.outbound.event({
      type: 'workerRegistered',
      peer: keyToHex(peer),
      service: name,
      dialect: dialect.name,
    });
    this.#dispatch(service, now);
  }

  /** A valid command out of place from a registered worker: DISCONNECT, and no worker any more. */
  #protocolError(worker: WorkerRecord, detail: string, now: number): void {
    this.counters.protocolErrors++;
    this.outbound.event({ type: 'protocolError', peer: keyToHex(worker.peer), detail });
    this.#dismiss(worker, 'protocol_error', now);
  }

  /** The same from a peer that is not registered. */
  #refuse(peer: PeerId, dialect: Dialect, detail: string): void {
    this.counters.protocolErrors++;
    this.outbound.event({ type: 'protocolError', peer: keyToHex(peer), detail });
    this.outbound.toWorker(peer, dialect, DISCONNECT);
  }

  #dismiss(worker: WorkerRecord, reason: WorkerLostReason, now: number): void {
    this.#send(worker, DISCONNECT, now);
    this.#lose(worker, reason, now);
  }

  #send(worker: WorkerRecord, command: BrokerToWorker, now: number): void {
    this.#liveness.sent(worker, now);
    this.outbound.toWorker(worker.peer, worker.dialect, command);
  }

  /** Ends a worker's session; what it held goes back to the head of the queue, or fails for good. */
  #lose(worker: WorkerRecord, reason: WorkerLostReason, now: number): void {
    const { service, held } = worker;
    this.workers.delete(worker.peer);
    service.workers.delete(worker);
    worker.readyNode?.remove();
    this.#liveness.remove(worker);
    if (service.workers.size === 0) service.unservedSince = now;
    this.counters.workersLost++;
    this.outbound.event({
      type: 'workerLost',
      peer: keyToHex(worker.peer),
      service: service.name,
      reason,
      held: held.size,
    });
    for (const request of held.values()) this.#requests.recover(request);
    held.clear();
    this.#dispatch(service, now);
  }
}
