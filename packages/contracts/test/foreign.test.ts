import {
  closeAllSockets,
  leakCheck,
  RawClient01,
  RawClient02,
  RawWorker01,
  RawWorker02,
} from '@majordomo/testkit';
import { z } from 'zod';
import { defineService, implement } from '../src/index';
import { build, closeAll, newBroker, newClient, newWorker, order, photo, rejection, track } from './support';

leakCheck();
afterEach(closeAll);
afterEach(closeAllSockets);

const AT = '2026-02-03T04:05:06.000Z';

const serveOrder = implement(order, ({ sku, quantity }) => {
  if (sku === 'gone') throw order.error('OUT_OF_STOCK', { left: 0 }, 'none left');
  return { id: `${sku}${quantity}`, at: AT };
});

describe.each([
  ['0.1', RawClient01],
  ['0.2', RawClient02],
])('a foreign client of MDP/%s', (_, RawClient) => {
  test('calls with plain JSON, and gets plain JSON', async () => {
    const endpoint = await newBroker();
    await newWorker('order', serveOrder, endpoint);
    const client = track(new RawClient(endpoint));
    const reply = await client.ask('order', '{"sku": "A", "quantity": 2}');
    expect(reply.map(String)).toEqual([`{"id":"A2","at":"${AT}"}`]);
  });

  test('calls a contract of MessagePack with plain JSON, and gets plain JSON', async () => {
    const endpoint = await newBroker();
    const double = defineService({
      name: 'double',
      encoding: 'msgpack',
      request: z.number(),
      reply: z.number(),
    });
    await newWorker(
      'double',
      implement(double, (number) => number * 2),
      endpoint,
    );
    const client = track(new RawClient(endpoint));
    expect((await client.ask('double', '21')).map(String)).toEqual(['42']);
    // MessagePack is told from JSON by its first byte, a single small number included.
    expect(await client.ask('double', Buffer.of(0xcc, 21))).toEqual([Buffer.of(0xcc, 42)]);
  });

  test('is told of a declared error by the two frames that end the reply', async () => {
    const endpoint = await newBroker();
    await newWorker('order', serveOrder, endpoint);
    const [mark, failure, ...others] = await track(new RawClient(endpoint)).ask('order', '{"sku": "gone"}');
    expect([String(mark), others]).toEqual(['ERROR', []]);
    expect(JSON.parse(String(failure))).toEqual({
      code: 'OUT_OF_STOCK',
      message: 'none left',
      retryable: false,
      details: { left: 0 },
    });
  });

  test.each([
    ['what does not fit', ['{"sku": 7}'], 'sku', /expected string/],
    ['no JSON', ['sku=7'], '', /^it is not JSON: /],
    ['bytes that are not UTF-8', [Buffer.of(0x22, 0xff, 0x22)], '', /not UTF-8/],
    ['a key __proto__', ['{"sku":"A","__proto__":{"quantity":3}}'], '', /__proto__ is not taken/],
    ['a million levels', ['['.repeat(1_000_000)], '', /nested deeper than 100 levels/],
    ['an extension of MessagePack', [Buffer.of(0x91, 0xd4, 0x72, 0x40)], '', /extension \(type 114\)/],
    ['MessagePack that is cut short', [Buffer.of(0x82, 0xa3)], '', /ends in the middle/],
    ['nothing', [''], '', /expected object, received undefined/],
    ['two frames', ['{"sku":"A"}', '{}'], '', /should be one frame, got 2/],
  ])('is told what is wrong with %s', async (__, body, path, message) => {
    const endpoint = await newBroker();
    const worker = await newWorker('order', serveOrder, endpoint);
    const client = track(new RawClient(endpoint));
    const [mark, failure] = await client.ask('order', ...body);
    expect(String(mark)).toBe('ERROR');
    expect(JSON.parse(String(failure))).toMatchObject({
      code: 'CONTRACT_MISMATCH',
      retryable: false,
      details: { part: 'request', issues: [{ path, message: expect.stringMatching(message) }] },
    });
    expect(({} as Record<string, unknown>)['quantity']).toBeUndefined();
    expect((await client.ask('order', '{"sku":"B"}')).map(String)).toEqual([`{"id":"B1","at":"${AT}"}`]);
    expect(worker.stats.registered).toBe(1);
  });
});

test('a foreign client of MDP/0.2 gets progress as PARTIALs of JSON, one of MDP/0.1 in front of the reply', async () => {
  const endpoint = await newBroker();
  const handler = implement(build, async function* ({ steps }) {
    for (let step = 0; step < steps; step++) yield { step };
    return { took: steps };
  });
  await newWorker('build', handler, endpoint);
  const { partials, final } = await track(new RawClient02(endpoint)).call('build', '{"steps":2}');
  expect(partials.map(String)).toEqual(['{"step":0}', '{"step":1}']);
  expect(final.map(String)).toEqual(['{"took":2}']);
  const { body } = await track(new RawClient01(endpoint)).call('build', '{"steps":2}');
  expect(body.map(String)).toEqual(['{"step":0}', '{"step":1}', '{"took":2}']);
});

