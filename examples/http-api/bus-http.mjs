// What HTTP and the bus have to tell each other, whatever the framework: how long a request may take, that nobody waits
// for it any more, and what became of it.
import { STATUS_CODES } from 'node:http';
import { isMajordomoError } from '@majordomo/client';

/** The header in which a caller says how long it will wait, in ms. */
export const DEADLINE_HEADER = 'x-request-timeout-ms';
/** How long a request may take where the caller says nothing, and at the most, in ms. */
const DEADLINE_MS = 2_000;
const DEADLINE_MS_MAX = 30_000;

/** What a caller is told instead of an answer (RFC 9457). */
export class HttpProblem extends Error {
  /**
   * @param {number} status
   * @param {string} code - stable, for programs
   * @param {string} detail - for people
   * @param {Record<string, string>} [headers]
   */
  constructor(status, code, detail, headers = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = { 'content-type': 'application/problem+json', ...headers };
  }

  /** The body of the response. */
  get body() {
    const { status, code, message } = this;
    return JSON.stringify({ title: STATUS_CODES[status] ?? 'Unknown', status, code, detail: message });
  }
}

/**
 * The options of a bus request that serves an HTTP request: its deadline, and a signal that fires when the browser
 * leaves before it has its response, so that the worker stops, too. Where nobody serves it, that is told at once.
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @throws HttpProblem where the header does not say a number of ms
 */
export function termsOf(request, response) {
  const timeoutMs = deadlineOf(request.headers[DEADLINE_HEADER]);
  const left = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) left.abort(new Error('the browser has left'));
  });
  return { timeoutMs, signal: left.signal, failFast: true, contentType: 'application/json' };
}

/** @param {string | string[] | undefined} header */
function deadlineOf(header) {
  if (header === undefined) return DEADLINE_MS;
  if (typeof header === 'string' && /^[1-9]\d{0,8}$/.test(header)) {
    return Math.min(Number(header), DEADLINE_MS_MAX);
  }
  throw new HttpProblem(
    400,
    'INVALID_DEADLINE',
    `${DEADLINE_HEADER} should be a whole number of ms, got ${String(header)}.`,
  );
}

/** What each code of ours means to a caller of HTTP, and whether the same request may do better a little later. */
const STATUS = /** @type {const} */ ({
  ABORTED: 499, // nobody reads it; logs do
  ATTEMPTS_EXHAUSTED: 502,
  BROKER_DRAINING: 503,
  CLOSED: 503,
  CONNECTION_LOST: 502,
  EXPIRED: 504,
  MESSAGE_TOO_LARGE: 413,
  NO_WORKER: 503,
  QUEUE_FULL: 429,
  RATE_LIMITED: 429,
  TIMEOUT: 504,
  WORKER_FAILED: 502,
});

/**
 * What to tell a caller of something that was thrown.
 * @param {unknown} error
 * @param {Record<string, number>} [services] - statuses for the codes of your own services: `{ OUT_OF_STOCK: 409 }`
 */
export function problemOf(error, services = {}) {
  if (error instanceof HttpProblem) return error;
  if (!isMajordomoError(error)) return new HttpProblem(500, 'INTERNAL', 'Something went wrong.');
  const { code, message, retryable } = error;
  const workerCode = 'workerCode' in error ? String(error.workerCode) : undefined;
  const own = workerCode === undefined ? undefined : services[workerCode];
  if (own !== undefined) return new HttpProblem(own, String(workerCode), message);
  const status = Object.hasOwn(STATUS, code) ? STATUS[/** @type {keyof typeof STATUS} */ (code)] : 500;
  const later = retryable && (status === 429 || status === 503);
  // What failed inside is for our logs; what a caller can do about it is in the status and the code.
  const detail = status === 502 || status === 500 ? 'The service failed.' : message;
  return new HttpProblem(status, code, detail, later ? { 'retry-after': '1' } : {});
}

/**
 * A stream of the bus as lines of JSON. Resolves with the first message, so that a failure before it still has a status;
 * whoever leaves the lines early withdraws the request.
 * @param {AsyncIterableIterator<import('@majordomo/client').StreamMessage>} messages
 */
export async function linesOf(messages) {
  const first = await messages.next();
  return (async function* () {
    try {
      for (let next = first; !next.done; next = await messages.next()) yield `${next.value.body.text()}\n`;
    } finally {
      await messages.return?.();
    }
  })();
}
