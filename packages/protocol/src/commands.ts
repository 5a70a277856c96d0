import { z } from 'zod';
import type { Frame } from './frame';
import { ADDRESS_BYTES_MAX } from './limits';
import { serviceNameSchema } from './service-name';

/*
 * What peers say to each other, whatever the dialect. Four directions: a client to its broker and
 * back, a worker to its broker and back. The broker's core knows these commands and nothing of frames.
 */

const frameSchema = z.custom<Frame>((value) => value instanceof Uint8Array, 'a frame is a Uint8Array');

/** The frames of a body: at least one, each of any length, none included. */
export const bodySchema = z.array(frameSchema).min(1, 'a body has at least one frame').readonly();

/**
 * Names one request between a broker and a worker. To a plain worker it is the client-address frame,
 * opaque, one character per byte (RFC 7 and 18: "client address"), 1–255 bytes.
 */
export const refSchema = z.string().min(1).max(ADDRESS_BYTES_MAX);

const heartbeatSchema = z.strictObject({ kind: z.literal('heartbeat') });
const disconnectSchema = z.strictObject({ kind: z.literal('disconnect') });

/** A client asks a service for work. */
export const clientRequestSchema = z.strictObject({
  kind: z.literal('request'),
  service: serviceNameSchema,
  body: bodySchema,
});

/** One of any number of replies before the last (RFC 18: PARTIAL). */
export const clientPartialSchema = z.strictObject({
  kind: z.literal('partial'),
  service: serviceNameSchema,
  body: bodySchema,
});

/** The last reply (RFC 7: REPLY, RFC 18: FINAL). */
export const clientFinalSchema = z.strictObject({
  kind: z.literal('final'),
  service: serviceNameSchema,
  body: bodySchema,
});

/** Why a request ended without a reply. The plain dialects cannot say it. */
export const FAILURE_CODES = ['QUEUE_FULL', 'EXPIRED', 'ATTEMPTS_EXHAUSTED', 'BROKER_DRAINING'] as const;

/** The end of a request that gets no reply. */
export const clientFailureSchema = z.strictObject({
  kind: z.literal('failure'),
  service: serviceNameSchema,
  code: z.enum(FAILURE_CODES),
  message: z.string(),
  retryable: z.boolean(),
});

/** A worker registers for a service, and says how many requests it takes at once (plain workers: 1). */
export const workerReadySchema = z.strictObject({
  kind: z.literal('ready'),
  service: serviceNameSchema,
  credit: z.number().int().min(1).max(65_535),
});

/** Work for a worker. */
export const workerRequestSchema = z.strictObject({
  kind: z.literal('request'),
  ref: refSchema,
  body: bodySchema,
});

/** One of any number of replies of a worker before its last. */
export const workerPartialSchema = z.strictObject({
  kind: z.literal('partial'),
  ref: refSchema,
  body: bodySchema,
});

/** The last reply of a worker to one request. */
export const workerFinalSchema = z.strictObject({
  kind: z.literal('final'),
  ref: refSchema,
  body: bodySchema,
});

/** All that a client says to its broker. */
export const clientToBrokerSchema = clientRequestSchema;
/** All that a broker says to a client. */
export const brokerToClientSchema = z.discriminatedUnion('kind', [
  clientPartialSchema,
  clientFinalSchema,
  clientFailureSchema,
]);
/** All that a worker says to its broker. */
export const workerToBrokerSchema = z.discriminatedUnion('kind', [
  workerReadySchema,
  workerPartialSchema,
  workerFinalSchema,
  heartbeatSchema,
  disconnectSchema,
]);
/** All that a broker says to a worker. */
export const brokerToWorkerSchema = z.discriminatedUnion('kind', [
  workerRequestSchema,
  heartbeatSchema,
  disconnectSchema,
]);

export type FailureCode = (typeof FAILURE_CODES)[number];
export type ClientToBroker = z.infer<typeof clientToBrokerSchema>;
export type BrokerToClient = z.infer<typeof brokerToClientSchema>;
export type ClientFailure = z.infer<typeof clientFailureSchema>;
export type WorkerToBroker = z.infer<typeof workerToBrokerSchema>;
export type WorkerReady = z.infer<typeof workerReadySchema>;
export type BrokerToWorker = z.infer<typeof brokerToWorkerSchema>;
export type WorkerRequest = z.infer<typeof workerRequestSchema>;

/** `{ kind: 'heartbeat' }`, the same in both directions. */
export const HEARTBEAT = Object.freeze({ kind: 'heartbeat' } as const);
/** `{ kind: 'disconnect' }`, the same in both directions. */
export const DISCONNECT = Object.freeze({ kind: 'disconnect' } as const);
