import { z } from 'zod';
import { endpointSchema } from './endpoint';
import { limitsSchema } from './limits';
import { loggerSchema } from './logger';
import { PROTOCOLS } from './probe';
import { curveKeySchema } from './z85';

/** Timers of Node hold 31 bits of milliseconds. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

/** A duration in whole ms, from `min` to what a timer can hold. */
export const milliseconds = (min: number) => z.number().int().min(min).max(TIMER_MS_MAX);

/** A whole number from `min` to `max`. */
export const count = (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  z.number().int().min(min).max(max);

/** Where a broker listens, and where the others look for it, unless told otherwise. */
export const DEFAULT_ENDPOINT = 'tcp://127.0.0.1:5555';

/** Hosts and ports that mean something to those who bind only. */
const NOWHERE = /^tcp:\/\/(?:\*:|.*:(?:\*|0+)$)/;

/** An endpoint to connect to. */
const connectEndpointSchema = endpointSchema.refine(
  (endpoint) => !NOWHERE.test(endpoint),
  'should name the host and the port to connect to',
);

/** One endpoint or several, as a list. */
export const endpointList = (endpoint: z.ZodType<string, string>) =>
  z
    .union([endpoint, z.array(endpoint).min(1, 'should name at least one').readonly()])
    .default(DEFAULT_ENDPOINT)
    .transform((endpoints) => Object.freeze(typeof endpoints === 'string' ? [endpoints] : endpoints));

/** The brokers of a client or worker. */
const brokersSchema = endpointList(connectEndpointSchema).refine(
  (brokers) => new Set(brokers).size === brokers.length,
  'should name each once',
);

/** The keys of a client or worker for CURVE, as Z85 text (40 characters each). */
const curveOptions = z.strictObject({
  /** The public key of the brokers: who does not hold its secret is no broker of ours. */
  serverKey: curveKeySchema,
  /**
   * The secret key of this client or worker, which brokers know it by. Default: a new one for each Client or Worker, which
   * encrypts all the same, and which no policy knows.
   */
  secretKey: curveKeySchema.optional(),
  /** The public key that belongs to `secretKey`, where it is to be checked that it does. */
  publicKey: curveKeySchema.optional(),
});

/** The options that clients and workers have in common: how they connect, and what they speak. */
export const connectionOptions = {
  /** The brokers to use. Default `tcp://127.0.0.1:5555`. */
  brokers: brokersSchema,
  /**
   * What to speak: `packed`, `mdp/0.2`, `mdp/0.1`, or `auto`, the best that each broker answers to. A broker that is
   * asked is remembered for as long as a connection to it stands. Default `auto`.
   */
  protocol: z.enum(PROTOCOLS).default('auto'),
  /** How long `auto` waits for the answer to each of its three questions to a broker, in ms. Default 500. */
  probeMs: milliseconds(1).default(500),
  /** How long one try to connect may take, in ms. Default 5,000. */
  connectTimeoutMs: milliseconds(1).default(5_000),
  /** The wait before the first try to reconnect, in ms; it doubles with each. Default 100. */
  reconnectMinMs: milliseconds(1).default(100),
  /**
   * The longest wait between two tries to reconnect, in ms: a broker that comes back has its workers again within a
   * heartbeat. Default 2,000.
   */
  reconnectMaxMs: milliseconds(1).default(2_000),
  /** Keys for CURVE: every broker is spoken to encrypted, or not at all. Default: no CURVE. */
  curve: curveOptions.readonly().optional(),
  /** Bounds of one message in either direction. */
  limits: limitsSchema.readonly().prefault({}),
  /** Where to log to; pino fits. Default: nowhere. */
  logger: loggerSchema,
};

/** What {@link connectionOptions} have to fulfil together: for `refine`. */
export const reconnectOrder: [
  holds: (options: { reconnectMinMs: number; reconnectMaxMs: number }) => boolean,
  fault: { path: string[]; message: string },
] = [
  ({ reconnectMinMs, reconnectMaxMs }) => reconnectMinMs <= reconnectMaxMs,
  { path: ['reconnectMaxMs'], message: 'should not be less than reconnectMinMs' },
];
