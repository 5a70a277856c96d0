import { FairQueue } from './fair-queue';
import { LinkedList } from './linked-list';
import type { ServiceRecord } from './records';

/** The services that somebody serves or waits for. */
export class Services {
  readonly table = new Map<string, ServiceRecord>();
  /** Services that requests wait for and no worker serves. */
  readonly #unserved = new Set<ServiceRecord>();

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
      };
      this.table.set(name, service);
    }
    return service;
  }

  /** To be called when requests or workers have left: a service with neither is forgotten. */
  settle(service: ServiceRecord): void {
    if (service.workers.size > 0) {
      this.#unserved.delete(service);
    } else if (service.queue.length > 0) {
      this.#unserved.add(service);
    } else {
      this.#unserved.delete(service);
      if (this.table.get(service.name) === service) this.table.delete(service.name);
    }
  }

  /** Services that requests wait for in vain. */
  get unserved(): readonly ServiceRecord[] {
    return [...this.#unserved];
  }
}
