import { z } from 'zod';
import { entries } from './entries';
import { milliseconds, whole } from './schemas';
import type { Setting } from './setting';
import { SPAN_MS_MAX } from './span';
import { storeName, storeText } from './store';

const MIB = 1024 * 1024;

/** What can be said of a service, or, under the name `*`, of all that have no rules of their own. */
export const RULES = [
  'attempts',
  'backoffMinMs',
  'backoffMaxMs',
  'timeoutMs',
  'ttlMs',
  'perSecond',
  'burst',
  'concurrency',
];

/** What can be said of ended requests, by their state. */
export const RETENTION = ['ageMs', 'count'];

/** What can be set of a titanic and its store. */
export const TITANIC_TABLE = {
  store: {
    takes: 'text',
    placeholder: 'store',
    schema: storeText.optional(),
    description: 'where requests are kept: sqlite:FILE, or postgres://USER:PASSWORD@HOST:PORT/DATABASE',
    show: storeName,
  },
  storeRequestsMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1).default(20_000_000),
    description: 'requests that may wait; beyond it, submissions are refused',
  },
  storeFileBytesMax: {
    takes: 'number',
    placeholder: 'bytes',
    schema: whole(MIB).optional(),
    description: 'bytes that the file of SQLite may grow to',
    otherwise: 'what the disk has',
  },
  storeSchema: {
    takes: 'text',
    placeholder: 'name',
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,40}$/, 'should be a lower-case name of up to 41 characters')
      .optional(),
    description: 'the schema of PostgreSQL, titanic’s own; titanics that share it share their work',
    otherwise: 'titanic',
  },
  storeConnectionsMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1, 1_000).optional(),
    description: 'connections to PostgreSQL, one more to listen aside',
    otherwise: '8',
  },
  storeConnectTimeoutMs: {
    takes: 'number',
    placeholder: 'ms',
    schema: milliseconds().optional(),
    description: 'how long one try to connect to PostgreSQL may take',
    otherwise: '5000',
  },
  storeLookEveryMs: {
    takes: 'number',
    placeholder: 'ms',
    schema: milliseconds(100).optional(),
    description: 'how often to look into PostgreSQL for work that nobody told of',
    otherwise: '5000',
  },
  rules: {
    takes: 'entries',
    placeholder: 'service:key=value,...',
    schema: entries(RULES),
    description:
      'how requests of a service are delivered, * for all others: attempts, backoff-min, backoff-max, timeout, ttl, ' +
      'per-second, burst, concurrency; may be repeated',
  },
  retention: {
    takes: 'entries',
    placeholder: 'state:key=value,...',
    schema: entries(RETENTION),
    description:
      'how long (age) and how many (count) done, dead, expired and cancelled requests are kept; may be repeated',
    otherwise: 'done and cancelled a day, the others two weeks',
  },
  deliveriesMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1, 100_000).default(256),
    description: 'deliveries at one time',
  },
  inHandBytesMax: {
    takes: 'number',
    placeholder: 'bytes',
    schema: whole(1).default(256 * MIB),
    description: 'bytes of the bodies that are being delivered',
  },
  leaseMs: {
    takes: 'number',
    placeholder: 'ms',
    schema: whole(100, 3_600_000).default(30_000),
    description: 'how long the requests of a titanic that was lost wait for another',
  },
  bodyBytesMax: {
    takes: 'number',
    placeholder: 'bytes',
    schema: whole(1).default(8 * MIB),
    description: 'bytes of one body, and of one reply, that is stored',
  },
  batchMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1, 1_000_000).default(1_000),
    description: 'requests in one submission; --frames-max bounds them as well, each has a frame or more',
  },
  keyWindowMs: {
    takes: 'number',
    placeholder: 'ms',
    schema: whole(1, SPAN_MS_MAX).default(86_400_000),
    description: 'how long an idempotency key stands for its request where the submitter does not say',
  },
  apiConcurrency: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1, 1_024).default(128),
    description: 'submissions at one time, which share a commit; plain brokers get so many sessions',
  },
  waitsMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1, 1_024).default(64),
    description: 'clients that may wait for a reply at one time',
  },
  owner: {
    takes: 'text',
    placeholder: 'name',
    schema: z.string().min(1).max(100, 'should be of 1 to 100 characters').optional(),
    description: 'what status names as who has a request in hand',
    otherwise: 'host:process',
  },
  titanicSecretKeyFile: {
    takes: 'text',
    placeholder: 'file',
    schema: z.string().min(1).optional(),
    description:
      'the file with the secret CURVE key that titanic has itself, where the policy should know it',
  },
} as const satisfies Record<string, Setting>;
