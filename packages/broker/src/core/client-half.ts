import {
  Body,
  CAN_PROVE,
  DISCONNECT,
  isMmi,
  keyToHex,
  NO_METADATA,
  type BrokerDisconnect,
  type ClientRequest,
  type ClientToBroker,
  type Dialect,
  type Hello,
  type Proof,
  type Welcome,
} from '@majordomo/protocol';
import { answerAccess } from './access/about';
import { askedToProve, refusal } from './access/admission';
import { nameOf, type Guard } from './access/guard';
import type { Clients } from './clients';
import type { Counters } from './counters';
import type { Dispatcher } from './dispatcher';
import type { Intake } from './intake';
import type { Management } from './management';
import { OUTCOME } from './meters';
import { argumentOf } from './mmi';
import type { Outbound } from './outbound';
import type { ClientRecord, PeerId } from './records';
import type { Replies } from './replies';
import type { Requests } from './requests';
import type { CoreSettings } from './settings';
import type { WorkerHalf } from './worker-half';

/** The clients' half: packed sessions from HELLO to their end, and what clients of all dialects ask for. */
export class ClientHalf {
  /** True where no request is taken any more. */
  draining = false;

  constructor(
    private readonly settings: CoreSettings,
    private readonly welcome: Welcome,
    private readonly management: Management,
    private readonly clients: Clients,
    private readonly workers: WorkerHalf,
    private readonly intake: Intake,
    private readonly requests: Requests,
    private readonly replies: Replies,
    private readonly dispatcher: Dispatcher,
    private readonly counters: Counters,
    private readonly outbound: Outbound,
    private readonly guard: Guard | undefined,
  ) {}

  hearPacked(peer: PeerId, dialect: Dialect, command: ClientToBroker, now: number): void {
    const client = this.clients.get(peer);
    if (!client?.session) {
      if (command.kind === 'hello') this.#hello(peer, dialect, command, now);
      else if (command.kind === 'disconnect') this.outbound.ended(peer);
      else this.refuse(peer, dialect, `${command.kind.toUpperCase()} of a client without a session`);
      return;
    }
    if (client.challenge !== undefined && command.kind !== 'disconnect') {
      if (command.kind === 'proof') this.#prove(client, dialect, command, now);
      else if (command.kind !== 'heartbeat') {
        this.#error(client, dialect, `${command.kind.toUpperCase()} before PROOF`);
      }
      return;
    }
    this.clients.seen(client, now);
    switch (command.kind) {
      case 'request':
        if (client.requests.has(command.id)) {
          this.#error(client, dialect, `REQUEST with the id ${command.id}, which is in use`);
        } else {
          this.#request(peer, client, dialect, command, now);
        }
        return;
      case 'cancel': {
        const request = client.requests.get(command.id);
        if (!request) return;
        this.counters.cancelled++;
        this.requests.withdraw(request, OUTCOME.cancelled);
        return;
      }
      case 'window': {
        const request = client.requests.get(command.id);
        if (request) this.replies.moreWindow(request, command.more);
        return;
      }
      case 'heartbeat':
        return;
      case 'disconnect':
        this.#over(client);
        return;
      case 'hello':
        this.#error(client, dialect, 'HELLO twice');
        return;
      case 'proof':
        this.#error(client, dialect, 'PROOF that was not asked for');
        return;
    }
  }

