import {
  count,
  curveKeySchema,
  limitsSchema,
  loggerSchema,
  metricsRegistrySchema,
  milliseconds,
} from '@majordomo/protocol';
import { z } from 'zod';
import { policyOptionSchema } from '../core/access/policy';
import { durableWorkSchema } from '../visibility/durable/durable-work';
import { httpAddressSchema, httpTokenSchema } from '../visibility/options';
import { bindSchema } from './doors';

const MIB = 1024 * 1024;

/** The options of a broker one by one: what a user may write, with units and defaults. */
const brokerOptions = z.strictObject({
  /**
   * Endpoints to listen on: texts, or objects `{ endpoint, role, curve }`. Those of one role are on one socket. Default
   * `tcp://127.0.0.1:5555`: MDP has no security of its own, so a network interface is opened only when it is asked for.
   */
  bind: bindSchema,
  /**
   * The broker's keys for CURVE, as Z85 text: endpoints are encrypted then, and clients and workers have to know the
   * public key. `publicKey` only checks that the two belong together. Default: no CURVE.
   */
  curve: z
    .strictObject({ secretKey: curveKeySchema, publicKey: curveKeySchema.optional() })
    .readonly()
    .optional(),
  /** Who may connect, request, serve and manage (SECURITY.md); `setPolicy` replaces it. Default: everybody everything. */
  policy: policyOptionSchema.optional(),
  /**
   * Between heartbeats to a worker or packed client, in ms; less than 10 counts as 10, for more often the broker does not
   * look at its clock. Plain workers should use a similar value. Default 2,500.
   */
  heartbeatMs: milliseconds(1).default(2_500),
  /** Heartbeat intervals of silence after which a worker or packed client is given up. RFC 7: 3 to 5. Default 4. */
  liveness: count(1, 1_000).default(4),
  /** How long a request may wait for a service that has no worker, in ms. Default 60,000. */
  serviceExpiryMs: milliseconds(1).default(60_000),
  /**
   * How long a busy worker that has never heartbeated at work may be silent, in ms. Raise it where
   * single-threaded workers take longer over one request. Default 300,000.
   */
  jobDeadlineMs: milliseconds(1).default(300_000),
  /** Workers that one request is given to, one after another, when they are lost with it. Default 3. */
  attemptsMax: count(1).default(3),
  /** Requests that may wait for one service. Default 100,000. */
  queueMax: count(0).default(100_000),
  /**
   * Bytes that may wait for one service: bodies and attributes, and for what holding them takes beside 1,024 a request and
   * 256 a frame. Default 256 MiB.
   */
  queueBytesMax: count(0).default(256 * MIB),
  /** Bytes of all requests that the broker may hold, waiting or at workers, counted the same way. Default 1 GiB. */
  pendingBytesMax: count(1).default(1024 * MIB),
  /** Services that may have workers or requests at one time. Default 100,000. */
  servicesMax: count(1).default(100_000),
  /** Workers that may be registered at one time. Default 100,000. */
  workersMax: count(1).default(100_000),
  /** Packed clients that may be in session at one time. Default 100,000. */
  clientsMax: count(1).default(100_000),
  /** Messages that may wait for one peer that reads slowly, beyond what ZeroMQ holds. Default 10,000. */
  backlogMax: count(1).default(10_000),
  /**
   * Bytes that may wait for one peer that reads slowly, beyond what ZeroMQ holds: 16 MiB and one message, and for a
   * plain client 100 messages of any size. Default 64 MiB.
   */
  backlogBytesMax: count(1).default(64 * MIB),
  /**
   * The same for all peers of one ROUTER together; beyond it the one that most waits for is cut off. Endpoints share a
   * ROUTER unless they differ in `role` or `curve`. Default 1 GiB.
   */
  backlogTotalBytesMax: count(1).default(1024 * MIB),
  /**
   * How long a peer on TCP may take nothing of what is sent to it before its connection is closed, in ms, and what
   * ZeroMQ holds for it is free again. Default 30,000.
   */
  stallMs: milliseconds(1).default(30_000),
  /** How long `drain` waits for requests under way, in ms. Default 30,000. */
  drainTimeoutMs: milliseconds(0).default(30_000),
  /** Bounds of one message. */
  limits: limitsSchema.readonly().prefault({}),
  /**
   * Where to serve metrics, health and the dashboard: `HOST:PORT`, port 0 for a free one. Whoever reaches it can read
   * them, so keep it on loopback or give `httpToken`. Default: nowhere.
   */
  http: httpAddressSchema.optional(),
  /** What has to be said to see more than health: a bearer token, 16 to 4,096 printable characters. Default: none. */
  httpToken: httpTokenSchema.optional(),
  /**
   * Durable work, for a page of its own at `/durable`: whoever says the token can cancel, reschedule, retry and purge
   * there. Needs `http`. Default: none.
   */
  durable: durableWorkSchema.optional(),
  /** A registry of prom-client to add the metrics to, whether or not they are served. Default: none. */
  metrics: metricsRegistrySchema,
  /** Services with a label of their own in the metrics; the others are shown together as `other`. Default 200. */
  metricsServicesMax: count(0, 2_000).default(200),
  /** Where to log to; pino fits. Default: nowhere. */
  logger: loggerSchema,
});

/** The options of a broker: what a user may write, with units and defaults. */
export const brokerOptionsSchema = brokerOptions.superRefine((options, { addIssue }) => {
  const { bind, curve, policy } = options;
  if (options.durable && options.http === undefined) {
    addIssue({ code: 'custom', path: ['durable'], message: 'needs the option http, to be shown' });
  }
  for (const [at, entry] of bind.entries()) {
    if (entry.curve === true && !curve) {
      addIssue({
        code: 'custom',
        path: ['bind', at, 'curve'],
        message: 'needs the option curve, with the keys',
      });
    }
    if (entry.role === undefined) continue;
    if (!policy) addIssue({ code: 'custom', path: ['bind', at, 'role'], message: 'needs the option policy' });
    else if (!Object.hasOwn(policy.roles, entry.role)) {
      addIssue({
        code: 'custom',
        path: ['bind', at, 'role'],
        message: `the policy has no role ${entry.role}`,
      });
    }
  }
});

/** What a user may write. */
export type BrokerOptions = z.input<typeof brokerOptionsSchema>;
/** The same with defaults filled in, frozen; keys and token are left out, so that nobody shows them by mistake. */
export type ResolvedBrokerOptions = Readonly<
  Omit<z.output<typeof brokerOptionsSchema>, 'curve' | 'httpToken'>
>;
/** The keys of a broker, as Z85 text. */
export type BrokerKeys = z.output<typeof brokerOptionsSchema>['curve'];
