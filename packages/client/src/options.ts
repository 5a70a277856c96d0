import {
  connectionOptions,
  count,
  metricsRegistrySchema,
  milliseconds,
  PRIORITY_MAX,
  reconnectOrder,
  tracingSchema,
} from '@majordomo/protocol';
import { z } from 'zod';

/** The options of a client: what a user may write, with units and defaults. */
export const clientOptionsSchema = z
  .strictObject({
    ...connectionOptions,
    /**
     * Connections open at one time, over all brokers. A packed one carries any number of requests; a plain one
     * carries one, for plain MDP has no request id, and they are opened as needed. Default 100.
     */
    socketsMax: count(1, 10_000).default(100),
    /** Requests without outcome at one time; one more is a QueueFullError. Default 10,000. */
    pendingMax: count(1, 10_000_000).default(10_000),
    /** How long a request may take where the call says nothing else, in ms. Default 30,000. */
    timeoutMs: milliseconds(1).default(30_000),
    /** How often a request is sent again where the call says nothing else. Default 2. */
    retries: count(0, 100).default(2),
    /**
     * How long a plain socket may be idle before it is closed, in ms; the last one to a broker that was asked what it
     * speaks is kept, for it tells when that broker is replaced. Packed connections are kept: a heartbeat now and then
     * costs nothing. Default 30,000.
     */
    idleSocketMs: milliseconds(1).default(30_000),
    /** How long a broker that left a request without reply is avoided where there are others, in ms. Default 5,000. */
    suspectMs: milliseconds(0).default(5_000),
    /**
     * PARTIALs that wait for the reader of a stream before no more are taken. A packed broker and its worker are told
     * to wait; from a plain one the socket is read no further, and about as many again wait in it. Default 64.
     */
    streamBufferMax: count(1, 100_000).default(64),
    /**
     * The longest that a packed session is silent, in ms, as the client states it; what the broker states in return
     * holds for both. Default 2,500.
     */
    heartbeatMs: milliseconds(1).default(2_500),
    /** Heartbeat intervals of silence after which a packed broker is lost. Default 4. */
    liveness: count(1, 1_000).default(4),
    /** A registry of prom-client to add metrics to; clients may share one. Default: none. */
    metrics: metricsRegistrySchema,
    /** The module `@opentelemetry/api`, to have a span for each call and its trace go on in the worker. Default: none. */
    tracing: tracingSchema,
  })
  .refine(...reconnectOrder);

/** What a user may write. */
export type ClientOptions = z.input<typeof clientOptionsSchema>;
/** The same with defaults filled in, frozen; the keys are left out, so that nobody shows them by mistake. */
export type ResolvedClientOptions = Readonly<Omit<z.output<typeof clientOptionsSchema>, 'curve'>>;

/** Version, trace id, parent id, flags in lower-case hex (W3C Trace Context, "traceparent"); later versions may say more. */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]*)?$/;

/** Characters in a content type at the most. */
const CONTENT_TYPE_MAX = 255;

/** The options of one request. */
export const requestOptionsSchema = z.strictObject({
  /**
   * How long it may take in all, in ms, retries included; of a stream, how long each next message may take. A packed
   * broker knows it too, and tells within 50 ms more that it was never given to a worker: an ExpiredError, where a
   * TimeoutError knows nothing. Default: the client's `timeoutMs`.
   */
  timeoutMs: milliseconds(1).optional(),
  /**
   * How often it is sent again. Packed: after a connection was lost, or a broker was silent or is draining. To plain
   * brokers: on a fresh socket, when no reply came in its share of the time, which is divided evenly over all
   * attempts. Default: the client's `retries`.
   */
  retries: count(0, 100).optional(),
  /**
   * False where it must not be sent twice: neither after silence nor when a connection breaks. Only what a packed broker
   * refused, because it is draining, without giving it to a worker goes to another one. MDP takes workers for idempotent
   * (RFC 7, "Overall Topology"), and so does the default, true. A broker may still give it to a second worker when the
   * first is lost.
   */
  idempotent: z.boolean().optional(),
  /** Ends the request when it fires, with an AbortError; the broker withdraws it. */
  signal: z
    .custom<AbortSignal>((value) => value instanceof AbortSignal, 'should be an AbortSignal')
    .optional(),
  /** 0–9: the higher is served first. Plain brokers do not hear of it. Default 4. */
  priority: count(0, PRIORITY_MAX).optional(),
  /**
   * True to be refused at once, with a NoWorkerError, where no worker is registered for the service. Plain brokers do
   * not hear of it. Default false: it waits for one.
   */
  failFast: z.boolean().optional(),
  /** What the body is, such as `application/json`, 1–255 characters. It gets lost where broker or worker is plain. */
  contentType: z.string().min(1).max(CONTENT_TYPE_MAX).optional(),
  /** The trace that it belongs to, as W3C Trace Context has it. It gets lost where broker or worker is plain. */
  traceparent: z.string().regex(TRACEPARENT, 'should be a traceparent of W3C Trace Context').optional(),
});

/** The options of one request. */
export type RequestOptions = z.input<typeof requestOptionsSchema>;
