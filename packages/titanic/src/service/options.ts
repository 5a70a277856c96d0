import {
  connectionOptions,
  count,
  metricsRegistrySchema,
  milliseconds,
  reconnectOrder,
  serviceNameSchema,
  tracingSchema,
} from '@majordomo/protocol';
import { z } from 'zod';
import type { Pace } from '../core/pace';
import { RETENTION_DEFAULTS, type Retention } from '../core/retention';
import type { Rules } from '../core/terms';
import { LEASE_MS_MAX, type RequestStore } from '../store/store';

/** How long anything may last, in ms: ten years. */
export const SPAN_MS_MAX = 315_576_000_000;

const span = (min: number) => count(min, SPAN_MS_MAX);

const rules = {
  /** Attempts in all, before a request is a dead letter. */
  attempts: count(1, 1_000),
  /** The wait after the first failure, in ms; it doubles with each, and half of it is random. */
  backoffMinMs: milliseconds(1),
  /** The longest such wait, in ms; where it is less than `backoffMinMs`, that. */
  backoffMaxMs: milliseconds(1),
  /** How long one attempt may take, in ms. */
  timeoutMs: milliseconds(1),
  /** How long after its due time a request may still be delivered, in ms. Default: for ever. */
  ttlMs: span(1),
  /** Requests per second in the long run, over all titanics. Default: as many as come. */
  perSecond: z.number().positive().max(1e6),
  /** Requests that may leave at once after a pause; with `perSecond`. Default: those of 50 ms, 1 at the least. */
  burst: count(1, 1e6),
  /** Requests in hand at one time, over all titanics. Default: as many as come. */
  concurrency: count(1, 1e6),
};

const rulesSchema = z.strictObject(rules).partial();

/** The rules where nobody says any. */
const defaultRulesSchema = rulesSchema.extend({
  attempts: rules.attempts.default(10),
  backoffMinMs: rules.backoffMinMs.default(1_000),
  backoffMaxMs: rules.backoffMaxMs.default(300_000),
  timeoutMs: rules.timeoutMs.default(60_000),
});

const keep = (state: keyof Retention) =>
  z
    .strictObject({
      ageMs: span(0).default(RETENTION_DEFAULTS[state].ageMs),
      count: count(0).default(RETENTION_DEFAULTS[state].count),
    })
    .prefault({});

/** The options of a titanic: what a user may write, with units and defaults. */
export const titanicOptionsSchema = z
  .strictObject({
    ...connectionOptions,
    /** Where the requests are: a SqliteStore or a PostgresStore. It is left open when the titanic closes. */
    store: z.custom<RequestStore>(
      (value) => typeof (value as RequestStore | undefined)?.claim === 'function',
      'should be a RequestStore',
    ),
    /** What people read where they ask who has a request. Default: the host and the process. */
    owner: z.string().min(1).max(100).optional(),
    /** How requests are delivered where their service has no rules of its own. */
    defaults: defaultRulesSchema.prefault({}),
    /** Rules by service; what one leaves out, `defaults` say. */
    services: z.record(serviceNameSchema, rulesSchema).prefault({}),
    /** Deliveries at one time. Default 256. */
    concurrency: count(1, 100_000).default(256),
    /** Bytes of the bodies that are being delivered, at the most; one is, however large. Default 256 MiB. */
    inHandBytesMax: count(1).default(256 * 1_024 * 1_024),
    /**
     * How long a request stays with a titanic that is not heard of, in ms, before another takes it up; leases are
     * renewed three times as often. Default 30,000.
     */
    leaseMs: count(100, LEASE_MS_MAX).default(30_000),
    /** Bytes of one body, and of one reply, at the most. Default 8 MiB. */
    bodyBytesMax: count(1).default(8 * 1_024 * 1_024),
    /**
     * Requests in one submission, at the most. A submission is one message, in which each has a frame or more: for more
     * of them than about 1,000, `limits.framesMax` has to be raised as well, at client, broker and titanic. Default 1,000.
     */
    batchMax: count(1, 1e6).default(1_000),
    /** How long an idempotency key stands for its request where the submitter does not say, in ms. Default a day. */
    keyWindowMs: span(1).default(86_400_000),
    /** How long, and how many, requests are kept after their end, by state. */
    retention: z
      .strictObject({
        done: keep('done'),
        dead: keep('dead'),
        expired: keep('expired'),
        cancelled: keep('cancelled'),
      })
      .prefault({}),
    /**
     * Requests to `titanic.request` and to `titanic.submit` at one time: those of one time share a commit. Plain brokers
     * get so many sessions of each. Default 128.
     */
    apiConcurrency: count(1, 1_024).default(128),
    /** Clients that wait in `titanic.wait` at one time; plain brokers get eight sessions more. Default 64. */
    waitsMax: count(1, 1_024).default(64),
    /** How long `drain()` waits for deliveries before it gives them back, in ms. Default 30,000. */
    drainTimeoutMs: milliseconds(0).default(30_000),
    /** A registry of prom-client to add metrics to; titanics may share one. Default: none. */
    metrics: metricsRegistrySchema,
    /** Services with a label of their own in the metrics; the others are shown together as `other`. Default 200. */
    metricsServicesMax: count(0, 2_000).default(200),
    /** The module `@opentelemetry/api`, to have a span for each delivery, in the trace of its submitter. Default: none. */
    tracing: tracingSchema,
  })
  .refine(...reconnectOrder);

