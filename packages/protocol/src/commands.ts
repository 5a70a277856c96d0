import { z } from 'zod';
import { Body } from './body';
import { isFailureCode } from './errors';
import { encodeText } from './frame';
import { ADDRESS_BYTES_MAX, U32_MAX } from './limits';
import { Metadata } from './metadata';
import { FAILURE_MESSAGE_BYTES_MAX } from './packed/layout';
import { serviceNameSchema } from './service-name';

/*
 * What peers say to each other, whatever the dialect. Four directions: a client to its broker and
 * back, a worker to its broker and back. The broker's core knows these commands and nothing of frames.
 */

/** The frames of a body: at least one, each of any length, none included. */
export const bodySchema = z.custom<Body>(
  (value) => value instanceof Body && value.length > 0,
  'a body has at least one frame',
);

const metadataSchema = z.custom<Metadata>((value) => value instanceof Metadata, 'metadata is Metadata');

const u32 = z.number().int().min(0).max(U32_MAX);

/** Numbers a request in a packed session, 1 to 2³² − 1; 0 in plain dialects, which have no request ids. */
export const requestIdSchema = u32;

/**
 * Names one request between a broker and a worker. To a packed worker it is a number, 1 to 2³² − 1. To a plain
 * one it is the client-address frame, opaque, one character per byte (RFC 7 and 18: "client address"), 1–255 bytes.
 */
export const refSchema = z.union([z.string().min(1).max(ADDRESS_BYTES_MAX), u32.min(1)]);

/** Priorities, 0 to 9: the higher is served first. */
export const PRIORITY_MAX = 9;
/** The priority of what says none, plain requests among it. */
export const PRIORITY_DEFAULT = 4;
const prioritySchema = z.number().int().min(0).max(PRIORITY_MAX);

/** Milliseconds that are left for a request; 0 where it has no deadline. */
const remainingSchema = u32;

const heartbeatSchema = z.strictObject({ kind: z.literal('heartbeat') });
const disconnectSchema = z.strictObject({ kind: z.literal('disconnect') });
/** No more requests, please; those under way go on. A broker says it to a worker to confirm the worker's own. */
const drainingSchema = z.strictObject({ kind: z.literal('draining') });

/** What either side says of itself when a packed session begins. */
const introduction = {
  /** The highest revision of the dialect that it speaks; the lower of the two holds. */
  revision: z.number().int().min(1).max(255),
  /** The longest it leaves between two messages, in ms. The broker's holds for both. */
  heartbeatMs: u32.min(1),
  /** What it can do beyond the revision, one bit each; unknown bits are ignored. */
  capabilities: u32,
  metadata: metadataSchema,
};

/** A packed client begins its session. */
export const helloSchema = z.strictObject({ kind: z.literal('hello'), ...introduction });

/** A broker's answer to HELLO and to a packed READY. */
export const welcomeSchema = z.strictObject({
  kind: z.literal('welcome'),
  ...introduction,
  /** Services that the session can give numbers to. */
  internedMax: u32,
  /** The bounds of one body: frames, bytes of one frame, bytes in all. */
  framesMax: u32.min(1),
  frameBytesMax: u32.min(1),
  messageBytesMax: u32.min(1),
});

/** A client asks a service for work. */
export const clientRequestSchema = z.strictObject({
  kind: z.literal('request'),
  id: requestIdSchema,
  service: serviceNameSchema,
  body: bodySchema,
  remainingMs: remainingSchema,
  /** PARTIALs that the client takes before it says WINDOW; without meaning in plain dialects. */
  window: u32,
  priority: prioritySchema,
  /** To be refused at once where no worker is registered. */
  failFast: z.boolean(),
  metadata: metadataSchema,
});

/** A client wants no reply any more. */
export const clientCancelSchema = z.strictObject({ kind: z.literal('cancel'), id: requestIdSchema.min(1) });

/** A client takes so many more PARTIALs. */
export const clientWindowSchema = z.strictObject({
  kind: z.literal('window'),
  id: requestIdSchema.min(1),
  more: u32.min(1),
});

/** By what a client knows the request that something is about: packed by its id, plain by its service. */
const toWhichRequest = {
  id: requestIdSchema,
  /** Empty in packed messages. */
  service: z.union([z.literal(''), serviceNameSchema]),
};

/** One of any number of replies before the last (RFC 18: PARTIAL). */
export const clientPartialSchema = z.strictObject({
  kind: z.literal('partial'),
  ...toWhichRequest,
  body: bodySchema,
  metadata: metadataSchema,
});

/** The last reply (RFC 7: REPLY, RFC 18: FINAL). */
export const clientFinalSchema = z.strictObject({
  kind: z.literal('final'),
  ...toWhichRequest,
  body: bodySchema,
  metadata: metadataSchema,
});

/** Why a broker ended a request without a reply. The plain dialects cannot say it. */
export const FAILURE_CODES = [
  'ATTEMPTS_EXHAUSTED',
  'BROKER_DRAINING',
  'CANCELLED',
  'EXPIRED',
  'MESSAGE_TOO_LARGE',
  'NO_WORKER',
  'QUEUE_FULL',
  'STREAM_OVERFLOW',
] as const;

