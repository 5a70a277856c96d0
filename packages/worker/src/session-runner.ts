import {
  dialectByName,
  type Dialect,
  type Frame,
  type MajordomoError,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { backoffMs, DealerLink } from '@majordomo/transport';
import type { BrokerPresence } from './broker-presence';
import type { JobId, SessionEffects } from './core/effects';
import { WorkerSession } from './core/session';
import type { WorkerRejection } from './events';
import { serveJob } from './serve-job';
import type { Shared } from './shared';

/** The job in hand, with the means to abort it. */
interface RunningJob {
  readonly id: JobId;
  readonly controller: AbortController;
}

/** Runs one {@link WorkerSession} for real: on dealer links, on the clock, with the worker's handler. */
export class SessionRunner implements SessionEffects {
  /** Resolves once the session is over. */
  readonly ended: Promise<void>;
  readonly #shared: Shared;
  readonly #presence: BrokerPresence;
  readonly #dialect: Dialect;
  readonly #session: WorkerSession;
  #link: DealerLink | undefined;
  #linksOpened = 0;
  #job: RunningJob | undefined;
  #end: () => void = () => undefined;

  constructor(shared: Shared, presence: BrokerPresence) {
    const { heartbeatMs, liveness, connectTimeoutMs, reconnectMinMs, reconnectMaxMs, protocol } =
      shared.options;
    const backoff = { minMs: reconnectMinMs, maxMs: reconnectMaxMs };
    this.#shared = shared;
    this.#presence = presence;
    this.#dialect = dialectByName(protocol);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#session = new WorkerSession(
      {
        service: shared.service,
        heartbeatMs,
        liveness,
        connectTimeoutMs,
        reconnectDelayMs: (failures) => backoffMs(failures, backoff, Math.random()),
      },
      this,
    );
  }

  /** Connects, and keeps the session going until it leaves or is closed. */
  start(): void {
    this.#tell((session, now) => session.start(now));
  }

  /** See {@link WorkerSession.leave}. */
  leave(): void {
    this.#tell((session, now) => session.leave(now));
  }

  /** See {@link WorkerSession.close}. */
  close(): void {
    this.#tell((session, now) => session.close(now));
  }

  /** The alarm rang, for this session or another. */
  tick(): void {
    this.#tell((session, now) => session.tick(now));
  }

  #tell<Result>(input: (session: WorkerSession, now: number) => Result): Result {
    const result = input(this.#session, performance.now());
    this.#shared.alarm.wakeBy(this.#session.nextWakeAt);
    return result;
  }

  openLink(): void {
    const { counters, options } = this.#shared;
    const { limits, connectTimeoutMs } = options;
    const nth = ++this.#linksOpened;
    if (nth > 1) counters.reconnects++;
    try {
      this.#link = new DealerLink(
        this.#presence.broker,
        { frameBytesMax: limits.frameBytesMax, connectTimeoutMs },
        {
          opened: () => this.#tell((session, now) => session.linkOpened(now)),
          message: (frames) => this.#receive(frames),
          closed: (reason) => this.#linkClosed(nth, reason),
        },
      );
    } catch (error) {
      this.#linkClosed(nth, error instanceof Error ? error.message : String(error));
    }
  }

  /** A link can fail as it is made or sent on, and a session is not to be told in mid-transition. */
  #linkClosed(nth: number, reason: string): void {
    queueMicrotask(() => {
      if (nth === this.#linksOpened) this.#tell((session, now) => session.linkClosed(reason, now));
    });
  }

  #receive(frames: readonly Frame[]): void {
    const decoded = this.#dialect.brokerToWorker.decode(frames, this.#shared.options.limits);
    if (decoded.ok) this.#tell((session, now) => session.received(decoded.command, now));
    else this.#rejected(decoded.rejection);
  }

  #rejected(rejection: WorkerRejection): void {
    const { counters, events, options, service } = this.#shared;
    const { broker } = this.#presence;
    counters.rejected++;
    options.logger.warn({ service, broker, ...rejection }, 'a message of a broker was not taken');
    events.emit('rejected', { broker, rejection });
  }

  send(command: WorkerToBroker): boolean {
    const frames = this.#dialect.workerToBroker.encode(command);
    return !this.#link || !frames || this.#link.send(frames);
  }

  closeLink(how: { readonly flush: boolean }): void {
    this.#link?.close(how);
    this.#link = undefined;
  }

  startJob(id: JobId, body: readonly Frame[]): void {
    const controller = new AbortController();
    this.#job = { id, controller };
    void serveJob(this.#shared, {
      broker: this.#presence.broker,
      body,
      signal: controller.signal,
      ...(this.#dialect.partials && { partial: (part) => this.#partial(id, part) }),
      finish: (final) => this.#tell((session, now) => session.finish(id, final, now)),
      giveBack: () => this.#tell((session, now) => session.giveBack(id, now)),
    });
  }

  async #partial(id: JobId, body: readonly Frame[]): Promise<void> {
    const link = this.#link;
    const hasRoom = this.#tell((session, now) => session.partial(id, body, now));
    if (!hasRoom) await link?.writable();
  }

  abortJob(id: JobId, reason: MajordomoError): void {
    if (this.#job?.id === id) this.#job.controller.abort(reason);
  }

  registered(): void {
    this.#presence.arrived(this);
  }

  lost(reason: string): void {
    this.#presence.lost(this, reason);
  }

  violated(detail: string): void {
    this.#rejected({ reason: 'unexpected_request', detail });
  }

  closed(): void {
    this.#presence.left(this);
    this.#end();
  }
}
