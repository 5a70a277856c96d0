import {
  brokersSchema,
  count,
  DIALECT_NAMES,
  limitsSchema,
  loggerSchema,
  milliseconds,
  type BodyInput,
} from '@majordomo/protocol';
import { z } from 'zod';
import type { WorkerRequest } from './handler';

/** Makes a reply of what a handler threw. */
export type EncodeError = (error: unknown, request: WorkerRequest) => BodyInput;

/** The options of a worker: what a user may write, with units and defaults. */
export const workerOptionsSchema = z
  .strictObject({
    /** The brokers to serve, all of them at once. Default `tcp://127.0.0.1:5555`. */
    brokers: brokersSchema,
    /** The dialect to speak. `mdp/0.1` for brokers that know RFC 7 only. Default `mdp/0.2`. */
    protocol: z.enum(DIALECT_NAMES).default('mdp/0.2'),
    /** Handlers that run at once at the most, for all brokers together. Default 1. */
    concurrency: count(1, 1_024).default(1),
    /** The interval of heartbeats, in ms; the broker's should be about the same. Default 2,500. */
    heartbeatMs: milliseconds(1).default(2_500),
    /** Heartbeat intervals of silence after which a broker is lost. Default 4. */
    liveness: count(1, 1_000).default(4),
    /** The wait before the first try to reconnect, in ms; it doubles with each. Default 100. */
    reconnectMinMs: milliseconds(1).default(100),
    /** The longest wait between two tries to reconnect, in ms. Default 5,000. */
    reconnectMaxMs: milliseconds(1).default(5_000),
    /** How long one try to connect may take, in ms. Default 5,000. */
    connectTimeoutMs: milliseconds(1).default(5_000),
    /** How long `drain()` waits for handlers before it aborts them, in ms. Default 30,000. */
    drainTimeoutMs: milliseconds(0).default(30_000),
    /** Bounds of one message in either direction. */
    limits: limitsSchema.readonly().prefault({}),
    /**
     * Makes the reply to a request whose handler failed. MDP has no error status, so client and worker have to
     * agree on one. Without this hook, or where it returns nothing or throws, no reply is sent and the request
     * goes back to the broker.
     */
    encodeError: z
      .custom<EncodeError>((value) => typeof value === 'function', 'should be a function')
      .optional(),
    /** Where to log to; pino fits. Default: nowhere. */
    logger: loggerSchema,
  })
  .refine(({ reconnectMinMs, reconnectMaxMs }) => reconnectMinMs <= reconnectMaxMs, {
    path: ['reconnectMaxMs'],
    message: 'should not be less than reconnectMinMs',
  });

/** What a user may write. */
export type WorkerOptions = z.input<typeof workerOptionsSchema>;
/** The same with defaults filled in, frozen. */
export type ResolvedWorkerOptions = Readonly<z.output<typeof workerOptionsSchema>>;
