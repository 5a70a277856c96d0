// A handler for threads that does what the first frame of a request says; the second is its argument.
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, threadId } from 'node:worker_threads';
import { ServiceError } from '@majordomo/worker';

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the event loop of this thread for so many ms. @param {number} ms */
const block = (ms) => void Atomics.wait(nobody, 0, 0, ms);

/** @type {Record<string, import('@majordomo/worker').Handler>} */
const tricks = {
  echo: ({ body }) => body.frames.slice(1),
  text: () => 'text',
  bytes: () => constant,
  nothing: () => undefined,
  async about({ service, contentType, traceparent, priority, attempt }, context) {
    const { broker, remainingMs, signal } = context;
    context.replyContentType = 'application/json';
    const request = { service, contentType, traceparent, priority, attempt };
    const aborted = signal.aborted;
    return JSON.stringify({ ...request, broker, remainingMs, aborted, isMainThread, threadId });
  },
  block({ body }) {
    block(Number(body.text(1)));
    return 'unblocked';
  },
  service() {
    throw new ServiceError('OUT_OF_STOCK', 'none left', { retryable: true });
  },
  error() {
    throw Object.assign(new RangeError('too far', { cause: new Error('the map') }), { distance: 7 });
  },
  odd() {
    throw { toString: () => 'odd', call: () => undefined };
  },
  object: () => /** @type {never} */ ({ answer: 42 }),
  /** Ends once its signal fires, and notes with what. */
  async patient({ body }, { signal }) {
    appendFileSync(body.text(1), 'started\n');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    appendFileSync(body.text(1), `${signal.reason.name}\n`);
    return 'late';
  },
  /** The same, without letting the event loop turn. */
  polling({ body }, { signal }) {
    appendFileSync(body.text(1), 'started\n');
    while (!signal.aborted) block(1);
    appendFileSync(body.text(1), `${signal.reason.name}\n`);
    return 'late';
  },
  stubborn({ body }) {
    appendFileSync(body.text(1), 'started\n');
    for (;;) block(1_000);
  },
  /** Cannot be interrupted, not even by the end of its thread. */
  native({ body }) {
    appendFileSync(body.text(1), 'started\n');
    return execFileSync(process.execPath, ['-e', 'setTimeout(() => undefined, 500)']);
  },
  /** Runs until the file says so. */
  async until({ body }) {
    appendFileSync(body.text(1), 'started\n');
    const { readFileSync } = await import('node:fs');
    while (!readFileSync(body.text(1), 'utf8').includes('go')) await delay(5);
    return 'done';
  },
  /** Tells the main thread things, as libraries do that think it is theirs. */
  posts() {
    for (const message of [null, 'text', {}, { link: undefined }, { link: {} }])
      parentPort?.postMessage(message);
    return 'posted';
  },
  exit: () => process.exit(7),
  async uncaught() {
    setTimeout(() => {
      throw new Error('out of the blue');
    });
    return new Promise(() => undefined);
  },
  bomb() {
    setTimeout(() => {
      throw new Error('a bomb');
    }, 20);
    return 'for now';
  },
  sleeper() {
    setTimeout(() => process.exit(1), 20);
    return 'for now';
  },
  async rejection() {
    void Promise.reject(new Error('unheard of'));
    return new Promise(() => undefined);
  },
  memory() {
    const hoard = [];
    for (;;) hoard.push(new Array(10_000).fill(hoard.length));
  },
  /** So many PARTIALs; each is noted before it is given, and the end as well. */
  async *count({ body }, context) {
    context.replyContentType = 'text/plain';
    try {
      for (let n = 0; n < Number(body.text(1)); n++) {
        if (body.length > 2) appendFileSync(body.text(2), `${n}\n`);
        yield `part ${n}`;
      }
      return 'end';
    } finally {
      if (body.length > 2) appendFileSync(body.text(2), 'cleaned up\n');
    }
  },
  /** PARTIALs that grow until one is too large. */
  async *swells({ body }) {
    try {
      for (let bytes = 1; ; bytes *= 2) yield new Uint8Array(bytes);
    } finally {
      appendFileSync(body.text(1), 'cleaned up\n');
    }
  },
  async *breaks() {
    yield 'one';
    throw new ServiceError('BROKEN', 'after one');
  },
  async *crashes() {
    yield 'one';
    process.exit(1);
  },
};

const constant = Buffer.alloc(100_000, 'c');

/** @type {import('@majordomo/worker').Handler} */
export default (request, context) => {
  const trick = tricks[request.body.text()];
  if (!trick) throw new Error(`no trick ${request.body.text()}`);
  return trick(request, context);
};