  #hello(peer: PeerId, dialect: Dialect, { capabilities }: Hello, now: number): void {
    const { clientsMax } = this.settings;
    if (this.draining) this.refuse(peer, dialect, 'HELLO while the broker stops');
    else if (this.workers.table.has(peer) || this.workers.newcomers.has(peer))
      this.refuse(peer, dialect, 'HELLO of a worker');
    else if (this.clients.sessions >= clientsMax) {
      this.refuse(peer, dialect, `HELLO beyond ${clientsMax} clients`);
    } else {
      const challenge = (capabilities & CAN_PROVE) === 0 ? undefined : this.guard?.authority.challenge(peer);
      const identity = challenge ? undefined : this.guard?.authority.stranger(peer);
      if (identity && !identity.rights) {
        this.#deny(peer, dialect, `${nameOf(identity)} may do nothing here`);
        return;
      }
      const before = this.clients.get(peer);
      if (before) this.gone(before);
      const client = this.clients.begin(peer, dialect, now);
      client.meter = before?.meter;
      client.identity = identity;
      client.challenge = challenge;
      this.counters.clientsWelcomed++;
      this.outbound.event({ type: 'clientWelcomed', peer: keyToHex(peer) });
      const welcome = { ...this.welcome, internedMax: client.internedMax };
      this.outbound.toClient(peer, dialect, challenge ? askedToProve(welcome, challenge) : welcome);
    }
  }

  /** A HELLO that the policy does not allow. */
  #deny(peer: PeerId, dialect: Dialect, reason: string): void {
    this.counters.unauthorizedClients++;
    this.guard?.denied({ peer, identity: undefined }, 'session', undefined, 'UNAUTHORIZED', reason);
    this.outbound.toClient(peer, dialect, refusal(reason));
    this.outbound.ended(peer);
  }

  /** The answer to the challenge: one try, and nothing was acted upon before it. */
  #prove(client: ClientRecord, dialect: Dialect, proof: Proof, now: number): void {
    const { peer, challenge } = client;
    if (!this.guard || !challenge) return;
    const identity = this.guard.authority.identify('client', peer, challenge, proof);
    if (typeof identity === 'string') {
      this.counters.proofsRefused++;
      this.guard.denied({ peer, identity: undefined }, 'proof', undefined, 'UNAUTHORIZED', identity);
      this.dismiss(client, dialect, refusal(identity));
      this.guard.authority.shut(peer);
      return;
    }
    client.challenge = undefined;
    client.identity = identity;
    this.clients.seen(client, now);
    this.outbound.event({ type: 'keyProven', peer: keyToHex(peer), key: identity.keyName ?? '' });
  }

  /** The policy has changed: sessions without any rights end, and so does what was asked for and is not allowed any more. */
  recheck(): void {
    for (const client of [...this.clients]) {
      const { identity, peer, session } = client;
      const now = identity ?? (client.challenge ? undefined : this.guard?.authority.stranger(peer));
      if (!now) continue;
      const { rights } = now;
      this.requests.revoke(client, (service) => rights?.mayRequest(service) ?? false);
      if (rights || !session) continue;
      const reason = `${nameOf(now)} may do nothing any more`;
      this.counters.unauthorizedClients++;
      this.guard?.denied({ peer, identity: now }, 'session', undefined, 'UNAUTHORIZED', reason);
      this.dismiss(client, session, refusal(reason));
      if (now.keyName !== undefined) this.guard?.authority.shut(peer);
    }
  }

  /** A client is not there any more. */
  gone(client: ClientRecord): void {
    this.requests.clientGone(client);
    if (client.session) this.outbound.ended(client.peer);
  }

  /** A session is over; its peer may begin another. */
  #over(client: ClientRecord): void {
    this.gone(client);
    this.clients.remember(client);
  }

  /** A valid command out of place in a packed client's session: DISCONNECT, and no session any more. */
  #error(client: ClientRecord, dialect: Dialect, detail: string): void {
    this.counters.protocolErrors++;
    this.outbound.event({ type: 'protocolError', peer: keyToHex(client.peer), detail });
    this.dismiss(client, dialect);
  }

  dismiss(client: ClientRecord, session: Dialect, farewell: BrokerDisconnect = DISCONNECT): void {
    this.outbound.toClient(client.peer, session, farewell);
    this.#over(client);
  }

  /** The same from a packed client that has no session. */
  refuse(peer: PeerId, dialect: Dialect, detail: string): void {
    this.counters.protocolErrors++;
    this.outbound.event({ type: 'protocolError', peer: keyToHex(peer), detail });
    this.outbound.toClient(peer, dialect, DISCONNECT);
    this.outbound.ended(peer);
  }

  /** A plain REQUEST. A packed client that sends one is wrong about the protocol: its session has ids, this has none. */
  hearPlain(peer: PeerId, dialect: Dialect, command: ClientRequest, now: number): void {
    const client = this.clients.get(peer);
    if (client?.session) this.#error(client, client.session, `${dialect.name} in a packed session`);
    else this.#request(peer, undefined, dialect, command, now);
  }

  #request(
    peer: PeerId,
    session: ClientRecord | undefined,
    dialect: Dialect,
    command: ClientRequest,
    now: number,
  ): void {
    if (isMmi(command.service)) {
      this.counters.managementRequests++;
      if (!this.guard || this.guard.admits(peer, session, dialect, command, now)) {
        this.#manage(peer, session, dialect, command, now);
      }
      return;
    }
    this.counters.requests++;
    if (this.guard !== undefined && !this.guard.admits(peer, session, dialect, command, now)) return;
    if (this.draining) {
      this.intake.refuseDraining(peer, dialect, command);
      return;
    }
    const request = this.intake.admit(peer, session, dialect, command, now);
    if (!request) return;
    if (this.guard !== undefined) this.guard.took(request);
    const { service } = request;
    const worker = service.queue.length === 0 ? service.ready.first : undefined;
    if (worker) {
      this.dispatcher.assign(request, worker, now);
      return;
    }
    this.requests.queue(request);
    this.dispatcher.later(service);
  }

  #manage(
    peer: PeerId,
    session: ClientRecord | undefined,
    dialect: Dialect,
    { id, service, body }: ClientRequest,
    now: number,
  ): void {
    const reply =
      service === 'mmi.access'
        ? new Body(
            answerAccess(
              session?.identity ?? this.guard?.authority.stranger(peer),
              argumentOf(service, body),
            ),
          )
        : this.management.answer(service, body, now);
    this.outbound.toClient(peer, dialect, { kind: 'final', id, service, body: reply, metadata: NO_METADATA });
  }
}
