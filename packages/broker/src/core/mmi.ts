import {
  encodeText,
  keyToHex,
  MMI_STATUS,
  SERVICE_BYTES_MAX,
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

/** What a management service replies, and how many services and workers were looked at for it. */
interface Answer {
  readonly frames: Frame[];
  readonly looks: number;
}

const just = (status: string): Answer => ({ frames: [encodeText(status)], looks: 0 });

/** What a request is about: empty for all, `undefined` where it is too long to be the name of anything. */
export function argumentOf(service: string, body: Body): string | undefined {
  if (service === 'mmi.broker') return '';
  return body.bytes(0).length > SERVICE_BYTES_MAX ? undefined : body.text();
}

/**
 * The reply of a management service (RFC 8). `mmi.service` takes a service name and gives `200` or `404`;
 * `mmi.services` and `mmi.workers` take a service name or an empty frame for all; what is not implemented
 * gives `501`.
 */
export function answerMmi(view: BrokerView, name: string, argument: string | undefined, now: number): Answer {
  const asked = argument ? view.services.get(argument) : undefined;
  switch (name) {
    case 'mmi.service': {
      const registered = asked !== undefined && asked.workers.size > 0;
      return just(registered ? MMI_STATUS.found : MMI_STATUS.notFound);
    }
    case 'mmi.services': {
      if (argument !== '' && !asked) return just(MMI_STATUS.notFound);
      const services = [...(asked ? [asked] : take(view.services.values(), ENTRIES_MAX))];
      const looks = services.reduce((sum, { workers }) => sum + workers.size, services.length);
      return { frames: found(services.map((service) => describeService(service, now))), looks };
    }
    case 'mmi.workers': {
      if (argument !== '' && !asked) return just(MMI_STATUS.notFound);
      const workers = [...take(asked ? asked.workers : view.workers.values(), ENTRIES_MAX)];
      return { frames: found(workers.map((worker) => describeWorker(worker, now))), looks: workers.length };
    }
    case 'mmi.broker':
      return { frames: found(describeBroker(view, now)), looks: view.services.size + view.workers.size };
    default:
      return just(MMI_STATUS.notImplemented);
  }
}
