import { eventually, leakCheck } from '@majordomo/testkit';
import { ServiceError } from '@majordomo/worker';
import { z } from 'zod';
import { defineService, implement } from '../src/index';
import {
  build,
  closeAll,
  newBroker,
  newClient,
  newWorker,
  order,
  photo,
  rejection,
  type Protocol,
} from './support';

leakCheck();
afterEach(closeAll);

/** Every dialect at either side: what one of them cannot say is lost for both. */
const PAIRINGS: readonly (readonly [client: Protocol, worker: Protocol])[] = [
  ['packed', 'packed'],
  ['packed', 'mdp/0.2'],
  ['packed', 'mdp/0.1'],
  ['mdp/0.2', 'packed'],
  ['mdp/0.2', 'mdp/0.2'],
  ['mdp/0.1', 'packed'],
  ['mdp/0.1', 'mdp/0.1'],
];

const AT = '2026-02-03T04:05:06.000Z';

const serveOrder = implement(order, async ({ sku, quantity, note }) => {
  if (sku === 'gone')
    throw order.error('OUT_OF_STOCK', { left: 0 }, 'none left\nuntil Monday', { retryable: true });
  if (sku === 'closed') throw order.error('CLOSED', undefined);
  if (sku === 'many')
    throw order.error('OUT_OF_STOCK', { left: 1, why: 'x'.repeat(5_000) } as { left: number });
  if (sku === 'misdetailed') throw order.error('OUT_OF_STOCK', { left: 'none' } as never);
  if (sku === 'undeclared') throw new ServiceError('BUSY', 'come back later', { retryable: true });
  if (sku === 'wrong') return { id: 7, at: AT } as never;
  return { id: `${sku} ${quantity} ${note}`, at: AT };
});

const serveBuild = implement(build, async function* ({ steps }) {
  for (let step = 0; step < steps; step++) {
    if (step === 5) throw build.error('BROKEN', { step });
    if (step === 7) yield { step: 'seven' } as never;
    yield step === 1 ? { step, label: 'one' } : { step };
  }
  return { took: steps };
});

describe.each(PAIRINGS)('a %s client and a %s worker', (spokenByClient, spokenByWorker) => {
  const start = async () => {
    const endpoint = await newBroker();
    await newWorker(order.name, serveOrder, endpoint, { protocol: spokenByWorker });
    await newWorker(build.name, serveBuild, endpoint, { protocol: spokenByWorker });
    return newClient(endpoint, spokenByClient);
  };

  test('what the schemas make of input and reply gets to the other side', async () => {
    const client = await start();
    const reply = await client.call(order, { sku: 'A', note: 'four' });
    expect(reply).toEqual({ id: 'A 1 4', at: new Date(AT) });
  });

  test('errors that the contract declares come with their details', async () => {
    const client = await start();
    expect(await rejection(client.call(order, { sku: 'gone' }))).toMatchObject({
      name: 'CallError',
      code: 'WORKER_FAILED',
      service: 'order',
      workerCode: 'OUT_OF_STOCK',
      details: { left: 0 },
      message: 'none left\nuntil Monday',
      retryable: true,
    });
    const closed = await rejection(client.call(order, { sku: 'closed' }));
    expect(order.isError(closed, 'CLOSED')).toBe(true);
    expect(order.isError(closed, 'OUT_OF_STOCK')).toBe(false);
    expect(build.isError(closed)).toBe(false);
    expect(closed).toMatchObject({ details: undefined, retryable: false });
  });

  test('an error that it does not declare is told by its code', async () => {
    const client = await start();
    const error = await rejection(client.call(order, { sku: 'undeclared' }));
    expect(error).toMatchObject({ name: 'WorkerFailedError', workerCode: 'BUSY', retryable: true });
    expect(error).toMatchObject({ message: 'come back later' });
    expect(order.isError(error)).toBe(false);
  });

  test('details that are too long for a FAILURE come all the same', async () => {
    const client = await start();
    const error = await rejection(client.call(order, { sku: 'many' }));
    expect(error).toMatchObject({ name: 'CallError', workerCode: 'OUT_OF_STOCK', details: { left: 1 } });
  });

  test.each([
    ['a reply', 'wrong', { part: 'reply', path: 'id' }],
    ['the details of an error', 'misdetailed', { part: 'error', path: 'left' }],
  ])('%s that the worker got wrong is its ContractError', async (_, sku, expected) => {
    const client = await start();
    const error = await rejection(client.call(order, { sku }));
    expect(error).toMatchObject({ name: 'ContractError', code: 'CONTRACT_MISMATCH', retryable: false });
    expect(error).toMatchObject({ service: 'order', side: 'worker', ...expected });
  });

  test('a request that has drifted is refused by the worker, which names the path', async () => {
    const client = await start();
    const drifted = defineService({
      name: 'order',
      request: z.looseObject({ sku: z.string() }),
      reply: order.reply,
    });
    const error = await rejection(client.call(drifted, { sku: 'A', quantity: 'many' }));
    expect(error).toMatchObject({
      code: 'CONTRACT_MISMATCH',
      retryable: false,
      service: 'order',
      side: 'worker',
      part: 'request',
      path: 'quantity',
      message: expect.stringMatching(/^The request of order does not fit the contract at quantity: /),
    });
  });

  test('a reply that has drifted is refused by the client, which names the path', async () => {
    const client = await start();
    const drifted = defineService({ name: 'order', request: z.unknown(), reply: z.object({ id: z.int() }) });
    const error = await rejection(client.call(drifted, { sku: 'A' }));
    expect(error).toMatchObject({ code: 'CONTRACT_MISMATCH', side: 'client', part: 'reply', path: 'id' });
  });

  test('progress comes before the reply, as the schema makes it', async () => {
    const client = await start();
    const got: unknown[] = [];
    for await (const message of client.callStream(build, { steps: 2 })) got.push(message);
    expect(got).toEqual([
      { kind: 'partial', value: { step: 0, label: '-' } },
      { kind: 'partial', value: { step: 1, label: 'one' } },
      { kind: 'final', value: { took: 2 } },
    ]);
  });

  test('a call leaves progress out, and so does a contract that knows of none', async () => {
    const client = await start();
    expect(await client.call(build, { steps: 3 })).toEqual({ took: 3 });
    const older = defineService({ name: 'build', request: build.request, reply: build.reply });
    expect(await client.call(older, { steps: 3 })).toEqual({ took: 3 });
    const got: unknown[] = [];
    for await (const message of client.callStream(older, { steps: 3 })) got.push(message);
    expect(got).toEqual([{ kind: 'final', value: { took: 3 } }]);
  });

  test('a declared error and wrong progress end a stream', async () => {
    const client = await start();
    const read = async (steps: number, got: unknown[]) => {
      for await (const { value } of client.callStream(build, { steps })) got.push(value);
    };
    const got: unknown[] = [];
    expect(await rejection(read(6, got))).toMatchObject({ workerCode: 'BROKEN', details: { step: 5 } });
    // To a worker that has no PARTIAL all of it is one reply, and that is a failure.
    if (spokenByWorker !== 'mdp/0.1' && spokenByClient !== 'mdp/0.1') expect(got).toHaveLength(5);
  });
});

