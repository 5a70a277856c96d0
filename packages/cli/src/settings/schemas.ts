import { isEndpoint } from '@majordomo/protocol';
import { z } from 'zod';

const INT32_MAX = 2 ** 31 - 1;

/** A whole number within bounds; whatever is wrong with a value, the message says what would be right. */
export function whole(min: number, max = INT32_MAX) {
  const fit = `should be a whole number from ${min} to ${max}`;
  return z.number(fit).int(fit).min(min, fit).max(max, fit);
}

/** A duration in ms. The bound is that of Node's timers, some 24 days. */
export const milliseconds = (min = 1) => whole(min);

/** One of a few words. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return z.enum(words, `should be one of ${words.join(', ')}`);
}

/** On or off, off unless said. */
export const onOff = () => z.boolean('should be true or false').default(false);

/** Endpoints that processes can share, one or more. */
const endpoints = (fits: (endpoint: string) => boolean, fit: string) => {
  const endpoint = z.string(fit).refine((text) => isEndpoint(text) && fits(text), fit);
  return z.union([endpoint.transform((one) => [one]), z.array(endpoint).min(1, fit)], fit);
};

/** Where HTTP is served. */
export const httpAddress = z
  .string()
  .regex(
    /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/,
    'should be HOST:PORT, an IPv6 address in brackets',
  );

/** Endpoints to listen on. */
export const bindEndpoints = endpoints(
  (text) => !text.startsWith('inproc://'),
  'should be tcp://HOST:PORT or ipc://PATH; HOST and PORT may be *',
);

/** Endpoints to connect to: no wildcards. */
export const brokerEndpoints = endpoints(
  (text) => text.startsWith('ipc://') || /^tcp:\/\/[^*]+:0*[1-9]\d*$/.test(text),
  'should be tcp://HOST:PORT or ipc://PATH of a broker',
);
