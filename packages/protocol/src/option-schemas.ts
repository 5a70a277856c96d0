import { z } from 'zod';
import { endpointSchema } from './endpoint';

/** Timers of Node hold 31 bits of milliseconds. */
const MS_MAX = 2 ** 31 - 1;

/** A duration in whole ms, from `min` to what a timer can hold. */
export const milliseconds = (min: number) => z.number().int().min(min).max(MS_MAX);

/** A whole number from `min` to `max`. */
export const count = (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  z.number().int().min(min).max(max);

/** Where a broker listens, and where the others look for it, unless told otherwise. */
export const DEFAULT_ENDPOINT = 'tcp://127.0.0.1:5555';

/** Hosts and ports that mean something to those who bind only. */
const NOWHERE = /^tcp:\/\/(?:\*:|.*:(?:\*|0+)$)/;

/** An endpoint to connect to. */
export const connectEndpointSchema = endpointSchema.refine(
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
export const brokersSchema = endpointList(connectEndpointSchema).refine(
  (brokers) => new Set(brokers).size === brokers.length,
  'should name each once',
);
