import {
  Body,
  bytesOf,
  keyToHex,
  NO_METADATA,
  type Metadata,
  type WorkerFailure,
  type WorkerFinal,
  type WorkerPartial,
} from '@majordomo/protocol';
import { costOf, costOfFrames } from './costs';
import type { Counters } from './counters';
import { OUTCOME } from './meters';
import type { Outbound } from './outbound';
import type { RequestRecord, Stream, WorkerRecord } from './records';
import type { Requests } from './requests';
import type { CoreSettings } from './settings';

/** PARTIALs that a packed worker may send to a plain client beyond those that have left. */
export const PLAIN_WINDOW = 64;
/** A plain client's window is opened again when so many are left of it. */
const PLAIN_WINDOW_LOW = PLAIN_WINDOW / 2;

/** PARTIALs that are held for one packed client that is behind. */
const HELD_MAX = 1_024;

/**
 * What workers answer, on its way to clients: PARTIALs as far as a client's window goes, gathered where its dialect
 * has none, held where it is behind and the worker cannot be paused; then the one end.
 */
export class Replies {
  /** Requests of plain clients that read slowly, with workers that wait for them. */
  readonly #congested = new Set<RequestRecord>();

  constructor(
    private readonly settings: CoreSettings,
    private readonly requests: Requests,
    private readonly counters: Counters,
    private readonly outbound: Outbound,
  ) {}

  /** PARTIALs that a worker may be told to send for a request that it is about to be given. */
  windowFor(request: RequestRecord): number {
    if (!request.dialect.packed) request.window = PLAIN_WINDOW;
    return request.window;
  }

  /** A PARTIAL of the worker that holds the request. False where a packed worker may not send it. */
  partial(request: RequestRecord, worker: WorkerRecord, { body, metadata }: WorkerPartial): boolean {
    this.counters.partials++;
    if (request.state === 'ended') return true;
    const { dialect } = request;
    if (worker.dialect.packed && request.window === 0) return false;
    if (!dialect.packed) this.#toPlain(request, worker, body);
    else if (request.window > 0) this.#forward(request, body, metadata);
    else this.#hold(request, body, metadata);
    return true;
  }