/** What a user may write. */
export type TitanicOptions = z.input<typeof titanicOptionsSchema>;
/** The same with defaults filled in, frozen; the keys are left out, so that nobody shows them by mistake. */
export type ResolvedTitanicOptions = Readonly<Omit<z.output<typeof titanicOptionsSchema>, 'curve'>>;
/** The keys of a titanic for CURVE, as Z85 text. */
export type TitanicKeys = z.output<typeof titanicOptionsSchema>['curve'];

type RuleOptions = z.output<typeof rulesSchema>;
type DefaultRules = z.output<typeof defaultRulesSchema>;

/** How requests of a service are delivered. */
export interface ServiceRules extends Rules {
  readonly ttlMs: number | undefined;
  readonly pace: Pace | undefined;
}

/** What may leave at once after a pause where nobody says a burst: what comes in so long, in ms. */
const BURST_MS = 50;

/** The rules of all services. */
export class RuleBook {
  readonly #defaults: ServiceRules;
  readonly #services: ReadonlyMap<string, ServiceRules>;
  /** The pace of services without rules of their own. */
  readonly pace: Pace | undefined;
  /** The pace of the others that have one. */
  readonly paces: ReadonlyMap<string, Pace>;

  constructor({ defaults, services }: Pick<ResolvedTitanicOptions, 'defaults' | 'services'>) {
    this.#defaults = toRules(defaults);
    this.#services = new Map(
      Object.entries(services).map(([service, own]) => [service, toRules({ ...defaults, ...defined(own) })]),
    );
    this.pace = this.#defaults.pace;
    this.paces = new Map(
      [...this.#services].flatMap(([service, { pace }]) => (pace ? [[service, pace] as const] : [])),
    );
  }

  of(service: string): ServiceRules {
    return this.#services.get(service) ?? this.#defaults;
  }
}

/** What was said, without what was said to be undefined. */
function defined(options: RuleOptions): Said {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

type Said = { readonly [Key in keyof RuleOptions]?: Exclude<RuleOptions[Key], undefined> };

/** What may be made up for where requests, or the machine, come late. */
function standardBurst(perSecond = 0): number {
  return Math.max(1, Math.ceil((perSecond * BURST_MS) / 1_000));
}

function toRules(options: DefaultRules): ServiceRules {
  const { attempts, backoffMinMs: minMs, backoffMaxMs, timeoutMs, ttlMs, perSecond, concurrency } = options;
  const isPaced = perSecond !== undefined || concurrency !== undefined;
  return {
    attempts,
    backoff: { minMs, maxMs: Math.max(minMs, backoffMaxMs) },
    timeoutMs,
    ttlMs,
    pace: isPaced ? { perSecond, burst: options.burst ?? standardBurst(perSecond), concurrency } : undefined,
  };
}
