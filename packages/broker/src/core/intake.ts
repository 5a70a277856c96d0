import type { ClientRequest, Dialect, FailureCode } from '@majordomo/protocol';
import { NOTHING, whatIsFull } from './bounds';
import type { Clients } from './clients';
import { costOf, REQUEST_COST_BYTES } from './costs';
import type { Counters } from './counters';
import { OUTCOME_OF } from './meters';
import { ID_MAX, RequestRecord, type ClientRecord, type PeerId, type ServiceRecord } from './records';
import type { Requests } from './requests';
import type { Services } from './services';
import type { CoreSettings } from './settings';

/** Requests that make room for one of another client at the most: that may be larger than they. */
const EVICTED_MAX = 4;

/** Which requests are taken: one that would break a bound is refused, unless others have to make room for it. */
export class Intake {
  /** Numbers the requests of plain clients, whose dialects have no ids. */
  #plainIds = 0;

  constructor(
    private readonly settings: CoreSettings,
    private readonly services: Services,
    private readonly clients: Clients,
    private readonly requests: Requests,
    private readonly counters: Counters,
  ) {}

  /**
   * Takes a request, or refuses it where that would break a bound. It is neither queued nor dispatched yet.
   * @param session - the packed client that it comes from, or `undefined` for a plain one
   */
  admit(
    peer: PeerId,
    session: ClientRecord | undefined,
    dialect: Dialect,
    command: ClientRequest,
    now: number,
  ): RequestRecord | undefined {
    const { service: name, body, metadata, remainingMs } = command;
    const bytes = REQUEST_COST_BYTES + costOf(body, metadata);
    let service = this.services.table.get(name);
    const isUnserved = command.failFast && (service?.workers.size ?? 0) === 0;
    let full = this.#whatIsFull(service, bytes);
    if (full && service && !isUnserved && this.#makeRoom(peer, session, service, command.priority, bytes))
      full = undefined;
    if (full) {
      this.counters.refused++;
      this.#refuse(peer, dialect, command, service, 'QUEUE_FULL', full);
      return undefined;
    }
    if (isUnserved) {
      this.counters.unserved++;
      this.#refuse(peer, dialect, command, service, 'NO_WORKER', 'no worker is registered for it');
      return undefined;
    }
    service ??= this.services.named(name, now);
    const client = session ?? this.clients.plain(peer, dialect, now);
    const id = session ? command.id : this.#plainId(client);
    const request = new RequestRecord(
      client,
      id,
      service,
      dialect,
      body,
      metadata,
      bytes,
      now,
      remainingMs === 0 ? Infinity : now + remainingMs,
      command.priority,
      command.window,
      this.requests.retention.hold(),
    );
    client.requests.set(id, request);
    this.requests.charge(bytes);
    return request;
  }

  /**
   * One client must not keep all others out by filling a queue: where it has far more waiting than the client that asks
   * now, its newest requests make room. Nobody gives way to a request that does not fit all the same: false then.
   */
  #makeRoom(
    peer: PeerId,
    session: ClientRecord | undefined,
    service: ServiceRecord,
    priority: number,
    bytes: number,
  ): boolean {
    const client = session ?? this.clients.get(peer);
    const crowding = service.queue.crowding(client?.lane, priority, EVICTED_MAX);
    const evicted: RequestRecord[] = [];
    let freed = NOTHING;
    for (const request of crowding) {
      evicted.push(request);
      freed = { requests: evicted.length, bytes: freed.bytes + request.bytes };
      if (this.#whatIsFull(service, bytes, freed) === undefined) {
        for (const each of evicted) this.#evict(each);
        return true;
      }
    }
    return false;
  }

  #evict(request: RequestRecord): void {
    request.service.queue.remove(request);
    this.counters.refused++;
    this.requests.endFailed(request, 'QUEUE_FULL', 'others had less waiting than its client', true);
  }

  #plainId({ requests }: ClientRecord): number {
    do this.#plainIds = this.#plainIds === ID_MAX ? 1 : this.#plainIds + 1;
    while (requests.has(this.#plainIds));
    return this.#plainIds;
  }

  #whatIsFull(service: ServiceRecord | undefined, bytes: number, freed = NOTHING): string | undefined {
    const pendingBytes = this.requests.pendingBytes - freed.bytes;
    const held = { pendingBytes, services: this.services.table.size };
    return whatIsFull(held, service, bytes, this.settings, freed);
  }

  /** Refuses a request because the broker is about to stop. */
  refuseDraining(peer: PeerId, dialect: Dialect, request: ClientRequest): void {
    this.counters.refusedDraining++;
    const service = this.services.table.get(request.service);
    this.#refuse(peer, dialect, request, service, 'BROKER_DRAINING', 'the broker is stopping');
  }

  /** Tells a client that its request is not taken. */
  #refuse(
    peer: PeerId,
    dialect: Dialect,
    { id, service: name }: ClientRequest,
    service: ServiceRecord | undefined,
    code: FailureCode,
    message: string,
  ): void {
    this.services.meterOf(service)?.ended(OUTCOME_OF[code]);
    this.requests.fail(peer, dialect, id, name, code, message, true);
  }
}