  #forward(request: RequestRecord, body: Body, metadata: Metadata): void {
    const { client, dialect, service, id } = request;
    if (request.window > 0) request.window--;
    request.begun = true;
    this.outbound.toClient(client.peer, dialect, {
      kind: 'partial',
      id,
      service: service.name,
      body,
      metadata,
    });
  }

  #toPlain(request: RequestRecord, worker: WorkerRecord, body: Body): void {
    if (request.dialect.partials) {
      this.#forward(request, body, NO_METADATA);
    } else {
      request.window--;
      this.#gather(request, body);
    }
    if (worker.dialect.packed && request.window <= PLAIN_WINDOW_LOW && request.state === 'held') {
      this.#reopen(request);
    }
  }

  /** Lets a packed worker go on, unless the plain client is behind: then that is looked at again later. */
  #reopen(request: RequestRecord): void {
    const { client, worker } = request;
    if (!worker) return;
    if (this.outbound.isCongested(client.peer)) {
      this.#congested.add(request);
      return;
    }
    const more = PLAIN_WINDOW - request.window;
    if (more === 0) return;
    request.window += more;
    this.outbound.toWorker(worker.peer, worker.dialect, { kind: 'window', ref: request.ref, more });
  }

  /** Time has passed: plain clients may have caught up. */
  tick(): void {
    for (const request of [...this.#congested]) {
      if (request.state === 'held' && this.outbound.isCongested(request.client.peer)) continue;
      this.#congested.delete(request);
      if (request.state === 'held' && request.worker?.dialect.packed) this.#reopen(request);
    }
  }

  /** The client takes so many more PARTIALs. */
  moreWindow(request: RequestRecord, more: number): void {
    const granted = Math.min(more, 0xffff_ffff - request.window);
    if (granted === 0) return;
    request.window += granted;
    const { worker } = request;
    if (request.stream && request.stream.held.length > 0) this.#release(request, request.stream);
    else if (worker?.dialect.packed) {
      this.outbound.toWorker(worker.peer, worker.dialect, {
        kind: 'window',
        ref: request.ref,
        more: granted,
      });
    }
  }

  #gather(request: RequestRecord, body: Body): void {
    const { frames } = body;
    const bytes = bytesOf(frames);
    const cost = costOfFrames(frames, bytes);
    if (!this.requests.hasRoomFor(cost) || !this.#fitsOneReply(request, frames.length, bytes)) {
      const { worker, ref } = request;
      this.#refuseGathered(request);
      // It would wait for a window that nobody opens any more.
      if (worker?.dialect.packed) {
        this.outbound.toWorker(worker.peer, worker.dialect, { kind: 'cancel', ref });
      }
      return;
    }
    const stream = streamOf(request);
    for (const frame of frames) stream.gathered.push(frame);
    stream.gatheredBytes += bytes;
    this.requests.charge(cost);
  }

  #fitsOneReply({ stream }: RequestRecord, frames: number, bytes: number): boolean {
    const { framesMax, messageBytesMax } = this.settings.limits;
    const gathered = stream?.gathered.length ?? 0;
    return gathered + frames <= framesMax && (stream?.gatheredBytes ?? 0) + bytes <= messageBytesMax;
  }

  #refuseGathered(request: RequestRecord): void {
    this.counters.refused++;
    this.requests.endFailed(request, 'QUEUE_FULL', 'its PARTIALs are more than one reply can hold', false);
  }

  #hold(request: RequestRecord, body: Body, metadata: Metadata): void {
    const stream = streamOf(request);
    const cost = costOf(body, metadata);
    if (stream.held.length >= HELD_MAX || !this.requests.hasRoomFor(cost)) {
      this.#overflow(request, stream);
      return;
    }
    body.detach();
    stream.held.push({ body, metadata });
    stream.heldBytes += cost;
    this.requests.charge(cost);
  }

  #overflow(request: RequestRecord, { held }: Stream): void {
    this.counters.overflowed++;
    const why = `its worker cannot be paused, and ${held.length} PARTIALs were not read in time`;
    this.requests.endFailed(request, 'STREAM_OVERFLOW', why, true);
  }

  /** Sends what was held as far as the window goes, and the end behind it. */
  #release(request: RequestRecord, stream: Stream): void {
    const taken = stream.held.splice(0, request.window);
    for (const { body, metadata } of taken) {
      const cost = costOf(body, metadata);
      stream.heldBytes -= cost;
      this.requests.charge(-cost);
      this.#forward(request, body, metadata);
    }
    const { final } = stream;
    if (final && stream.held.length === 0) this.#end(request, final.body, final.metadata);
  }

  /** The final reply of a worker: the end of the request, or too late for one that has ended. */
  final(request: RequestRecord, worker: WorkerRecord, { body, metadata }: WorkerFinal): void {
    if (request.state === 'ended') {
      this.#tooLate(request, worker);
      return;
    }
    const { stream } = request;
    if (!stream) {
      this.#end(request, body, metadata);
    } else if (stream.held.length > 0) {
      this.#holdFinal(request, stream, body, metadata);
    } else if (stream.gathered.length === 0) {
      this.#end(request, body, metadata);
    } else if (this.#fitsOneReply(request, body.length, body.byteLength)) {
      this.#end(request, new Body([...stream.gathered, ...body.frames]), metadata);
    } else {
      this.#refuseGathered(request);
    }
  }

  #holdFinal(request: RequestRecord, stream: Stream, body: Body, metadata: Metadata): void {
    const cost = costOf(body, metadata);
    if (!this.requests.hasRoomFor(cost)) {
      this.#overflow(request, stream);
      return;
    }
    body.detach();
    stream.heldBytes += cost;
    this.requests.charge(cost);
    stream.final = { body, metadata };
    request.state = 'answered';
    request.worker = undefined;
  }

  #end(request: RequestRecord, body: Body, metadata: Metadata): void {
    const { client, dialect, id, service } = request;
    this.requests.end(request, OUTCOME.answered);
    this.counters.answered++;
    this.outbound.toClient(client.peer, dialect, {
      kind: 'final',
      id,
      service: service.name,
      body,
      metadata,
    });
  }

  /** A worker says that it failed. */
  failure(request: RequestRecord, worker: WorkerRecord, failure: WorkerFailure): void {
    if (request.state === 'ended') {
      this.#tooLate(request, worker);
      return;
    }
    const { client, dialect, id, service } = request;
    const { code, message, retryable } = failure;
    this.requests.end(request, OUTCOME.failed);
    this.counters.failed++;
    this.outbound.event({
      type: 'workerFailed',
      service: service.name,
      client: keyToHex(client.peer),
      id,
      peer: keyToHex(worker.peer),
      ref: failure.ref,
      code,
      message,
    });
    this.outbound.toClient(client.peer, dialect, {
      kind: 'failure',
      id,
      service: service.name,
      origin: 'worker',
      code,
      message,
      retryable,
    });
  }

  #tooLate({ client, id, service, ref }: RequestRecord, worker: WorkerRecord): void {
    this.counters.repliesDropped++;
    this.outbound.event({
      type: 'replyDropped',
      service: service.name,
      client: keyToHex(client.peer),
      id,
      peer: keyToHex(worker.peer),
      ref,
    });
  }
}

function streamOf(request: RequestRecord): Stream {
  request.stream ??= {
    gathered: [],
    gatheredBytes: 0,
    held: [],
    heldBytes: 0,
    final: undefined,
  };
  return request.stream;
}