describe.each([
  ['0.1', RawWorker01],
  ['0.2', RawWorker02],
])('a foreign worker of MDP/%s', (_, RawWorker) => {
  /** What a call gets from a worker that answers with these frames. */
  const answered = async (contract: typeof order, ...reply: (string | Uint8Array)[]) => {
    const endpoint = await newBroker();
    const worker = track(new RawWorker(endpoint));
    await worker.ready(contract.name);
    const call = newClient(endpoint, 'packed').call(contract, { sku: 'A' });
    call.catch(() => undefined);
    const { address, body } = await worker.nextRequest();
    expect(body.map(String)).toEqual(['{"sku":"A"}']);
    await worker.final(address, ...reply);
    return call;
  };

  test('is called with plain JSON, and answers with it', async () => {
    expect(await answered(order, `{"id": "7", "at": "${AT}"}`)).toEqual({ id: '7', at: new Date(AT) });
  });

  test('may fail as the contract declares', async () => {
    const failure = { code: 'OUT_OF_STOCK', message: 'three left', retryable: true, details: { left: 3 } };
    const error = await rejection(answered(order, 'ERROR', JSON.stringify(failure)));
    if (!order.isError(error, 'OUT_OF_STOCK')) throw error;
    expect(error.details.left).toBe(3);
    expect(error.retryable).toBe(true);
  });

  test('may fail with a code alone', async () => {
    expect(await rejection(answered(order, 'ERROR', '{"code":"BUSY"}'))).toMatchObject({
      name: 'WorkerFailedError',
      workerCode: 'BUSY',
      message: 'order failed with BUSY.',
      retryable: false,
    });
    expect(await rejection(answered(order, 'ERROR', '{"code":"CLOSED"}'))).toMatchObject({
      name: 'CallError',
      message: 'order failed with CLOSED.',
    });
  });

  test.each([
    ['what does not fit', ['{"id":1}'], { part: 'reply', path: 'id' }],
    ['no JSON', ['<id/>'], { part: 'reply', path: '' }],
    ['a key __proto__', [`{"id":"1","at":"${AT}","__proto__":{"admin":true}}`], { part: 'reply', path: '' }],
    ['a million levels', ['{"id":'.repeat(1_000_000)], { part: 'reply', path: '' }],
    ['a failure that is no JSON', ['ERROR', 'out of stock'], { part: 'error', path: '' }],
    ['a failure without a code', ['ERROR', '{"message":"x"}'], { part: 'error', path: '' }],
    ['a failure of null', ['ERROR', 'null'], { part: 'error', path: '' }],
    ['a code that is none', ['ERROR', '{"code":"__proto__"}'], { part: 'error', path: '' }],
    [
      'wrong details',
      ['ERROR', '{"code":"OUT_OF_STOCK","details":{"left":"x"}}'],
      { part: 'error', path: 'left' },
    ],
  ])('that answers with %s is found out by the client', async (__, reply, expected) => {
    const error = await rejection(answered(order, ...reply));
    expect(error).toMatchObject({ name: 'ContractError', code: 'CONTRACT_MISMATCH', retryable: false });
    expect(error).toMatchObject({ service: 'order', side: 'client', ...expected });
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  test.each([
    [
      'with what it found',
      { part: 'reply', issues: [{ path: 'id', message: 'x'.repeat(900) }] },
      'reply',
      'id',
    ],
    ['with nothing', undefined, 'request', ''],
    ['with nonsense', { part: 'x', issues: [{ path: 1 }] }, 'request', ''],
    ['with a list', [1], 'request', ''],
  ])('that found a mismatch, and tells it %s, is believed', async (__, details, part, path) => {
    const failure = JSON.stringify({ code: 'CONTRACT_MISMATCH', message: 'does not fit', details });
    const error = await rejection(answered(order, 'ERROR', failure));
    expect(error).toMatchObject({ name: 'ContractError', side: 'worker', part, path });
    expect((error as Error).message.length).toBeLessThan(400);
  });
});

test('a foreign worker is called with MessagePack where the contract says so', async () => {
  const endpoint = await newBroker();
  const worker = track(new RawWorker02(endpoint));
  await worker.ready('photo');
  const taken = new Date(1_000);
  const call = newClient(endpoint, 'mdp/0.2').call(photo, { bytes: Uint8Array.of(7), taken });
  call.catch(() => undefined);
  const { address, body } = await worker.nextRequest();
  expect(body).toEqual([
    Buffer.concat([
      Buffer.of(0x82, 0xa5),
      Buffer.from('bytes'),
      Buffer.of(0xc4, 1, 7, 0xa5),
      Buffer.from('taken'),
      Buffer.of(0xd6, 0xff, 0, 0, 0, 1),
    ]),
  ]);
  await worker.final(address, '{"size":1,"taken":0,"big":0}');
  // It answered in JSON, which has no dates: understood, and refused for what it says.
  expect(await rejection(call)).toMatchObject({ side: 'client', part: 'reply', path: 'taken' });
});

test('the text of a FAILURE that has no details is found out, and is the cause; others are read', async () => {
  const endpoint = await newBroker();
  const failing = (message: string) => () => {
    throw Object.assign(new Error(message), { name: 'ServiceError', code: 'OUT_OF_STOCK', retryable: false });
  };
  const worker = await newWorker('order', failing('none left'), endpoint);
  const client = newClient(endpoint, 'packed');
  expect(await rejection(client.call(order, { sku: 'A' }))).toMatchObject({
    name: 'ContractError',
    part: 'error',
    path: '',
    cause: { name: 'WorkerFailedError', message: 'none left' },
  });
  await worker.close();
  await newWorker('order', failing('two lines\n{"left":4}'), endpoint);
  expect(await rejection(client.call(order, { sku: 'A' }))).toMatchObject({
    name: 'CallError',
    message: 'two lines',
    details: { left: 4 },
  });
});
