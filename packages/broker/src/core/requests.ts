import { Body, keyToHex, NO_METADATA, type Dialect, type FailureCode } from '@majordomo/protocol';
import type { Clients } from './clients';
import { costOfFrames } from './costs';
import type { Counters } from './counters';
import { brokerFailure } from './failure';
import { OUTCOME, OUTCOME_OF } from './meters';
import type { Outbound } from './outbound';
import type { ClientRecord, PeerId, RequestRecord, ServiceRecord } from './records';
import { Retention } from './retention';
import type { Services } from './services';
import type { CoreSettings } from './settings';
import { TimerWheel } from './timer-wheel';

/** Stands where the body of a request was that has ended. */
const NO_BODY = Body.of(undefined);

/**
 * Every request under way, and every way for one to end without a reply: failed, expired, cancelled, or withdrawn
 * because its client left. Knows queues and clients; which requests are taken, which worker gets what, and what becomes
 * of replies, is decided elsewhere.
 */
export class Requests {
  readonly retention = new Retention();
  readonly #deadlines: TimerWheel<RequestRecord>;
  #pendingBytes = 0;

  constructor(
    private readonly settings: CoreSettings,
    private readonly services: Services,
    private readonly clients: Clients,
    private readonly counters: Counters,
    private readonly outbound: Outbound,
    now: number,
  ) {
    this.#deadlines = new TimerWheel(now);
  }

  /** Bytes of all requests that wait or are held by workers, kept PARTIALs included. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Requests that wait with a deadline. */
  get timed(): number {
    return this.#deadlines.length;
  }

  /** True where so many more bytes may be held. */
  hasRoomFor(bytes: number): boolean {
    return this.#pendingBytes + bytes <= this.settings.pendingBytesMax;
  }

  /** Counts bytes that a request takes, its body's first of all; negative ones where it gives some back before its end. */
  charge(bytes: number): void {
    this.#pendingBytes += bytes;
  }

  /** Has a request wait for a worker. */
  queue(request: RequestRecord): void {
    request.service.queue.push(request);
    this.#deadlines.add(request);
  }

  /**
   * Takes the request whose turn it is out of the queue of a service; those whose time is up end on the way, and cost
   * their clients no turn.
   */
  next(service: ServiceRecord, now: number): RequestRecord | undefined {
    const { queue } = service;
    for (let request = queue.first; request; request = queue.first) {
      this.#deadlines.remove(request);
      if (request.dueAt > now) return queue.shift();
      queue.remove(request);
      this.#expired(request, queuedTooLong(service), now);
    }
    return undefined;
  }

  /** Tells a client of a failure, where its dialect has words for it. */
  fail(
    peer: PeerId,
    dialect: Dialect,
    id: number,
    service: string,
    code: FailureCode,
    message: string,
    retryable: boolean,
  ): void {
    this.outbound.event({ type: 'requestFailed', service, client: keyToHex(peer), id, code, message });
    this.outbound.toClient(peer, dialect, brokerFailure(id, service, code, message, retryable));
  }

  /**
   * Ends a request: its client has nothing more to expect. A worker may still hold it, but nothing of what it was.
   * @param outcome - one of {@link OUTCOME}
   */
  end(request: RequestRecord, outcome: number): void {
    const { client } = request;
    request.service.meter?.ended(outcome);
    request.state = 'ended';
    request.worker = undefined;
    request.body = NO_BODY;
    request.metadata = NO_METADATA;
    if (request.stream) this.dropStream(request);
    if (request.timer) this.#deadlines.remove(request);
    if (request.batch) this.retention.release(request);
    this.#pendingBytes -= request.bytes;
    if (request.meter !== undefined) request.meter.pending--;
    client.requests.delete(request.id);
    if (!client.session) this.clients.settle(client);
  }

  /** Ends a request that could not be served. */
  endFailed(request: RequestRecord, code: FailureCode, message: string, retryable: boolean): void {
    const { client, dialect, service, id } = request;
    this.end(request, OUTCOME_OF[code]);
    this.fail(client.peer, dialect, id, service.name, code, message, retryable);
  }

  /** Forgets what was kept of a request's PARTIALs. */
  dropStream({ stream }: RequestRecord): void {
    if (!stream) return;
    this.#pendingBytes -= costOfFrames(stream.gathered, stream.gatheredBytes) + stream.heldBytes;
    stream.gathered.length = 0;
    stream.gatheredBytes = 0;
    stream.held.length = 0;
    stream.heldBytes = 0;
    stream.final = undefined;
  }

