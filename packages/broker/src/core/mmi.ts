import {
  encodeText,
  keyToHex,
  MMI_STATUS,
  type Body,
  type Frame,
  type MmiBroker,
  type MmiService,
  type MmiWorker,
} from '@majordomo/protocol';
import type { Counters, RejectionCounts } from './counters';
import type { ServiceRecord, WorkerRecord } from './records';
import type { About, CoreSettings } from './settings';

/** What the management services look at. */
export interface BrokerView {
  readonly settings: CoreSettings;
  readonly services: ReadonlyMap<string, ServiceRecord>;
  readonly workers: ReadonlyMap<string, WorkerRecord>;
  readonly counters: Readonly<Counters>;
  readonly rejections: Readonly<RejectionCounts>;
  readonly clientCount: number;
  readonly pendingBytes: number;
  readonly startedAt: number;
  readonly draining: boolean;
  about(): About;
}

/** Entries in one `mmi.services` or `mmi.workers` reply at the most. */
const ENTRIES_MAX = 10_000;

const idleOf = (service: ServiceRecord): number => {
  let idle = 0;
  for (const worker of service.workers) if (worker.held.size === 0) idle++;
  return idle;
};

function describeService(service: ServiceRecord, now: number): MmiService {
  const idle = idleOf(service);
  const oldest = service.queue.oldest;
  return {
    service: service.name,
    workers: service.workers.size,
    idle,
    busy: service.workers.size - idle,
    queued: service.queue.length,
    oldestWaitingMs: oldest ? Math.max(0, Math.round(now - oldest.queuedAt)) : 0,
  };
}

function describeWorker(worker: WorkerRecord, now: number): MmiWorker {
  return {
    service: worker.service.name,
    peer: keyToHex(worker.peer),
    dialect: worker.dialect.name,
    credit: worker.credit,
    inFlight: worker.held.size,
    silentMs: Math.max(0, Math.round(now - worker.lastSeenAt)),
    registeredMs: Math.max(0, Math.round(now - worker.registeredAt)),
  };
}

/** The state of the whole broker, as `mmi.broker` gives it. */
export function describeBroker(view: BrokerView, now: number): MmiBroker {
  const { settings } = view;
  let queued = 0;
  let queuedBytes = 0;
  let inFlight = 0;
  for (const { queue } of view.services.values()) {
    queued += queue.length;
    queuedBytes += queue.bytes;
  }
  for (const worker of view.workers.values()) inFlight += worker.held.size;
  return {
    ...view.about(),
    uptimeMs: Math.max(0, Math.round(now - view.startedAt)),
    services: view.services.size,
    workers: view.workers.size,
    clients: view.clientCount,
    queued,
    queuedBytes,
    inFlight,
    draining: view.draining,
    limits: {
      heartbeatMs: settings.heartbeatMs,
      liveness: settings.liveness,
      serviceExpiryMs: settings.serviceExpiryMs,
      jobDeadlineMs: settings.jobDeadlineMs,
      attemptsMax: settings.attemptsMax,
      queueMax: settings.queueMax,
      queueBytesMax: settings.queueBytesMax,
      pendingBytesMax: settings.pendingBytesMax,
      servicesMax: settings.servicesMax,
      workersMax: settings.workersMax,
      clientsMax: settings.clientsMax,
      ...settings.limits,
    },
    counters: { ...view.counters },
    rejections: { ...view.rejections },
  };
}

/** The first so many of what an iterable holds. */
function* take<T>(items: Iterable<T>, most: number): Generator<T> {
  let taken = 0;
  for (const item of items) {
    if (taken++ >= most) return;
    yield item;
  }
}

function found(value: unknown): Frame[] {
  return [encodeText(MMI_STATUS.found), encodeText(JSON.stringify(value))];
}

/**
 * The reply of a management service (RFC 8). `mmi.service` takes a service name and gives `200` or `404`;
 * `mmi.services` and `mmi.workers` take a service name or an empty frame for all; what is not implemented
 * gives `501`.
 */
export function answerMmi(view: BrokerView, name: string, body: Body, now: number): Frame[] {
  const argument = body.text();
  const asked = argument === '' ? undefined : view.services.get(argument);
  switch (name) {
    case 'mmi.service': {
      const registered = asked !== undefined && asked.workers.size > 0;
      return [encodeText(registered ? MMI_STATUS.found : MMI_STATUS.notFound)];
    }
    case 'mmi.services': {
      if (argument !== '' && !asked) return [encodeText(MMI_STATUS.notFound)];
      const services = asked ? [asked] : take(view.services.values(), ENTRIES_MAX);
      return found([...services].map((service) => describeService(service, now)));
    }
    case 'mmi.workers': {
      if (argument !== '' && !asked) return [encodeText(MMI_STATUS.notFound)];
      const workers = take(asked ? asked.workers : view.workers.values(), ENTRIES_MAX);
      return found([...workers].map((worker) => describeWorker(worker, now)));
    }
    case 'mmi.broker':
      return found(describeBroker(view, now));
    default:
      return [encodeText(MMI_STATUS.notImplemented)];
  }
}