test('a generator that yields what is no progress is stopped, and its client told', async () => {
  const endpoint = await newBroker();
  let cleaned = false;
  const handler = implement(build, async function* () {
    try {
      yield { step: 'seven' } as never;
      yield { step: 8 };
      return { took: 1 };
    } finally {
      cleaned = true;
    }
  });
  await newWorker('build', handler, endpoint);
  const error = await rejection(newClient(endpoint, 'packed').call(build, { steps: 1 }));
  expect(error).toMatchObject({ side: 'worker', part: 'progress', path: 'step' });
  expect(cleaned).toBe(true);
});

test('a stream that is left early ends the handler', async () => {
  const endpoint = await newBroker();
  let cleaned = false;
  const handler = implement(build, async function* (_, { signal }) {
    try {
      for (let step = 0; !signal.aborted; step++) yield { step };
      return { took: 0 };
    } finally {
      cleaned = true;
    }
  });
  await newWorker('build', handler, endpoint);
  for await (const { value } of newClient(endpoint, 'packed').callStream(build, { steps: 1 })) {
    expect(value).toEqual({ step: 0, label: '-' });
    break;
  }
  await eventually(() => cleaned, { what: 'the handler to end' });
});

test('a handler of a contract with progress may answer with one reply', async () => {
  const endpoint = await newBroker();
  await newWorker(
    'build',
    implement(build, ({ steps }) => ({ took: steps })),
    endpoint,
  );
  expect(await newClient(endpoint, 'packed').call(build, { steps: 4 })).toEqual({ took: 4 });
});

test('a request that does not fit leaves the client in no dialect', async () => {
  const endpoint = await newBroker();
  const served: unknown[] = [];
  await newWorker(
    'order',
    implement(order, (input) => (served.push(input), { id: '', at: AT })),
    endpoint,
  );
  const error = await rejection(
    newClient(endpoint, 'packed').call(order, { sku: 'A', quantity: 0, wrong: 1 } as never),
  );
  expect(error).toMatchObject({ side: 'client', part: 'request', path: 'quantity' });
  expect(error).toMatchObject({ issues: [{ path: 'quantity' }, { path: '' }] });
  expect(served).toEqual([]);
});

