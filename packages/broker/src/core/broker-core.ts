import {
  DRAINING,
  HEARTBEAT,
  keyToHex,
  NO_METADATA,
  REVISION,
  type ClientToBroker,
  type Dialect,
  type MmiBroker,
  type Rejection,
  type Welcome,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { Guard } from './access/guard';
import { ClientHalf } from './client-half';
import { Clients } from './clients';
import { newCounters, newRejectionCounts, type Counters, type RejectionCounts } from './counters';
import { Dispatcher } from './dispatcher';
import { Intake } from './intake';
import { checkInvariants } from './invariants';
import { Liveness } from './liveness';
import { Management } from './management';
import type { Meters } from './meters';
import { describeBroker, type BrokerView } from './mmi';
import type { BrokerEvent, Outbound } from './outbound';
import type { ClientRecord, PeerGoneReason, PeerId, ServiceRecord, WorkerRecord } from './records';
import { Replies } from './replies';
import { Requests } from './requests';
import { Services } from './services';
import type { About, CoreSettings } from './settings';
import { WorkerHalf } from './worker-half';

/**
 * The broker's decisions, and nothing else: no sockets, no clock, no randomness. Commands and the time
 * come in, commands go out through {@link Outbound}. Times are in ms on any clock that does not go back.
 * Each request costs the same, whatever the number of services, workers and clients.
 *
 * Commands that come together are heard together: what they leave waiting is given to workers by {@link settle},
 * which is to be called after them. Between a worker's last reply and its goodbye, right behind it, it is given
 * nothing more.
 */
export class BrokerCore implements BrokerView {
  readonly counters: Counters = newCounters();
  readonly rejections: RejectionCounts = newRejectionCounts();
  readonly #services: Services;
  readonly #clients: Clients;
  readonly #requests: Requests;
  readonly #replies: Replies;
  readonly #liveness: Liveness;
  readonly #dispatcher: Dispatcher;
  readonly #workers: WorkerHalf;
  readonly #clientHalf: ClientHalf;
  readonly #management: Management;
  readonly #silenceMs: number;
  #draining = false;

  constructor(
    readonly settings: CoreSettings,
    private readonly outbound: Outbound,
    readonly startedAt: number,
    readonly meters?: Meters,
  ) {
    const { heartbeatMs, liveness, jobDeadlineMs, limits } = settings;
    const { counters } = this;
    const services = new Services(settings.serviceExpiryMs, startedAt, meters);
    this.#services = services;
    const clients = new Clients(settings.idSeed);
    this.#clients = clients;
    const welcome: Welcome = {
      kind: 'welcome',
      revision: REVISION,
      heartbeatMs,
      capabilities: 0,
      metadata: NO_METADATA,
      internedMax: 0,
      ...limits,
    };
    this.#silenceMs = heartbeatMs * liveness;
    const requests = new Requests(settings, services, clients, counters, outbound, startedAt);
    const intake = new Intake(settings, services, clients, requests, counters);
    const replies = new Replies(settings, requests, counters, outbound);
    const alive = new Liveness({ heartbeatMs, silenceMs: this.#silenceMs, jobDeadlineMs });
    const { authority } = settings;
    const guard = authority && new Guard(authority, clients, services, counters, outbound);
    const dispatcher = new Dispatcher(settings, services, requests, replies, alive, counters, outbound);
    const workers = new WorkerHalf(
      settings,
      welcome,
      services,
      clients,
      requests,
      replies,
      dispatcher,
      alive,
      counters,
      outbound,
      guard,
    );
    this.#requests = requests;
    this.#replies = replies;
    this.#liveness = alive;
    this.#dispatcher = dispatcher;
    this.#workers = workers;
    this.#management = new Management(this);
    this.#clientHalf = new ClientHalf(
      settings,
      welcome,
      this.#management,
      clients,
      workers,
      intake,
      requests,
      replies,
      dispatcher,
      counters,
      outbound,
      guard,
    );
  }

  get workers(): ReadonlyMap<PeerId, WorkerRecord> {
    return this.#workers.table;
  }

  get services(): ReadonlyMap<string, ServiceRecord> {
    return this.#services.table;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** Packed clients in session. */
  get clientSessions(): number {
    return this.#clients.sessions;
  }

  /** All that are known as clients. */
  get clientPeers(): PeerId[] {
    return [...this.#clients].map(({ peer }) => peer);
  }

  /** Packed clients in session, and plain ones with requests. */
  get clients(): Iterable<ClientRecord> {
    return this.#clients.present;
  }

  get pendingBytes(): number {
    return this.#requests.pendingBytes;
  }

  /** Bytes of packed messages that requests under way keep in memory. */
  get retainedBytes(): number {
    return this.#requests.retention.bytes;
  }

  get draining(): boolean {
    return this.#draining;
  }

  about(): About {
    return this.outbound.about();
  }

  /**
   * Holds all tables against each other, for tests and simulation, where a turn has been settled.
   * @throws StateError saying what is wrong
   */
  checkInvariants(): void {
    checkInvariants({
      settings: this.settings,
      counters: this.counters,
      services: this.services,
      workers: this.workers,
      clients: this.#clients,
      requests: this.#requests,
      dispatcher: this.#dispatcher,
    });
  }

  /** The state of the broker, as `mmi.broker` gives it. */
  describe(now: number): MmiBroker {
    return describeBroker(this, now);
  }

  /**
   * What comes next until {@link endMessage} is from one packed message of a peer, whose first frame has so many bytes.
   * Whatever it says, it counts as a heartbeat.
   */
  beginMessage(peer: PeerId, bytes: number, now: number): void {
    this.#requests.retention.begin(bytes);
    const worker = this.#workers.table.get(peer);
    const client = worker ? undefined : this.#clients.get(peer);
    if (worker) this.#liveness.seen(worker, now);
    else if (client?.session && !client.challenge) this.#clients.seen(client, now);
  }

  /** The commands of the packed message have been heard. */
  endMessage(): void {
    this.#requests.retention.end();
  }

  /** All that came together has been heard: gives what waits to workers with credit. */
  settle(now: number): void {
    this.#dispatcher.settle(now);
    this.#management.endTurn(now);
  }

  /**
   * A message that could not be decoded. It is dropped and counted, and a worker that sent it is no longer
   * a worker (RFC 7: "dropping them and treating that peer as invalid"); a packed client's session is over.
   */
  reject(peer: PeerId, rejection: Rejection, now: number): void {
    this.rejections[rejection.reason]++;
    this.outbound.event({ type: 'messageRejected', peer: keyToHex(peer), rejection });
    const worker = this.workers.get(peer);
    if (worker) this.#workers.dismiss(worker, 'invalid_message', now);
    this.#workers.newcomers.forget(peer);
    const client = this.#clients.get(peer);
    if (client?.session) this.#clientHalf.dismiss(client, client.session);
  }

  /** The peer's connection is closed, or it takes no more messages. */
  peerGone(peer: PeerId, reason: PeerGoneReason, now: number): void {
    this.peersGone([[peer, reason]], now);
  }

  /** The same for peers that are found gone together: what one of them held is not given to another. */
  peersGone(gone: readonly (readonly [PeerId, PeerGoneReason])[], now: number): void {
    for (const [peer, reason] of gone) {
      const client = this.#clients.get(peer);
      if (client) this.#clientHalf.gone(client);
      const worker = this.workers.get(peer);
      if (worker) this.#workers.lose(worker, reason, now);
      this.#workers.newcomers.forget(peer);
    }
  }

  /** Time has passed: gives up silent peers, expires requests, sends the heartbeats that are due. */
  tick(now: number): void {
    for (let silent = this.#liveness.nextSilent(now); silent; silent = this.#liveness.nextSilent(now)) {
      const { worker, reason } = silent;
      if (worker.dialect.packed) this.#workers.dismiss(worker, reason, now);
      else this.#workers.lose(worker, reason, now);
    }
    this.#tickClients(now);
    this.#workers.newcomers.tick(this.#silenceMs, now);
    this.#clients.forgetIdle(now);
    this.#requests.expire(now);
    this.#requests.relieve();
    this.#replies.tick();
    for (let due = this.#liveness.nextDueHeartbeat(now); due; due = this.#liveness.nextDueHeartbeat(now)) {
      this.#workers.send(due, HEARTBEAT, now);
    }
  }

  #tickClients(now: number): void {
    const clients = this.#clients;
    for (;;) {
      const silent = clients.nextSilent(this.#silenceMs, now);
      if (!silent?.session) break;
      this.#clientHalf.dismiss(silent, silent.session);
    }
    const { heartbeatMs } = this.settings;
    for (;;) {
      const due = clients.nextDueHeartbeat(heartbeatMs, now);
      if (!due?.session) break;
      clients.beaten(due, now);
      this.outbound.toClient(due.peer, due.session, HEARTBEAT);
    }
  }

  /** Takes no more requests; those under way go on. Packed clients are told. */
  drain(): void {
    this.#refuseNew();
    for (const { peer, session } of this.#clients) {
      if (session) this.outbound.toClient(peer, session, DRAINING);
    }
  }

  #refuseNew(): void {
    this.#draining = true;
    this.#workers.draining = true;
    this.#clientHalf.draining = true;
  }

  /** True where every request that is left waits for a service that no worker serves. */
  get drained(): boolean {
    for (const { requests } of this.#clients) {
      for (const { state, service } of requests.values()) {
        if (state !== 'queued' || service.workers.size > 0) return false;
      }
    }
    return true;
  }

  /** The end: what is under way fails, and every session is ended, so that peers go elsewhere at once. */
  stop(now: number): void {
    this.#refuseNew();
    this.#requests.failAll();
    for (const worker of [...this.workers.values()]) this.#workers.dismiss(worker, 'broker_closing', now);
    this.#workers.newcomers.endAll();
    for (const client of [...this.#clients])
      if (client.session) this.#clientHalf.dismiss(client, client.session);
    this.settle(now);
  }

  /** True where a packed peer is in session. */
  inSession(peer: PeerId): boolean {
    return (
      this.#clients.get(peer)?.session !== undefined ||
      this.workers.get(peer)?.dialect.packed === true ||
      this.#workers.newcomers.has(peer)
    );
  }

  /** A packed peer without a session has sent a message that begins none: DISCONNECT. */
  refuseStranger(peer: PeerId, half: 'client' | 'worker', dialect: Dialect): void {
    const detail = `a message of a ${half} without a session`;
    if (half === 'client') this.#clientHalf.refuse(peer, dialect, detail);
    else this.#workers.refuse(peer, dialect, detail);
  }

  /** The rights of identities have changed: whoever may not do any more what it does is cut off. */
  recheck(now: number): void {
    this.#workers.recheck(now);
    this.#clientHalf.recheck();
  }

  /** A connection was not let in. */
  connectionRefused(refused: Omit<Extract<BrokerEvent, { type: 'connectionRefused' }>, 'type'>): void {
    this.counters.connectionsRefused++;
    this.outbound.event({ type: 'connectionRefused', ...refused });
  }

  /** A request of the handshake was none. */
  handshakeMalformed(): void {
    this.counters.handshakesMalformed++;
  }

  /** What a client says. */
  fromClient(peer: PeerId, dialect: Dialect, command: ClientToBroker, now: number): void {
    if (dialect.packed) this.#clientHalf.hearPacked(peer, dialect, command, now);
    else if (command.kind === 'request') this.#clientHalf.hearPlain(peer, dialect, command, now);
  }

  /** What a worker says. */
  fromWorker(peer: PeerId, dialect: Dialect, command: WorkerToBroker, now: number): void {
    this.#workers.hear(peer, dialect, command, now);
  }
}
