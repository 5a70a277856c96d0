import {
  DISCONNECT,
  isMmi,
  keyToHex,
  NO_METADATA,
  type ClientRequest,
  type ClientToBroker,
  type Dialect,
  type Welcome,
} from '@majordomo/protocol';
import type { Clients } from './clients';
import type { Counters } from './counters';
import type { Dispatcher } from './dispatcher';
import type { Management } from './management';
import { OUTCOME } from './meters';
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
    private readonly requests: Requests,
    private readonly replies: Replies,
    private readonly dispatcher: Dispatcher,
    private readonly counters: Counters,
    private readonly outbound: Outbound,
  ) {}

  hearPacked(peer: PeerId, dialect: Dialect, command: ClientToBroker, now: number): void {
    const client = this.clients.get(peer);
    if (!client?.session) {
      if (command.kind === 'hello') this.#hello(peer, dialect, now);
      else if (command.kind === 'disconnect') this.outbound.ended(peer);
      else this.refuse(peer, dialect, `${command.kind.toUpperCase()} of a client without a session`);
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
        this.gone(client);
        return;
      case 'hello':
        this.#error(client, dialect, 'HELLO twice');
        return;
    }
  }

  #hello(peer: PeerId, dialect: Dialect, now: number): void {
    const { clientsMax } = this.settings;
    if (this.draining) this.refuse(peer, dialect, 'HELLO while the broker stops');
    else if (this.workers.table.has(peer)) this.refuse(peer, dialect, 'HELLO of a worker');
    else if (this.clients.sessions >= clientsMax) {
      this.refuse(peer, dialect, `HELLO beyond ${clientsMax} clients`);
    } else {
      const before = this.clients.get(peer);
      if (before) this.gone(before);
      const { internedMax } = this.clients.begin(peer, dialect, now);
      this.counters.clientsWelcomed++;
      this.outbound.event({ type: 'clientWelcomed', peer: keyToHex(peer) });
      this.outbound.toClient(peer, dialect, { ...this.welcome, internedMax });
    }
  }

  gone(client: ClientRecord): void {
    this.requests.clientGone(client);
    if (client.session) this.outbound.ended(client.peer);
  }

  /** A valid command out of place in a packed client's session: DISCONNECT, and no session any more. */
  #error(client: ClientRecord, dialect: Dialect, detail: string): void {
    this.counters.protocolErrors++;
    this.outbound.event({ type: 'protocolError', peer: keyToHex(client.peer), detail });
    this.dismiss(client, dialect);
  }

  dismiss(client: ClientRecord, session: Dialect): void {
    this.outbound.toClient(client.peer, session, DISCONNECT);
    this.gone(client);
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
      this.#manage(peer, dialect, command, now);
      return;
    }
    this.counters.requests++;
    if (this.draining) {
      this.requests.refuseDraining(peer, dialect, command);
      return;
    }
    const request = this.requests.admit(peer, session, dialect, command, now);
    if (!request) return;
    const { service } = request;
    const worker = service.queue.length === 0 ? service.ready.first : undefined;
    if (worker) {
      this.dispatcher.assign(request, worker, now);
      return;
    }
    this.requests.queue(request);
    this.dispatcher.later(service);
  }

  #manage(peer: PeerId, dialect: Dialect, { id, service, body }: ClientRequest, now: number): void {
    this.counters.managementRequests++;
    const reply = this.management.answer(service, body, now);
    this.outbound.toClient(peer, dialect, { kind: 'final', id, service, body: reply, metadata: NO_METADATA });
  }
}
