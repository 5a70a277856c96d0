import {
  DIALECT_NAMES,
  endpointSchema,
  limitsSchema,
  loggerSchema,
  parseOptions,
  type BodyInput,
  type DialectName,
  type Limits,
  type Logger,
} from '@majordomo/protocol';
import { z } from 'zod';
import type { WorkerRequest } from './handler';

/** The options of a worker. All have defaults; the README says why one would change each. */
export interface WorkerOptions {
  /** The brokers to serve, all of them at once. Default `['tcp://127.0.0.1:5555']`. */
  readonly brokers?: string | readonly string[] | undefined;
  /** The dialect to speak. Default `mdp/0.2` (RFC 18); `mdp/0.1` (RFC 7) for brokers of the zguide. */
  readonly protocol?: DialectName | undefined;
  /** Handlers that run at once at the most, for all brokers together. 1–1,024, default 1. */
  readonly concurrency?: number | undefined;
  /** The interval of heartbeats, in ms; the broker's should be about the same. 1–86,400,000, default 2,500. */
  readonly heartbeatMs?: number | undefined;
  /** A broker is lost after `heartbeatMs` × `liveness` of silence. 1–1,000, default 4. */
  readonly liveness?: number | undefined;
  /** The wait before the first try to reconnect, in ms; it doubles with each. 1–86,400,000, default 100. */
  readonly reconnectMinMs?: number | undefined;
  /** The longest wait between two tries to reconnect, in ms. 1–86,400,000, default 5,000. */
  readonly reconnectMaxMs?: number | undefined;
  /** How long one try to connect may take, in ms. 1–86,400,000, default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long `drain()` waits for handlers before it aborts them, in ms. 0–86,400,000, default 30,000. */
  readonly drainTimeoutMs?: number | undefined;
  /** Bounds of one message in either direction. */
  readonly limits?: { readonly [Name in keyof Limits]?: Limits[Name] | undefined } | undefined;
  /**
   * Makes the reply to a request whose handler failed. MDP has no error status, so client and worker have to
   * agree on one. Without this hook, or where it returns nothing or throws, no reply is sent and the request
   * goes back to the broker.
   */
  readonly encodeError?: ((error: unknown, request: WorkerRequest) => BodyInput) | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
}

const MS_MAX = 86_400_000;
const CONCURRENCY_MAX = 1_024;
const LIVENESS_MAX = 1_000;

const DEFAULT_BROKER = 'tcp://127.0.0.1:5555';
const NOWHERE = /^tcp:\/\/(?:\*:|.*:(?:\*|0+)$)/;

const milliseconds = (min: number) => z.number().int().min(min).max(MS_MAX);

/** An endpoint to connect to, where the wildcards that binding knows mean nothing. */
const brokerSchema = endpointSchema.refine((text) => !NOWHERE.test(text), 'should name a host and a port');

const workerOptionsSchema = z
  .strictObject({
    brokers: z.preprocess(
      (value) => (typeof value === 'string' ? [value] : value),
      z
        .array(brokerSchema)
        .min(1, 'should name at least one broker')
        .refine((all) => new Set(all).size === all.length, 'should name each broker once')
        .readonly()
        .default([DEFAULT_BROKER]),
    ),
    protocol: z.enum(DIALECT_NAMES).default('mdp/0.2'),
    concurrency: z.number().int().min(1).max(CONCURRENCY_MAX).default(1),
    heartbeatMs: milliseconds(1).default(2_500),
    liveness: z.number().int().min(1).max(LIVENESS_MAX).default(4),
    reconnectMinMs: milliseconds(1).default(100),
    reconnectMaxMs: milliseconds(1).default(5_000),
    connectTimeoutMs: milliseconds(1).default(5_000),
    drainTimeoutMs: milliseconds(0).default(30_000),
    limits: limitsSchema.readonly().prefault({}),
    encodeError: z
      .custom<NonNullable<WorkerOptions['encodeError']>>(isFunction, 'should be a function')
      .optional(),
    logger: loggerSchema,
  })
  .refine(({ reconnectMinMs, reconnectMaxMs }) => reconnectMinMs <= reconnectMaxMs, {
    path: ['reconnectMaxMs'],
    message: 'should not be less than reconnectMinMs',
  });

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** What a worker runs on: validated, complete, frozen. */
export type ResolvedWorkerOptions = Readonly<z.output<typeof workerOptionsSchema>>;

/**
 * Fills in the defaults.
 * @throws InvalidOptionsError naming every option that does not fit
 */
export function resolveOptions(options: WorkerOptions): ResolvedWorkerOptions {
  return parseOptions(workerOptionsSchema, options, 'worker');
}