test('what the handler throws beside that is the worker’s to deal with', async () => {
  const endpoint = await newBroker();
  const handler = implement(order, () => {
    throw new RangeError('broken');
  });
  const worker = await newWorker('order', handler, endpoint);
  const failed: unknown[] = [];
  worker.on('requestFailed', ({ error }) => failed.push(error));
  const error = await rejection(newClient(endpoint, 'packed').call(order, { sku: 'A' }));
  expect(error).toMatchObject({ name: 'WorkerFailedError', workerCode: 'INTERNAL_ERROR', message: 'broken' });
  expect(failed).toEqual([expect.any(RangeError)]);
});

test.each(PAIRINGS)('MessagePack goes from a %s client to a %s worker and back', async (ours, theirs) => {
  const endpoint = await newBroker();
  const handler = implement(photo, ({ bytes, taken }, { request }) => {
    expect(request.contentType).toBe(
      ours === 'packed' && theirs === 'packed' ? 'application/vnd.msgpack' : undefined,
    );
    return { size: bytes.length, taken, big: 2n ** 60n };
  });
  await newWorker('photo', handler, endpoint, { protocol: theirs });
  const taken = new Date(AT);
  const reply = await newClient(endpoint, ours).call(photo, { bytes: Uint8Array.of(1, 2, 3), taken });
  expect(reply).toEqual({ size: 3, taken, big: 2n ** 60n });
});

test('the content type of request and reply is on the wire of the packed dialect', async () => {
  const endpoint = await newBroker();
  const asked: unknown[] = [];
  const either = defineService({
    name: 'either',
    request: z.object({ a: z.int() }),
    reply: z.object({ b: z.int() }),
    encoding: 'msgpack',
  });
  const handler = implement(either, ({ a }, { request }) => {
    asked.push(request.contentType);
    return { b: a };
  });
  await newWorker('either', handler, endpoint);
  const client = newClient(endpoint, 'packed');
  const json = await client.request('either', '{"a":1}', { contentType: 'Application/JSON; charset=utf-8' });
  expect([json.text(), json.metadata?.contentType]).toEqual(['{"b":1}', 'application/json']);
  const packed = await client.request('either', Uint8Array.of(0x81, 0xa1, 0x61, 2), {
    contentType: 'application/x-msgpack',
  });
  expect([...packed.bytes()]).toEqual([0x81, 0xa1, 0x62, 2]);
  expect(packed.metadata?.contentType).toBe('application/vnd.msgpack');
  expect(asked).toEqual(['Application/JSON; charset=utf-8', 'application/x-msgpack']);
});

test('options of the request go along, but for its content type', async () => {
  const endpoint = await newBroker();
  const seen: unknown[] = [];
  const handler = implement(order, (_, { request, remainingMs, broker }) => {
    seen.push(request.priority, request.contentType, remainingMs <= 700, broker);
    return { id: '', at: AT };
  });
  await newWorker('order', handler, endpoint);
  const client = newClient(endpoint, 'packed');
  await client.call(order, { sku: 'A' }, { priority: 7, timeoutMs: 700, contentType: 'x/y' } as never);
  expect(seen).toEqual([7, 'application/json', true, endpoint]);
  const aborted = client.call(order, { sku: 'A' }, { signal: AbortSignal.abort('enough') });
  expect(await rejection(aborted)).toMatchObject({ code: 'ABORTED' });
  expect(await rejection(client.call(order, { sku: 'A' }, { timeoutMs: -1 }))).toMatchObject({
    code: 'INVALID_OPTIONS',
  });
});

test('nothing can be asked and answered', async () => {
  const endpoint = await newBroker();
  const ping = defineService({ name: 'ping', request: z.void(), reply: z.void() });
  const asked: unknown[] = [];
  await newWorker(
    'ping',
    implement(ping, (input) => void asked.push(input)),
    endpoint,
  );
  const client = newClient(endpoint, 'packed');
  expect(await client.call(ping)).toBeUndefined();
  expect(await client.call(ping, undefined, { timeoutMs: 500 })).toBeUndefined();
  expect(asked).toEqual([undefined, undefined]);
});

test('failures that a reply tells of are logged, and what the worker got wrong is a warning', async () => {
  const endpoint = await newBroker();
  const lines: unknown[] = [];
  const log = (level: string) => (fields: object, text: string) => lines.push([level, fields, text]);
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const handler = implement(
    order,
    ({ sku }) => {
      if (sku === 'A') throw order.error('OUT_OF_STOCK', { left: 2 }, 'two left');
      return {} as never;
    },
    { logger },
  );
  await newWorker('order', handler, endpoint);
  const client = newClient(endpoint, 'mdp/0.2');
  await rejection(client.call(order, { sku: 'A' }));
  await rejection(client.call(order, { sku: 'B' }));
  expect(lines).toMatchObject([
    [
      'info',
      { event: 'requestFailed', service: 'order', code: 'OUT_OF_STOCK' },
      'a request failed: two left',
    ],
    ['warn', { event: 'requestFailed', service: 'order', code: 'CONTRACT_MISMATCH' }, expect.any(String)],
  ]);
});
