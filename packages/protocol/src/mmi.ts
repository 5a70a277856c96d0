import { z } from 'zod';

/** Services that the broker answers itself start with this (RFC 8). `mmix` does not: the dot counts. */
export const MMI_PREFIX = 'mmi.';

/** True for a service in the broker's own namespace (RFC 8, "Namespace"). */
export function isMmi(service: string): boolean {
  return service.startsWith(MMI_PREFIX);
}

/** The first frame of every MMI reply (RFC 8, "Default services"). */
export const MMI_STATUS = Object.freeze({
  found: '200',
  notFound: '404',
  notImplemented: '501',
});

/** The management services of our broker: the first is RFC 8's, the others are ours. */
export const MMI_SERVICES = [
  'mmi.service',
  'mmi.services',
  'mmi.workers',
  'mmi.broker',
  'mmi.access',
] as const;

const count = z.number().int().min(0);

/** One entry of `mmi.services`: reply frames `200` and a JSON array of these. */
export const mmiServiceSchema = z.object({
  service: z.string(),
  /** Registered workers, busy ones included. */
  workers: count,
  idle: count,
  busy: count,
  /** Requests that wait for a worker. */
  queued: count,
  /** How long the oldest of them has waited, in ms; 0 where none waits. */
  oldestWaitingMs: z.number().min(0),
});

/** One entry of `mmi.workers`: reply frames `200` and a JSON array of these. */
export const mmiWorkerSchema = z.object({
  service: z.string(),
  /** The routing id of the worker's connection, in hex. */
  peer: z.string(),
  dialect: z.string(),
  /** Requests that it may hold at once. */
  credit: count,
  /** Requests that it holds. */
  inFlight: count,
  /** Since it last said anything, in ms. */
  silentMs: z.number().min(0),
  /** Since it registered, in ms. */
  registeredMs: z.number().min(0),
});

/** The reply of `mmi.broker`: frames `200` and one JSON object. */
export const mmiBrokerSchema = z.object({
  version: z.string(),
  uptimeMs: z.number().min(0),
  /** Resident memory of the broker's process, in bytes. */
  memoryBytes: count,
  services: count,
  workers: count,
  clients: count,
  queued: count,
  queuedBytes: count,
  inFlight: count,
  draining: z.boolean(),
  /** The broker's options: times in ms, sizes in bytes. */
  limits: z.record(z.string(), z.number()),
  /** Counters since the start. */
  counters: z.record(z.string(), count),
  /** Messages not taken since the start, by reason. */
  rejections: z.record(z.string(), count),
});

/** The reply of `mmi.access`: frames `200` and one JSON object, about nobody but whoever asks. */
export const mmiAccessSchema = z.object({
  /** False where the broker has no policy, and everybody may do everything. */
  policy: z.boolean(),
  /** The name of the key that was proven; `null` where none was. */
  key: z.string().nullable(),
  /** The roles that count here. */
  roles: z.array(z.string()),
  /** Management services that may be asked. */
  mmi: z.array(z.string()),
  /** Whether the service named may be requested, and served; absent where none was named. */
  request: z.boolean().optional(),
  serve: z.boolean().optional(),
});

export type MmiService = z.infer<typeof mmiServiceSchema>;
export type MmiWorker = z.infer<typeof mmiWorkerSchema>;
export type MmiBroker = z.infer<typeof mmiBrokerSchema>;
export type MmiAccess = z.infer<typeof mmiAccessSchema>;
