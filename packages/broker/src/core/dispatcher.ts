import { keyToHex, type Limits, type Ref } from '@majordomo/protocol';
import type { Counters } from './counters';
import { fits } from './fits';
import type { Liveness } from './liveness';
import type { Outbound } from './outbound';
import { ID_MAX, type RequestRecord, type ServiceRecord, type WorkerRecord } from './records';
import type { Replies } from './replies';
import type { Requests } from './requests';
import type { Services } from './services';
import type { CoreSettings } from './settings';

const MICROS_PER_MS = 1_000;

/** Which worker gets which request, when, and under which reference. */
export class Dispatcher {
  /** Services that `settle` looks at. */
  #dirty: ServiceRecord[] = [];
  #references = 0;

  constructor(
    private readonly settings: CoreSettings,
    private readonly services: Services,
    private readonly requests: Requests,
    private readonly replies: Replies,
    private readonly liveness: Liveness,
    private readonly counters: Counters,
    private readonly outbound: Outbound,
  ) {}

  /** There may be something to dispatch: {@link settle} will look. */
  later(service: ServiceRecord): void {
    if (service.dirty) return;
    service.dirty = true;
    this.#dirty.push(service);
  }

  /** Dispatches where there may be something to dispatch. */
  settle(now: number): void {
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    this.#dirty = [];
    for (const service of dirty) {
      service.dirty = false;
      this.now(service, now);
    }
  }

  /** Gives what waits to the workers that have credit, the least recently used first. */
  now(service: ServiceRecord, now: number): void {
    for (let worker = service.ready.first; worker; worker = service.ready.first) {
      const request = this.requests.next(service, now);
      if (!request) break;
      this.assign(request, worker, now);
    }
    this.services.settle(service);
  }

  /** Gives a request to a worker that has credit, or ends it where it is larger than that worker takes. */
  assign(request: RequestRecord, worker: WorkerRecord, now: number): void {
    if (worker.limits && !fits(request.body, worker.limits)) {
      this.#refuse(request, worker.limits);
      return;
    }
    const number = this.#nextRef(worker);
    const ref = worker.dialect.packed ? number : this.#plainRef(number);
    request.state = 'held';
    request.attempts++;
    request.dispatchedAt = now;
    request.worker = worker;
    request.ref = ref;
    worker.held.set(number, request);
    this.rank(worker);
    this.liveness.dispatched(worker, now);
    this.counters.dispatched++;
    const { body, metadata, dueAt, priority, attempts: attempt } = request;
    const remainingMs = dueAt === Infinity ? 0 : Math.max(1, Math.ceil(dueAt - now));
    const window = this.replies.windowFor(request);
    this.liveness.sent(worker, now);
    this.outbound.toWorker(worker.peer, worker.dialect, {
      kind: 'request',
      ref,
      body,
      remainingMs,
      window,
      priority,
      attempt,
      metadata: worker.dialect.packed ? metadata.waited((now - request.queuedAt) * MICROS_PER_MS) : metadata,
    });
    const { client, id, service } = request;
    if (attempt === 1) {
      service.meter?.queued.record(now - request.queuedAt);
      return;
    }
    this.counters.redispatched++;
    if (service.meter) service.meter.redispatched++;
    this.outbound.event({
      type: 'requestRedispatched',
      service: service.name,
      client: keyToHex(client.peer),
      id,
      peer: keyToHex(worker.peer),
      ref,
      attempts: attempt,
    });
  }

  /** A worker that is sent more than it takes ends its session, and so would the next one that is given the request. */
  #refuse(request: RequestRecord, { framesMax, frameBytesMax, messageBytesMax }: Limits): void {
    this.counters.refused++;
    const most = `${framesMax} frames, ${frameBytesMax} bytes in one, ${messageBytesMax} in all`;
    this.requests.endFailed(request, 'MESSAGE_TOO_LARGE', `its worker takes at most ${most}`, false);
  }

  /** Plain references are numbered through all workers, so that one worker's is never another's. */
  #nextRef(worker: WorkerRecord): number {
    const { held } = worker;
    let number = worker.dialect.packed ? worker.lastRef : this.#references;
    do number = number === ID_MAX ? 1 : number + 1;
    while (held.has(number));
    if (worker.dialect.packed) worker.lastRef = number;
    else this.#references = number;
    return number;
  }

  /** Differs from run to run, so that what a worker still holds of another run matches nothing. */
  #plainRef(number: number): string {
    return `${this.settings.referencePrefix}${number.toString(36)}`;
  }

  /** The number of a reference; 0 where it is none of this run's. */
  numberOf(ref: Ref): number {
    if (typeof ref === 'number') return ref;
    const { referencePrefix } = this.settings;
    if (!ref.startsWith(referencePrefix)) return 0;
    const number = Number.parseInt(ref.slice(referencePrefix.length), 36);
    return this.#plainRef(number) === ref ? number : 0;
  }

  /** What a worker holds, in the order in which it was given. */
  heldBy({ dialect, lastRef, held }: WorkerRecord): RequestRecord[] {
    const last = dialect.packed ? lastRef : this.#references;
    const age = ({ ref }: RequestRecord): number => (last - this.numberOf(ref) + ID_MAX) % ID_MAX;
    return held.values().sort((left, right) => age(right) - age(left));
  }

  /** Puts a worker last among those with credit, or takes it out where it has none left. */
  rank(worker: WorkerRecord): void {
    if (worker.held.size < worker.credit && !worker.draining) worker.service.ready.append(worker.readyNode);
    else worker.readyNode.remove();
  }
}
