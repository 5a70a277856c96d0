import { FairQueue } from './fair-queue';
import { LinkedList } from './linked-list';
import type { Meters, ServiceMeter } from './meters';
import type { ServiceRecord } from './records';

/** The services that somebody serves or waits for. */
export class Services {
  readonly table = new Map<string, ServiceRecord>();
  /** Services that requests wait for and no worker serves. */
  readonly #unserved = new Set<ServiceRecord>();

  /** @param meters - where services are measured; `undefined` where they are not */
  constructor(private readonly meters?: Meters) {}

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
      };
      this.table.set(name, service);
    }
    return service;
  }

  /** To be called when a worker registers for a service. */
  served(service: ServiceRecord, now: number): void {
    service.meter = this.meters?.served(service.name, now);
  }

  /** Where requests for services that there are not are measured. */
  get unknownMeter(): ServiceMeter | undefined {
    return this.meters?.rest;
  }

  /** To be called when requests or workers have left: a service with neither is forgotten. */
  settle(service: ServiceRecord): void {
    if (service.workers.size > 0) {
      this.#unserved.delete(service);
    } else if (service.queue.length > 0) {
      this.#unserved.add(service);
    } else {
      this.#unserved.delete(service);
      if (this.table.get(service.name) !== service) return;
      this.table.delete(service.name);
      this.meters?.vanished(service.name, service.unservedSince);
    }
  }

  /** Services that requests wait for in vain. */
  get unserved(): readonly ServiceRecord[] {
    return [...this.#unserved];
  }
}
