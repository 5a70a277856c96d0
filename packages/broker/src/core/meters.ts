import { TimeHistogram, type FailureCode } from '@majordomo/protocol';

/**
 * How a request can end, and its place in {@link ServiceMeter.outcomes}. `queue_full`, `no_worker` and
 * `broker_draining` count requests that were not taken, too; `answered` and `failed` are what a worker's last word of
 * one comes to.
 *
 * - `answered`: the final reply was sent to its client.
 * - `failed`: its worker said that it failed.
 * - `expired`: its time was up before a worker was free.
 * - `cancelled`: its client cancelled it.
 * - `client_gone`: its client left.
 * - `attempts_exhausted`: worker after worker was lost with it.
 * - `stream_overflow`: its PARTIALs were not read in time.
 * - `queue_full`: a bound of the broker was reached.
 * - `no_worker`: it asked to fail fast and no worker was registered.
 * - `broker_draining`: the broker was stopping.
 * - `message_too_large`: its worker says that it takes less.
 * - `unauthorized`: the policy does not allow it.
 * - `rate_limited`: its peer was beyond a rate that the policy allows.
 */
export const OUTCOME = {
  answered: 0,
  failed: 1,
  expired: 2,
  cancelled: 3,
  client_gone: 4,
  attempts_exhausted: 5,
  stream_overflow: 6,
  queue_full: 7,
  no_worker: 8,
  broker_draining: 9,
  message_too_large: 10,
  unauthorized: 11,
  rate_limited: 12,
} as const;

export type Outcome = keyof typeof OUTCOME;

/** What the meters count a failure of the broker as. */
export const OUTCOME_OF: Readonly<Record<FailureCode, number>> = {
  ATTEMPTS_EXHAUSTED: OUTCOME.attempts_exhausted,
  BROKER_DRAINING: OUTCOME.broker_draining,
  CANCELLED: OUTCOME.cancelled,
  EXPIRED: OUTCOME.expired,
  MESSAGE_TOO_LARGE: OUTCOME.message_too_large,
  NO_WORKER: OUTCOME.no_worker,
  QUEUE_FULL: OUTCOME.queue_full,
  RATE_LIMITED: OUTCOME.rate_limited,
  STREAM_OVERFLOW: OUTCOME.stream_overflow,
  UNAUTHORIZED: OUTCOME.unauthorized,
};

/** All outcomes, each at the place that {@link OUTCOME} gives it. */
export const OUTCOMES = Object.keys(OUTCOME) as readonly Outcome[];

/** What is measured of one service, or of all that have no measure of their own. Times are in ms. */
export class ServiceMeter {
  /** Requests that ended, by {@link OUTCOME}. */
  readonly outcomes = new Float64Array(OUTCOMES.length);
  /** From arrival until it was first given to a worker. */
  readonly queued = new TimeHistogram();
  /** From being given to a worker to its last reply, also where nobody waits for that any more. */
  readonly atWorker = new TimeHistogram();
  /** From arrival to the worker's last reply, of requests that somebody still waited for. */
  readonly total = new TimeHistogram();
  /** Requests given to another worker because theirs was lost. */
  redispatched = 0;

  /**
   * @param labelled - true where it is shown under the name of its service; what is not is shown together as one
   */
  constructor(
    readonly service: string,
    readonly labelled: boolean,
  ) {}

  ended(outcome: number): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }

  /** Takes over what another one has measured. */
  add(other: ServiceMeter): void {
    for (const [outcome, count] of other.outcomes.entries())
      this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + count;
    this.queued.add(other.queued);
    this.atWorker.add(other.atWorker);
    this.total.add(other.total);
    this.redispatched += other.redispatched;
  }
}

/** What everything without a label of its own is shown as; a service of that name is part of it. */
export const OTHER = 'other';
/** Services that are measured each for itself at the most, shown under their names or not. About 2 KiB each. */
const METERS_MAX = 2_000;
/** How long a service that is gone keeps its meter before another may have the place, in ms. */
export const METER_KEPT_MS = 300_000;

/**
 * The meters of services, bounded whatever peers do:
 *
 * - A service gets a meter with its first worker; what is asked for and never served has none, so clients that make up
 *   names make up no meters. What has no meter is measured in {@link rest}.
 * - The first `labelsMax` are shown under their names (`labelled`); that is decided once, when the meter is made.
 * - A service that is gone (no worker, no request) keeps its meter, and has it again when it comes back. Five minutes
 *   after its last worker left its place is free: who needs one takes that of the service that has been gone longest.
 *   What had no label of its own is added to {@link retired} then, so that no sum goes down.
 */
export class Meters {
  /** Everything that has no meter of its own. */
  readonly rest = new ServiceMeter(OTHER, false);
  /** What meters without a label of their own had counted when they gave up their places. */
  readonly retired = new ServiceMeter(OTHER, false);
  readonly #meters = new Map<string, ServiceMeter>();
  /** Meters of services that are gone, and since when, longest first. */
  readonly #gone = new Map<string, number>();
  #labelled = 0;

  /** @param labelsMax - services shown under their own names at the most */
  constructor(private readonly labelsMax: number) {}

  /** The meters of services. */
  get all(): Iterable<ServiceMeter> {
    return this.#meters.values();
  }

  /** A service appears: with the meter that it had, or measured among the rest. */
  known(service: string): ServiceMeter {
    this.#gone.delete(service);
    return this.#meters.get(service) ?? this.rest;
  }

  /** A worker registers for a service: it gets a meter of its own where there is a place. */
  served(service: string, now: number): ServiceMeter {
    const meter = this.#meters.get(service);
    if (meter) return meter;
    if (this.#labelled >= this.labelsMax || this.#meters.size >= METERS_MAX) this.#makeRoom(now);
    if (this.#meters.size >= METERS_MAX) return this.rest;
    const labelled = this.#labelled < this.labelsMax && service !== OTHER;
    if (labelled) this.#labelled++;
    const made = new ServiceMeter(service, labelled);
    this.#meters.set(service, made);
    return made;
  }

  /** A service is gone; its last worker left at that time, in ms. */
  vanished(service: string, at: number): void {
    if (this.#meters.has(service)) this.#gone.set(service, at);
  }

  /** Gives up what has been gone for too long. */
  #makeRoom(now: number): void {
    for (const [service, at] of this.#gone) {
      if (now - at < METER_KEPT_MS) return;
      const meter = this.#meters.get(service);
      this.#gone.delete(service);
      this.#meters.delete(service);
      if (meter?.labelled) this.#labelled--;
      else if (meter) this.retired.add(meter);
    }
  }
}