  /**
   * Its worker is lost: back to the head of the queue, or the end where its attempts are used up. It is the end as well
   * where its client has part of the reply: nobody could tell what comes of another worker from what came before.
   */
  recover(request: RequestRecord): void {
    if (request.state !== 'held') return;
    const { attempts, service } = request;
    request.worker = undefined;
    if (request.begun) {
      this.counters.exhausted++;
      const why = 'its worker was lost after part of its reply had been sent';
      this.endFailed(request, 'ATTEMPTS_EXHAUSTED', why, true);
      return;
    }
    if (attempts >= this.settings.attemptsMax) {
      this.counters.exhausted++;
      const lost = attempts === 1 ? '1 worker was' : `${attempts} workers were`;
      this.endFailed(request, 'ATTEMPTS_EXHAUSTED', `its attempts are used up: ${lost} lost with it`, false);
      return;
    }
    this.dropStream(request);
    request.state = 'queued';
    service.queue.putBack(request);
    this.#deadlines.add(request);
  }

  /** Ends what has waited too long: beyond its own deadline, or for services without workers. */
  expire(now: number): void {
    for (const request of this.#deadlines.takeDue(now)) {
      const { service } = request;
      service.queue.remove(request);
      this.#expired(request, queuedTooLong(service), now);
      this.services.settle(service);
    }
    for (const service of this.services.takeOverdue(now)) this.#expireIn(service, now);
  }

  #expireIn(service: ServiceRecord, now: number): void {
    const { serviceExpiryMs } = this.settings;
    for (let oldest = service.queue.oldest; oldest; oldest = service.queue.oldest) {
      if (!this.services.isOverdue(service, oldest, now)) break;
      service.queue.remove(oldest);
      this.#expired(oldest, `no worker served it for ${serviceExpiryMs} ms`, now);
    }
    this.services.settle(service);
  }

  #expired(request: RequestRecord, message: string, now: number): void {
    const { client, id, queuedAt, service } = request;
    this.counters.expired++;
    this.outbound.event({
      type: 'requestExpired',
      service: service.name,
      client: keyToHex(client.peer),
      id,
      waitedMs: now - queuedAt,
    });
    this.endFailed(request, 'EXPIRED', message, true);
  }

  /**
   * Ends a request that nobody wants any more, and tells a packed worker that has it.
   * @param outcome - one of {@link OUTCOME}
   */
  withdraw(request: RequestRecord, outcome: number): void {
    this.#callBack(request, () => this.end(request, outcome));
  }

  /** Takes a request from its queue or its worker, ends it, and tells the worker where that is packed. */
  #callBack(request: RequestRecord, end: () => void): void {
    const { service, worker, ref } = request;
    const waited = service.queue.remove(request);
    end();
    if (waited) this.services.settle(service);
    else if (worker?.dialect.packed)
      this.outbound.toWorker(worker.peer, worker.dialect, { kind: 'cancel', ref });
  }

  /** What a client has asked for and may not any more ends, wherever it is; a packed worker that has it is told. */
  revoke(client: ClientRecord, mayRequest: (service: string) => boolean): void {
    for (const request of client.requests.values()) {
      if (mayRequest(request.service.name)) continue;
      this.counters.unauthorized++;
      this.#callBack(request, () =>
        this.endFailed(request, 'UNAUTHORIZED', 'the policy of the broker has changed', false),
      );
    }
  }

  /** A client left: what it waits for is withdrawn; what workers hold of it, they finish for nobody. */
  clientGone(client: ClientRecord): void {
    const withdrawn = client.requests.size;
    for (const request of client.requests.values()) this.withdraw(request, OUTCOME.client_gone);
    this.counters.withdrawn += withdrawn;
    this.clients.remove(client);
    if (!client.session && withdrawn === 0) return;
    this.outbound.event({ type: 'clientGone', peer: keyToHex(client.peer), withdrawn });
  }

  /** The broker stops: whatever is still under way fails. What a worker has may be done all the same. */
  failAll(): void {
    for (const client of [...this.clients]) {
      for (const request of client.requests.values()) {
        const { service } = request;
        const waited = service.queue.remove(request);
        this.counters.refusedDraining++;
        const why = waited ? 'before it was served' : 'before its worker had answered';
        this.endFailed(request, 'BROKER_DRAINING', `the broker stopped ${why}`, request.attempts === 0);
        this.services.settle(service);
      }
    }
  }

  /** Where bodies keep far more memory alive than they are, moves them out of it. */
  relieve(): void {
    if (!this.retention.isExcessive(this.#pendingBytes)) return;
    for (const client of this.clients) {
      for (const request of client.requests.values()) this.retention.moveOut(request);
    }
  }
}

/** Why the time of a request was up while it waited. */
function queuedTooLong({ workers }: ServiceRecord): string {
  const why =
    workers.size === 0 ? 'no worker is registered' : `no worker was free (${workers.size} registered)`;
  return `it was queued until its time was up: ${why}`;
}
