import {
  bytesOf,
  keyToHex,
  type ClientToBroker,
  type Dialect,
  type FailureCode,
  type Frame,
} from '@majordomo/protocol';
import type { Counters } from './counters';
import type { Outbound } from './outbound';
import type { ClientRecord, PeerId, RequestRecord, ServiceRecord, WorkerRecord } from './records';
import type { Services } from './services';
import type { CoreSettings } from './settings';

/**
 * What a request, and each frame of it, takes in memory beside its content, about. It counts as bytes held:
 * else empty frames would be free, and a client could fill the memory with them.
 */
const REQUEST_COST_BYTES = 1_024;
const FRAME_COST_BYTES = 256;

function costOf(frames: readonly Frame[]): number {
  return bytesOf(frames) + frames.length * FRAME_COST_BYTES;
}

/**
 * Every request under way, and every way for one to end: answered, failed, expired, or withdrawn because
 * its client left. Knows queues and clients; which worker gets what is decided elsewhere.
 */
export class Requests {
  readonly #clients = new Map<PeerId, ClientRecord>();
  #pendingBytes = 0;

  constructor(
    private readonly settings: CoreSettings,
    private readonly services: Services,
    private readonly counters: Counters,
    private readonly outbound: Outbound,
  ) {}

  get clientCount(): number {
    return this.#clients.size;
  }

  /** Bytes of all requests that wait or are held by workers, gathered PARTIALs included. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Queues a request, or refuses it where that would break a bound; returns its service where it was queued. */
  enqueue(
    peer: PeerId,
    dialect: Dialect,
    { service: name, body }: ClientToBroker,
    now: number,
  ): ServiceRecord | undefined {
    const bytes = REQUEST_COST_BYTES + costOf(body);
    const full = this.#whatIsFull(name, bytes);
    if (full) {
      this.counters.refused++;
      this.#fail(peer, dialect, name, 'QUEUE_FULL', full, true);
      return undefined;
    }
    const service = this.services.named(name, now);
    const client = this.#clientOf(peer);
    const request: RequestRecord = {
      client,
      service,
      dialect,
      body,
      bytes,
      queuedAt: now,
      state: 'queued',
      attempts: 0,
      gathered: [],
      gatheredBytes: 0,
    };
    client.requests.add(request);
    this.#pendingBytes += bytes;
    service.queue.push(request);
    return service;
  }

  /** Which bound one more request would break, in words, or `undefined`. */
  #whatIsFull(name: string, bytes: number): string | undefined {
    const { queueMax, queueBytesMax, pendingBytesMax, servicesMax } = this.settings;
    if (this.#pendingBytes + bytes > pendingBytesMax)
      return `the broker holds ${pendingBytesMax} bytes at most`;
    const { table } = this.services;
    const service = table.get(name);
    if (!service && table.size >= servicesMax) return `the broker knows ${servicesMax} services at most`;
    if (service && service.ready.length > 0) return undefined;
    const { length, bytes: waiting } = service?.queue ?? { length: 0, bytes: 0 };
    if (length >= queueMax) return `${queueMax} requests wait for a service at most`;
    if (waiting + bytes > queueBytesMax) return `${queueBytesMax} bytes wait for a service at most`;
    return undefined;
  }