/** How a request failed: a code, a text for people, and whether it may succeed when it is made again. */
const failure = {
  code: z.string().refine(isFailureCode, 'a code is 1 to 64 capitals, digits and _, a capital first'),
  message: z
    .string()
    .refine(
      (text) => encodeText(text).length <= FAILURE_MESSAGE_BYTES_MAX,
      'a message is 4,096 bytes at most',
    ),
  retryable: z.boolean(),
};

/** The end of a request that gets no reply. */
export const clientFailureSchema = z.strictObject({
  kind: z.literal('failure'),
  ...toWhichRequest,
  /** Whose code it is: one of {@link FAILURE_CODES}, or the worker's own. */
  origin: z.enum(['broker', 'worker']),
  ...failure,
});

/** A worker registers for a service, and says how many requests it takes at once (plain workers: 1). */
export const workerReadySchema = z.strictObject({
  kind: z.literal('ready'),
  service: serviceNameSchema,
  credit: u32,
  ...introduction,
});

/** How many requests a worker takes at once from now on, those in hand included. */
export const workerCreditSchema = z.strictObject({ kind: z.literal('credit'), credit: u32 });

/** Work for a worker. */
export const workerRequestSchema = z.strictObject({
  kind: z.literal('request'),
  ref: refSchema,
  body: bodySchema,
  remainingMs: remainingSchema,
  /** PARTIALs that it may send before it hears WINDOW; without meaning in plain dialects. */
  window: u32,
  priority: prioritySchema,
  /** How many workers have been given it, this one included; 0 where nobody counts. */
  attempt: z.number().int().min(0).max(255),
  metadata: metadataSchema,
});

/** Nobody wants the result of a request any more. It is to be ended all the same, with a FAILURE at the least. */
export const workerCancelSchema = z.strictObject({ kind: z.literal('cancel'), ref: refSchema });

/** A worker may send so many more PARTIALs. */
export const workerWindowSchema = z.strictObject({
  kind: z.literal('window'),
  ref: refSchema,
  more: u32.min(1),
});

/** One of any number of replies of a worker before its last. */
export const workerPartialSchema = z.strictObject({
  kind: z.literal('partial'),
  ref: refSchema,
  body: bodySchema,
  metadata: metadataSchema,
});

/** The last reply of a worker to one request. */
export const workerFinalSchema = z.strictObject({
  kind: z.literal('final'),
  ref: refSchema,
  body: bodySchema,
  metadata: metadataSchema,
});

/** A worker failed at one request. */
export const workerFailureSchema = z.strictObject({ kind: z.literal('failure'), ref: refSchema, ...failure });

/** All that a client says to its broker. */
export const clientToBrokerSchema = z.discriminatedUnion('kind', [
  helloSchema,
  clientRequestSchema,
  clientCancelSchema,
  clientWindowSchema,
  heartbeatSchema,
  disconnectSchema,
]);
/** All that a broker says to a client. */
export const brokerToClientSchema = z.discriminatedUnion('kind', [
  welcomeSchema,
  clientPartialSchema,
  clientFinalSchema,
  clientFailureSchema,
  heartbeatSchema,
  drainingSchema,
  disconnectSchema,
]);
/** All that a worker says to its broker. */
export const workerToBrokerSchema = z.discriminatedUnion('kind', [
  workerReadySchema,
  workerCreditSchema,
  workerPartialSchema,
  workerFinalSchema,
  workerFailureSchema,
  heartbeatSchema,
  drainingSchema,
  disconnectSchema,
]);
/** All that a broker says to a worker. */
export const brokerToWorkerSchema = z.discriminatedUnion('kind', [
  welcomeSchema,
  workerRequestSchema,
  workerCancelSchema,
  workerWindowSchema,
  heartbeatSchema,
  drainingSchema,
  disconnectSchema,
]);

export type FailureCode = (typeof FAILURE_CODES)[number];
export type Ref = z.infer<typeof refSchema>;
export type ClientToBroker = z.infer<typeof clientToBrokerSchema>;
export type ClientRequest = z.infer<typeof clientRequestSchema>;
export type Hello = z.infer<typeof helloSchema>;
export type Welcome = z.infer<typeof welcomeSchema>;
export type BrokerToClient = z.infer<typeof brokerToClientSchema>;
export type ClientPartial = z.infer<typeof clientPartialSchema>;
export type ClientFinal = z.infer<typeof clientFinalSchema>;
export type ClientFailure = z.infer<typeof clientFailureSchema>;
export type WorkerToBroker = z.infer<typeof workerToBrokerSchema>;
export type WorkerReady = z.infer<typeof workerReadySchema>;
export type WorkerPartial = z.infer<typeof workerPartialSchema>;
export type WorkerFinal = z.infer<typeof workerFinalSchema>;
export type WorkerFailure = z.infer<typeof workerFailureSchema>;
export type BrokerToWorker = z.infer<typeof brokerToWorkerSchema>;
export type WorkerRequest = z.infer<typeof workerRequestSchema>;

/** `{ kind: 'heartbeat' }`, the same in all directions. */
export const HEARTBEAT = Object.freeze({ kind: 'heartbeat' } as const);
/** `{ kind: 'draining' }`, from a broker or from a packed worker. */
export const DRAINING = Object.freeze({ kind: 'draining' } as const);
/** `{ kind: 'disconnect' }`, the same in all directions. */
export const DISCONNECT = Object.freeze({ kind: 'disconnect' } as const);
