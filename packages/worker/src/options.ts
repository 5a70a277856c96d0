import {
  connectionOptions,
  count,
  metricsRegistrySchema,
  milliseconds,
  reconnectOrder,
  tracingSchema,
  type BodyInput,
} from '@majordomo/protocol';
import { z } from 'zod';
import type { WorkerRequest } from './handler';

/** Makes a reply of what a handler threw. */
export type EncodeError = (error: unknown, request: WorkerRequest) => BodyInput;

const concurrency = count(1, 1_024);

/** A new `concurrency` for a worker that is there already. */
export const concurrencySchema = z.strictObject({ concurrency });

/** The options of a worker: what a user may write, with units and defaults. */
export const workerOptionsSchema = z
  .strictObject({
    ...connectionOptions,
    /** Handlers that run at once at the most, for all brokers together. Default 1. */
    concurrency: concurrency.default(1),
    /**
     * The interval of heartbeats, in ms; a plain broker's should be about the same, a packed one says what holds for
     * both. Default 2,500.
     */
    heartbeatMs: milliseconds(1).default(2_500),
    /** Heartbeat intervals of silence after which a broker is lost. Default 4. */
    liveness: count(1, 1_000).default(4),
    /** How long `drain()` waits for handlers before it aborts them, in ms. Default 30,000. */
    drainTimeoutMs: milliseconds(0).default(30_000),
    /** A registry of prom-client to add metrics to; workers may share one. Default: none. */
    metrics: metricsRegistrySchema,
    /** The module `@opentelemetry/api`, to have a span for each request, in the trace of its client. Default: none. */
    tracing: tracingSchema,
    /**
     * Makes the reply to a request whose handler failed. Plain MDP has no error status, so client and worker have to
     * agree on one. Without this hook, or where it returns nothing or throws, a packed broker is told of the failure;
     * to a plain one no reply is sent, and the request goes back to it. A packed broker is told of a ServiceError
     * as it is, with or without this hook.
     */
    encodeError: z
      .custom<EncodeError>((value) => typeof value === 'function', 'should be a function')
      .optional(),
  })
  .refine(...reconnectOrder);

/** What a user may write. */
export type WorkerOptions = z.input<typeof workerOptionsSchema>;
/** The same with defaults filled in, frozen. */
export type ResolvedWorkerOptions = Readonly<z.output<typeof workerOptionsSchema>>;