  #clientOf(peer: PeerId): ClientRecord {
    let client = this.#clients.get(peer);
    if (!client) {
      client = { peer, requests: new Set() };
      this.#clients.set(peer, client);
    }
    return client;
  }

  /** Refuses a request because the broker is about to stop. */
  refuseDraining(peer: PeerId, dialect: Dialect, service: string): void {
    this.counters.refusedDraining++;
    this.#fail(peer, dialect, service, 'BROKER_DRAINING', 'the broker is stopping', true);
  }

  /** Tells a client of a failure, where its dialect has words for it. */
  #fail(
    peer: PeerId,
    dialect: Dialect,
    service: string,
    code: FailureCode,
    message: string,
    retryable: boolean,
  ): void {
    this.outbound.event({ type: 'requestFailed', service, client: keyToHex(peer), code, message });
    this.outbound.toClient(peer, dialect, { kind: 'failure', service, code, message, retryable });
  }

  /** Ends a request: its client has nothing more to expect. */
  #end(request: RequestRecord): void {
    request.state = 'ended';
    this.#dropGathered(request);
    this.#pendingBytes -= request.bytes;
    const { client } = request;
    client.requests.delete(request);
    if (client.requests.size === 0) this.#clients.delete(client.peer);
  }

  /** Ends a request that could not be served. */
  #endFailed(request: RequestRecord, code: FailureCode, message: string, retryable: boolean): void {
    const { client, dialect, service } = request;
    this.#end(request);
    this.#fail(client.peer, dialect, service.name, code, message, retryable);
  }

  #dropGathered(request: RequestRecord): void {
    this.#pendingBytes -= costOf(request.gathered);
    request.gathered = [];
    request.gatheredBytes = 0;
  }

  /** A PARTIAL of a worker: sent on, or kept for a client whose dialect has none. */
  partial(request: RequestRecord, body: readonly Frame[]): void {
    this.counters.partials++;
    if (request.state === 'ended') return;
    const { client, dialect, service } = request;
    if (dialect.partials) {
      this.outbound.toClient(client.peer, dialect, { kind: 'partial', service: service.name, body });
      return;
    }
    const cost = costOf(body);
    if (this.#pendingBytes + cost > this.settings.pendingBytesMax || !this.#fitsOneReply(request, body)) {
      this.#refuseGathered(request);
      return;
    }
    for (const frame of body) request.gathered.push(frame);
    request.gatheredBytes += bytesOf(body);
    this.#pendingBytes += cost;
  }

  #fitsOneReply({ gathered, gatheredBytes }: RequestRecord, body: readonly Frame[]): boolean {
    const { framesMax, messageBytesMax } = this.settings.limits;
    return gathered.length + body.length <= framesMax && gatheredBytes + bytesOf(body) <= messageBytesMax;
  }

  #refuseGathered(request: RequestRecord): void {
    this.counters.refused++;
    this.#endFailed(request, 'QUEUE_FULL', 'its PARTIALs are more than one reply can hold', false);
  }

  /** The final reply of a worker: the end of the request, or too late for one that has ended. */
  answer(request: RequestRecord, worker: WorkerRecord, body: readonly Frame[]): void {
    const { client, dialect, service, gathered } = request;
    if (request.state === 'ended') {
      this.counters.repliesDropped++;
      this.outbound.event({ type: 'replyDropped', peer: keyToHex(worker.peer), service: service.name });
      return;
    }
    if (gathered.length > 0 && !this.#fitsOneReply(request, body)) {
      this.#refuseGathered(request);
      return;
    }
    const whole = gathered.length > 0 ? [...gathered, ...body] : body;
    this.#end(request);
    this.counters.answered++;
    this.outbound.toClient(client.peer, dialect, { kind: 'final', service: service.name, body: whole });
  }

  /** Its worker is lost: back to the head of the queue, or the end where its attempts are used up. */
  recover(request: RequestRecord): void {
    if (request.state === 'ended') return;
    const { attempts, service } = request;
    if (attempts >= this.settings.attemptsMax) {
      this.counters.exhausted++;
      this.#endFailed(request, 'ATTEMPTS_EXHAUSTED', `${attempts} workers were lost with it`, false);
      return;
    }
    this.#dropGathered(request);
    request.state = 'queued';
    service.queue.putBack(request);
  }

  /** Ends what has waited too long for services without workers. */
  expire(now: number): void {
    for (const service of this.services.unserved) this.#expireIn(service, now);
  }

  #expireIn(service: ServiceRecord, now: number): void {
    const { serviceExpiryMs } = this.settings;
    for (let oldest = service.queue.oldest; oldest; oldest = service.queue.oldest) {
      if (now - Math.max(oldest.queuedAt, service.unservedSince) < serviceExpiryMs) break;
      service.queue.remove(oldest);
      this.counters.expired++;
      this.outbound.event({
        type: 'requestExpired',
        service: service.name,
        client: keyToHex(oldest.client.peer),
        waitedMs: now - oldest.queuedAt,
      });
      this.#endFailed(oldest, 'EXPIRED', `no worker served it for ${serviceExpiryMs} ms`, true);
    }
    this.services.settle(service);
  }

  /** A client left: what it waits for is withdrawn; what workers hold of it, they finish for nobody. */
  clientGone(peer: PeerId): void {
    const client = this.#clients.get(peer);
    if (!client) return;
    const withdrawn = client.requests.size;
    for (const request of [...client.requests]) {
      const { service } = request;
      const waited = service.queue.remove(request);
      this.#end(request);
      if (waited) this.services.settle(service);
    }
    this.counters.withdrawn += withdrawn;
    this.outbound.event({ type: 'clientGone', peer: keyToHex(peer), withdrawn });
  }

  /** The broker stops: whatever is still under way fails. */
  failAll(): void {
    for (const client of [...this.#clients.values()]) {
      for (const request of [...client.requests]) {
        const { service } = request;
        service.queue.remove(request);
        this.counters.refusedDraining++;
        this.#endFailed(request, 'BROKER_DRAINING', 'the broker stopped before it was served', true);
        this.services.settle(service);
      }
    }
  }
}
