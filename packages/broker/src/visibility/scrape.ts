import { OTHER, ServiceMeter, type Meters } from '../core/meters';
import type { ServiceRecord } from '../core/records';
import { countPeers, type PeerCount } from './peers';
import type { CoreView } from './subject';
import { stateOf, type WorkerState } from './worker-state';

/** What is true of a service, or of all without a label of their own, at the moment. */
export interface Standing {
  queued: number;
  queuedBytes: number;
  oldestMs: number;
  inFlight: number;
  credit: number;
  readonly workers: Record<WorkerState, number>;
}

const newStanding = (): Standing => ({
  queued: 0,
  queuedBytes: 0,
  oldestMs: 0,
  inFlight: 0,
  credit: 0,
  workers: { idle: 0, busy: 0, full: 0, draining: 0 },
});

/** Adds a service to what is known of its label. */
function addStanding(standing: Standing, service: ServiceRecord, now: number): void {
  const { queue, workers } = service;
  standing.queued += queue.length;
  standing.queuedBytes += queue.bytes;
  const { oldest } = queue;
  if (oldest) standing.oldestMs = Math.max(standing.oldestMs, now - oldest.queuedAt);
  for (const worker of workers) {
    standing.inFlight += worker.held.size;
    standing.credit += worker.credit;
    standing.workers[stateOf(worker)]++;
  }
}

/** One service for itself. */
export function standingOf(service: ServiceRecord, now: number): Standing {
  const standing = newStanding();
  addStanding(standing, service, now);
  return standing;
}

/** What the metrics show, by the label `service`: gathered once for all of them. */
export class Scrape {
  readonly standings = new Map<string, Standing>();
  readonly meters = new Map<string, ServiceMeter>();
  readonly peers: readonly PeerCount[];

  constructor(core: CoreView, now: number) {
    if (core.meters) this.#gather(core.meters);
    for (const service of core.services.values()) {
      const label = service.meter?.labelled ? service.name : OTHER;
      const standing = this.standings.get(label) ?? newStanding();
      addStanding(standing, service, now);
      this.standings.set(label, standing);
    }
    for (const label of this.meters.keys())
      if (!this.standings.has(label)) this.standings.set(label, newStanding());
    this.peers = countPeers(core);
  }

  #gather(meters: Meters): void {
    const other = new ServiceMeter(OTHER, false);
    other.add(meters.rest);
    other.add(meters.retired);
    for (const meter of meters.all) {
      if (meter.labelled) this.meters.set(meter.service, meter);
      else other.add(meter);
    }
    this.meters.set(OTHER, other);
  }
}
