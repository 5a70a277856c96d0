import { keyToHex } from '@majordomo/protocol';
import type { ServiceMeter } from '../core/meters';
import type { ServiceRecord, WorkerRecord } from '../core/records';
import type { Incidents } from './incidents';
import type { LoopWatch } from './loop-watch';
import { countPeers } from './peers';
import { readinessOf } from './readiness';
import { standingOf, type Standing } from './scrape';
import type { BrokerSnapshot, ServiceSnapshot, Snapshot, WorkerSnapshot } from './snapshot';
import type { Subject } from './subject';
import { Track } from './track';
import { stateOf } from './worker-state';

/** Services and workers that one snapshot lists at the most. */
const SERVICES_MAX = 2_000;
const WORKERS_MAX = 1_000;

/** What the process and the socket had done by the end of a second. */
interface Totals {
  readonly at: number;
  readonly cpuMicros: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Looks at a broker once a second, and tells what it sees as a {@link Snapshot}. */
export class Sampler {
  readonly #tracks = new Map<ServiceMeter, Track>();
  #before: Totals;
  #last: Totals;

  /** @param time - ms since 1970 */
  constructor(
    private readonly subject: Subject,
    private readonly loop: LoopWatch,
    private readonly incidents: Incidents,
    private readonly silenceMs: number,
    private readonly time: () => number = Date.now,
  ) {
    this.#last = this.#totals();
    this.#before = this.#last;
  }

  /** To be called once a second. */
  roll(): void {
    this.#before = this.#last;
    this.#last = this.#totals();
    const { meters } = this.subject.core;
    if (!meters) return;
    const seen = new Set<ServiceMeter>([meters.rest, ...meters.all]);
    for (const meter of this.#tracks.keys()) if (!seen.has(meter)) this.#tracks.delete(meter);
    for (const meter of seen) {
      const track = this.#tracks.get(meter) ?? new Track(meter);
      track.roll(this.#seconds);
      this.#tracks.set(meter, track);
    }
  }

  #totals(): Totals {
    const { received, sent, facts } = this.subject;
    const { user, system } = process.cpuUsage();
    return {
      at: facts.now(),
      cpuMicros: user + system,
      messagesIn: received.messages,
      messagesOut: sent.messages,
      bytesIn: received.bytes,
      bytesOut: sent.bytes,
    };
  }

  /** How long the last second was. */
  get #seconds(): number {
    return Math.max(0.001, (this.#last.at - this.#before.at) / 1_000);
  }

  /** @param whole - with the rates of the last minute, not those of the last second only */
  snapshot(whole: boolean): Snapshot {
    const { core, facts } = this.subject;
    const now = facts.now();
    const services = [...core.services.values()];
    const standings = services.map((service) => standingOf(service, now));
    const workers = [...core.workers.values()];
    return {
      at: this.time(),
      broker: this.#broker(standings, now),
      services: services
        .slice(0, SERVICES_MAX)
        .map((service, n) => this.#service(service, standings[n], whole)),
      servicesTotal: services.length,
      workers: workers.slice(0, WORKERS_MAX).map((worker) => describeWorker(worker, now)),
      workersTotal: workers.length,
      incidents: this.incidents.latest,
    };
  }

  #service({ name, meter }: ServiceRecord, standing: Standing | undefined, whole: boolean): ServiceSnapshot {
    const isOwn = meter !== undefined && meter !== this.subject.core.meters?.rest;
    const own = isOwn ? this.#tracks.get(meter) : undefined;
    return {
      service: name,
      rate: own ? rounded(own.rate) : null,
      errorRate: own ? rounded(own.errorRate) : null,
      p50Ms: rounded(own?.percentileMs(0.5)),
      p99Ms: rounded(own?.percentileMs(0.99)),
      queued: standing?.queued ?? 0,
      oldestMs: Math.round(standing?.oldestMs ?? 0),
      inFlight: standing?.inFlight ?? 0,
      credit: standing?.credit ?? 0,
      workers: standing?.workers ?? { idle: 0, busy: 0, full: 0, draining: 0 },
      history: whole && own ? own.history.map((rate) => rounded(rate)) : [],
    };
  }

  #broker(standings: readonly Standing[], now: number): BrokerSnapshot {
    const { core, facts } = this.subject;
    const { version, state, endpoints } = facts;
    const { rss, heapUsed } = facts.memory();
    const perSecond = (key: keyof Totals): number =>
      rounded((this.#last[key] - this.#before[key]) / this.#seconds);
    let rate = 0;
    let errorRate = 0;
    for (const track of this.#tracks.values()) {
      rate += track.rate;
      errorRate += track.errorRate;
    }
    return {
      version,
      state,
      ...readinessOf(facts, this.loop),
      endpoints,
      uptimeMs: Math.round(now - core.startedAt),
      silenceMs: this.silenceMs,
      lagMs: rounded(this.loop.longestMs(1)),
      cpu: rounded(perSecond('cpuMicros') / 1e6),
      memoryBytes: rss,
      heapBytes: heapUsed,
      pendingBytes: core.pendingBytes,
      rate: rounded(rate),
      errorRate: rounded(errorRate),
      queued: standings.reduce((sum, { queued }) => sum + queued, 0),
      inFlight: standings.reduce((sum, { inFlight }) => sum + inFlight, 0),
      messagesIn: perSecond('messagesIn'),
      messagesOut: perSecond('messagesOut'),
      bytesIn: perSecond('bytesIn'),
      bytesOut: perSecond('bytesOut'),
      peers: countPeers(core),
    };
  }
}

function describeWorker(worker: WorkerRecord, now: number): WorkerSnapshot {
  const { peer, service, dialect, held, credit, lastSeenAt, registeredAt } = worker;
  return {
    peer: keyToHex(peer),
    service: service.name,
    dialect: dialect.name,
    state: stateOf(worker),
    inFlight: held.size,
    credit,
    silentMs: Math.max(0, Math.round(now - lastSeenAt)),
    registeredMs: Math.max(0, Math.round(now - registeredAt)),
  };
}

/** Three digits that matter: more of them are noise, and bytes on the wire. */
function rounded(value: number): number;
function rounded(value: number | undefined): number | null;
function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toPrecision(value >= 1_000 ? 6 : 3));
}
