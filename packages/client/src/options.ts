import { connectionOptions, count, milliseconds, reconnectOrder } from '@majordomo/protocol';
import { z } from 'zod';

/** The options of a client: what a user may write, with units and defaults. */
export const clientOptionsSchema = z
  .strictObject({
    ...connectionOptions,
    /**
     * Sockets open at one time, over all brokers: each carries one request, for plain MDP has no request id.
     * They are opened as needed. Default 100.
     */
    socketsMax: count(1, 10_000).default(100),
    /** Requests without outcome at one time; one more is a QueueFullError. Default 10,000. */
    pendingMax: count(1, 10_000_000).default(10_000),
    /** How long a request may take where the call says nothing else, in ms. Default 30,000. */
    timeoutMs: milliseconds(1).default(30_000),
    /** How often a request is sent again where the call says nothing else. Default 2. */
    retries: count(0, 100).default(2),
    /** How long a socket may be idle before it is closed, in ms. Default 30,000. */
    idleSocketMs: milliseconds(1).default(30_000),
    /** How long a broker that left a request without reply is avoided where there are others, in ms. Default 5,000. */
    suspectMs: milliseconds(0).default(5_000),
    /**
     * PARTIALs that wait for the reader of a stream before its socket is read no further; about as many again
     * wait in the socket. Default 64.
     */
    streamBufferMax: count(1, 100_000).default(64),
  })
  .refine(...reconnectOrder);

/** What a user may write. */
export type ClientOptions = z.input<typeof clientOptionsSchema>;
/** The same with defaults filled in, frozen. */
export type ResolvedClientOptions = Readonly<z.output<typeof clientOptionsSchema>>;

/** The options of one request. */
export const requestOptionsSchema = z.strictObject({
  /**
   * How long it may take in all, in ms, retries included; of a stream, how long each next message may
   * take. Default: the client's `timeoutMs`.
   */
  timeoutMs: milliseconds(1).optional(),
  /**
   * How often it is sent again, on a fresh socket, when no reply came in its share of the time: the time
   * is divided evenly over all attempts. Default: the client's `retries`.
   */
  retries: count(0, 100).optional(),
  /**
   * False where it must not be sent twice: neither after silence nor when a connection breaks. MDP takes
   * workers for idempotent (RFC 7, "Overall Topology"), and so does the default, true. A broker may still
   * give it to a second worker when the first is lost.
   */
  idempotent: z.boolean().optional(),
  /** Ends the request when it fires, with an AbortError; the broker withdraws it. */
  signal: z
    .custom<AbortSignal>((value) => value instanceof AbortSignal, 'should be an AbortSignal')
    .optional(),
});

/** The options of one request. */
export type RequestOptions = z.input<typeof requestOptionsSchema>;
