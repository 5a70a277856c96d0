import {
  connectionOptions,
  count,
  metricsRegistrySchema,
  milliseconds,
  reconnectOrder,
  tracingSchema,
  type BodyInput,
} from '@majordomo/protocol';
import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { WorkerRequest } from './handler';

/** Makes a reply of what a handler threw. */
export type EncodeError = (error: unknown, request: WorkerRequest) => BodyInput;

const concurrency = count(1, 1_024);

/** A new `concurrency` for a worker that is there already. */
export const concurrencySchema = z.strictObject({ concurrency });

/** What all workers have in common but for `concurrency`, whose default depends on where the handlers run. */
const common = {
  ...connectionOptions,
  /**
   * The interval of heartbeats, in ms; a plain broker's should be about the same, a packed one says what holds for
   * both. Default 2,500.
   */
  heartbeatMs: milliseconds(1).default(2_500),
  /** Heartbeat intervals of silence after which a broker is lost. Default 4. */
  liveness: count(1, 1_000).default(4),
  /** How long `drain()` waits for handlers before it aborts them, in ms. Default 30,000. */
  drainTimeoutMs: milliseconds(0).default(30_000),
  /**
   * Makes the reply to a request whose handler failed. Plain MDP has no error status, so client and worker have to
   * agree on one. Without this hook, or where it returns nothing or throws, a packed broker is told of the failure;
   * to a plain one no reply is sent, and the request goes back to it. A packed broker is told of a ServiceError
   * as it is, with or without this hook.
   */
  encodeError: z
    .custom<EncodeError>((value) => typeof value === 'function', 'should be a function')
    .optional(),
  /** A registry of prom-client to add metrics to; workers may share one. Default: none. */
  metrics: metricsRegistrySchema,
  /** The module `@opentelemetry/api`, to have a span for each request, in the trace of its client. Default: none. */
  tracing: tracingSchema,
};

/** The options of a worker: what a user may write, with units and defaults. */
export const workerOptionsSchema = z
  .strictObject({
    ...common,
    /** Handlers that run at once at the most, for all brokers together. Default 1. */
    concurrency: concurrency.default(1),
  })
  .refine(...reconnectOrder);

/** A bound of V8 for one thread: see `resourceLimits` of `worker_threads`. */
const megabytes = z.number().positive().optional();

/** The URL of a file; `undefined` where it leads to none on this machine. */
function fileUrlOf(file: string | URL): URL | undefined {
  if (typeof file === 'string' && !file.startsWith('file:')) return pathToFileURL(file);
  try {
    const url = new URL(file);
    fileURLToPath(url);
    return url;
  } catch {
    return undefined;
  }
}

/** The options of a worker whose handler runs in threads. */
export const threadedWorkerOptionsSchema = z
  .strictObject({
    ...common,
    /**
     * The file whose default export is the handler, ESM or CommonJS: a path, looked for in the working directory
     * where it is relative, or a `file:` URL.
     */
    handlerFile: z.union([z.string().min(1), z.instanceof(URL)]).transform((file, context) => {
      const url = fileUrlOf(file);
      if (!url) context.addIssue('should be a path or a file: URL');
      return url ?? z.NEVER;
    }),
    /** Threads that run handlers, one request in each at a time. Default: one less than there are processors. */
    threads: count(1, 256).default(() => Math.max(1, availableParallelism() - 1)),
    /**
     * Requests that are taken at once at the most, for all brokers together. Those beyond `threads` wait for a thread.
     * Default: as many as `threads`.
     */
    concurrency: concurrency.optional(),
    /**
     * How long a handler may go on after its `signal` has fired, in ms, before its thread is ended and replaced.
     * Default 2,000.
     */
    abortGraceMs: milliseconds(0).default(2_000),
    /** What V8 may use in each thread, in MB: see `resourceLimits` of `worker_threads`. Default: as Node does. */
    resourceLimits: z
      .strictObject({
        maxOldGenerationSizeMb: megabytes,
        maxYoungGenerationSizeMb: megabytes,
        codeRangeSizeMb: megabytes,
        stackSizeMb: megabytes,
      })
      .readonly()
      .optional(),
  })
  .refine(...reconnectOrder)
  .transform((options) => ({ ...options, concurrency: options.concurrency ?? options.threads }));

/** What a user may write. */
export type WorkerOptions = z.input<typeof workerOptionsSchema>;
/** The same with defaults filled in, frozen; the keys are left out, so that nobody shows them by mistake. */
export type ResolvedWorkerOptions = Readonly<Omit<z.output<typeof workerOptionsSchema>, 'curve'>>;

/** What a user may write for a worker whose handler runs in threads. */
export type ThreadedWorkerOptions = z.input<typeof threadedWorkerOptionsSchema>;
/** The same with defaults filled in, frozen; the keys are left out. */
export type ResolvedThreadedWorkerOptions = Readonly<
  Omit<z.output<typeof threadedWorkerOptionsSchema>, 'curve'>
>;
