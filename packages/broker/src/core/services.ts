import { FairQueue } from './fair-queue';
import { LinkedList } from './linked-list';
import type { Meters, ServiceMeter } from './meters';
import type { ServiceRecord } from './records';
import { TimerWheel } from './timer-wheel';

/** The services that somebody serves or waits for. */
export class Services {
  readonly table = new Map<string, ServiceRecord>();
  /** Services that requests wait for and no worker serves, by the time when the first of these may have to end. */
  readonly #unserved: TimerWheel<ServiceRecord>;

  /**
   * @param expiryMs - how long a request may wait for a service without workers
   * @param meters - where services are measured; `undefined` where they are not
   */
  constructor(
    private readonly expiryMs: number,
    now: number,
    private readonly meters?: Meters,
  ) {
    this.#unserved = new TimerWheel(now);
  }

  /** How many services requests wait for in vain. */
  get unserved(): number {
    return this.#unserved.length;
  }

  /** The service of that name, made where there is none. */
  named(name: string, now: number): ServiceRecord {
    let service = this.table.get(name);
    if (!service) {
      service = {
        name,
        queue: new FairQueue(),
        workers: new Set(),
        ready: new LinkedList(),
        unservedSince: now,
        dirty: false,
        meter: this.meters?.known(name),
        dueAt: Infinity,
        timer: undefined,
      };
      this.table.set(name, service);
    }
    return service;
  }

  /** To be called when a worker registers for a service. */
  served(service: ServiceRecord, now: number): void {
    service.meter = this.meters?.served(service.name, now);
  }

  /** Where the requests for a service are measured, and those for services that there are not. */
  meterOf(service: ServiceRecord | undefined): ServiceMeter | undefined {
    return service ? service.meter : this.meters?.rest;
  }

  /** To be called when requests or workers have left: a service with neither is forgotten. */
  settle(service: ServiceRecord): void {
    if (service.workers.size > 0) {
      this.#unserved.remove(service);
    } else if (service.queue.oldest) {
      if (service.timer) return;
      service.dueAt = waitedInVainSince(service, service.queue.oldest) + this.expiryMs;
      this.#unserved.add(service);
    } else {
      this.#unserved.remove(service);
      if (this.table.get(service.name) !== service) return;
      this.table.delete(service.name);
      this.meters?.vanished(service.name, service.unservedSince);
    }
  }

  /** Services for which a request may have waited too long; each has to be settled once that has been looked at. */
  takeOverdue(now: number): readonly ServiceRecord[] {
    return this.#unserved.takeDue(now);
  }

  /** True where a request has waited too long for a service that no worker serves. */
  isOverdue(service: ServiceRecord, request: { readonly queuedAt: number }, now: number): boolean {
    return now - waitedInVainSince(service, request) >= this.expiryMs;
  }
}

function waitedInVainSince({ unservedSince }: ServiceRecord, request: { readonly queuedAt: number }): number {
  return Math.max(request.queuedAt, unservedSince);
}
