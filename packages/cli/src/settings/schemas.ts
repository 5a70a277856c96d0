import { isEndpoint } from '@majordomo/protocol';
import { z } from 'zod';

/** What a timer of Node holds in ms, and a frame of ZeroMQ in bytes here. */
export const INT32_MAX = 2 ** 31 - 1;

/** A whole number within bounds; whatever is wrong with a value, the message says what would be right. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER) {
  const fit = `should be a whole number from ${min} to ${max}`;
  return z.number(fit).int(fit).min(min, fit).max(max, fit);
}

/** A duration in ms. The bound is that of Node's timers, some 24 days. */
export const milliseconds = (min = 1) => whole(min, INT32_MAX);

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

const BIND_FIT =
  'should be tcp://HOST:PORT or ipc://PATH; HOST and PORT may be *, and ?role=ROLE&curve=off may follow';

/** An endpoint to listen on, and who comes in by it. */
export interface BindTo {
  readonly endpoint: string;
  readonly role?: string;
  readonly curve?: boolean;
}

const SWITCHES: Readonly<Record<string, boolean>> = { on: true, off: false };

/** `tcp://HOST:PORT?role=ROLE&curve=off` in its parts; `undefined` where it is none. */
function bindTo(text: string): BindTo | undefined {
  const [, endpoint = '', query] = /^([^?]*)(?:\?(.*))?$/s.exec(text) ?? [];
  if (!isEndpoint(endpoint) || endpoint.startsWith('inproc://')) return undefined;
  const to: { endpoint: string; role?: string; curve?: boolean } = { endpoint };
  for (const [key, value] of new URLSearchParams(query)) {
    const isOn = SWITCHES[value];
    if (key === 'role' && to.role === undefined && value !== '') to.role = value;
    else if (key === 'curve' && to.curve === undefined && isOn !== undefined) to.curve = isOn;
    else return undefined;
  }
  return to;
}

const bindEndpoint = z.string(BIND_FIT).transform((text, { addIssue }): BindTo => {
  const to = bindTo(text);
  if (to) return to;
  addIssue({ code: 'custom', message: BIND_FIT });
  return z.NEVER;
});

/** Where HTTP is served. */
export const httpAddress = z
  .string()
  .regex(
    /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/,
    'should be HOST:PORT, an IPv6 address in brackets',
  );

/** Endpoints to listen on. */
export const bindEndpoints = z.union(
  [bindEndpoint.transform((one) => [one]), z.array(bindEndpoint).min(1, BIND_FIT)],
  BIND_FIT,
);

/** Endpoints to connect to: no wildcards. */
export const brokerEndpoints = endpoints(
  (text) => text.startsWith('ipc://') || /^tcp:\/\/[^*]+:0*[1-9]\d*$/.test(text),
  'should be tcp://HOST:PORT or ipc://PATH of a broker',
);
