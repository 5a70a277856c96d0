import { Body, HEARTBEAT, isMajordomoError, Metadata } from '@majordomo/protocol';
import { closeAllSockets, eventually, leakCheck, RawBroker02, TcpRelay } from '@majordomo/testkit';
import type { ClientOptions } from '../../src/index';
import { failure } from '../core/harness';
import { final, PackedBroker, partial, type PackedBrokerOptions } from '../support/packed-broker';
import { closeAll, newClient } from './support';

leakCheck();
afterEach(closeAll);
afterEach(closeAllSockets);

const MIB = 1024 * 1024;

/** A packed broker and a client that is told so. */
async function pair(options: Partial<ClientOptions> = {}, brokerOptions: PackedBrokerOptions = {}) {
  const broker = await PackedBroker.listen(brokerOptions);
  return { broker, client: newClient({ brokers: broker.endpoint, protocol: 'packed', ...options }) };
}

const codeOf = async (reply: Promise<unknown>): Promise<string> =>
  reply.then(
    () => 'answered',
    ({ code }: { code: string }) => code,
  );

describe('requests', () => {
  test('a thousand at once over one connection, in few messages, answered in any order', async () => {
    const { broker, client } = await pair();
    broker.answerAll();
    await client.request('echo', 'first');
    broker.batches.length = 0;
    const replies = Array.from({ length: 1_000 }, (_, n) => client.request('echo', String(n)));
    const texts = (await Promise.all(replies)).map((body) => body.text());
    expect(texts).toEqual(Array.from({ length: 1_000 }, (_, n) => String(n)));
    expect([client.sockets, broker.sessions]).toEqual([1, 1]);
    expect(broker.batches.length).toBeLessThan(10);
    expect(broker.violations).toEqual([]);
  });

  test('one alone has a message of its own, and those of another turn have another', async () => {
    const { broker, client } = await pair();
    broker.answerAll();
    for (let n = 0; n < 5; n++) await client.request('echo', 'x');
    // HELLO, then the requests; heartbeats are of one record, too.
    expect(new Set(broker.batches)).toEqual(new Set([1]));
  });

  test('bodies of any kind come through', async () => {
    const { broker, client } = await pair();
    broker.answerAll();
    const big = Buffer.alloc(3 * MIB, 'majordomo');
    const body = await client.request('echo', ['grüße', new Uint8Array([0, 255]), '', big, '{"a":1}']);
    expect(body.text(0)).toBe('grüße');
    expect([...body.bytes(1)]).toEqual([0, 255]);
    expect(body.bytes(2)).toHaveLength(0);
    expect(big.equals(body.bytes(3))).toBe(true);
    expect(body.json(4)).toEqual({ a: 1 });
    expect((await client.request('echo')).byteLength).toBe(0);
    expect((await client.request('echo', body)).text(4)).toBe('{"a":1}');
  });

  test('what is said of a request and of its reply travels with them', async () => {
    const { broker, client } = await pair();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const reply = client.request('echo', '{}', {
      priority: 9,
      failFast: true,
      timeoutMs: 1_500,
      contentType: 'application/json',
      traceparent,
    });
    const { client: id, command } = await broker.next('request');
    expect(command).toMatchObject({ service: 'echo', priority: 9, failFast: true, window: 1_024 });
    expect([command.metadata.contentType, command.metadata.traceparent]).toEqual([
      'application/json',
      traceparent,
    ]);
    expect(command.remainingMs).toBeGreaterThan(1_000);
    expect(command.remainingMs).toBeLessThanOrEqual(1_500);
    await broker.send(id, final(command.id, Body.of('<a/>'), Metadata.of({ contentType: 'text/xml' })));
    const body = await reply;
    expect([body.text(), body.metadata?.contentType]).toEqual(['<a/>', 'text/xml']);
    broker.answerAll();
    expect((await client.request('echo')).metadata).toBeUndefined();
  });

  test('errors that are found before anything is sent are rejections, too', async () => {
    const { client } = await pair();
    expect(await codeOf(client.request(''))).toBe('INVALID_SERVICE');
    expect(await codeOf(client.request('echo', 5 as unknown as string))).toBe('INVALID_BODY');
    expect(await codeOf(client.request('echo', 'x', { priority: 10 }))).toBe('INVALID_OPTIONS');
    expect(client.sockets).toBe(0);
  });

  test('a body beyond the limits of the broker is never sent', async () => {
    const { broker, client } = await pair({}, { welcome: { messageBytesMax: 1_000 } });
    broker.answerAll();
    expect(await codeOf(client.request('echo', 'x'.repeat(1_001)))).toBe('MESSAGE_TOO_LARGE');
    expect((await client.request('echo', 'x'.repeat(1_000))).byteLength).toBe(1_000);
  });
});

describe('failures', () => {
  test('come as errors with a code', async () => {
    const { broker, client } = await pair();
    broker.answerAll(({ id, body }) => [failure(id, body.text())]);
    for (const code of ['QUEUE_FULL', 'NO_WORKER', 'EXPIRED', 'CANCELLED', 'ATTEMPTS_EXHAUSTED']) {
      expect(await codeOf(client.request('echo', code))).toBe(code);
    }
    broker.answerAll(({ id }) => [failure(id, 'OUT_OF_STOCK', { origin: 'worker', message: 'none left' })]);
    await expect(client.request('shop')).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      workerCode: 'OUT_OF_STOCK',
      message: 'none left',
    });
  });

  test('a broker that knows the deadline tells of it before the client’s own clock runs out', async () => {
    const { broker, client } = await pair();
    const reply = codeOf(client.request('echo', 'x', { timeoutMs: 150 }));
    const { client: id, command } = await broker.next('request');
    await new Promise((resolve) => setTimeout(resolve, command.remainingMs));
    await broker.send(id, failure(command.id, 'EXPIRED', { retryable: true }));
    expect(await reply).toBe('EXPIRED');
  });

  test('silence: a TimeoutError, and the broker is told that nobody waits', async () => {
    const { broker, client } = await pair();
    await expect(client.request('echo', 'x', { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('sent once, no reply; a worker has it') as string,
    });
    const { command } = await broker.next('request');
    expect((await broker.next('cancel')).command.id).toBe(command.id);
    expect(client.sockets).toBe(1);
  });
});

test('an AbortSignal cancels at the broker, and a late reply reaches nobody', async () => {
  const { broker, client } = await pair();
  const controller = new AbortController();
  const reply = client.request('echo', 'x', { signal: controller.signal });
  const aborted = expect(reply).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
  const { client: id, command } = await broker.next('request');
  controller.abort('enough');
  await aborted;
  expect((await broker.next('cancel')).command.id).toBe(command.id);
  const next = client.request('echo', 'y');
  const { command: second } = await broker.next('request');
  await broker.send(id, final(command.id, Body.of('late')), final(second.id, Body.of('mine')));
  expect((await next).text()).toBe('mine');
  expect(client.sockets).toBe(1);
});

describe('streams', () => {
  test('PARTIALs as they come, with what is said of each; the window is granted as they are read', async () => {
    const { broker, client } = await pair({ streamBufferMax: 4 });
    const stream = client.stream('tail', 'file');
    const { client: id, command } = await broker.next('request');
    expect([command.window, command.remainingMs]).toEqual([4, 0]);
    const contentType = 'text/plain';
    const parts = ['a', 'b', 'c', 'd'].map((text) =>
      partial(command.id, Body.of(text), Metadata.of({ contentType })),
    );
    await broker.send(id, ...parts);
    for (const text of ['a', 'b']) {
      const { value } = await stream.next();
      expect([value?.body.text(), value?.metadata.contentType]).toEqual([text, contentType]);
    }
    expect((await broker.next('window')).command).toEqual({ kind: 'window', id: command.id, more: 2 });
    await broker.send(id, final(command.id, Body.of('end')));
    const rest: string[] = [];
    for await (const { kind, body } of stream) rest.push(`${kind} ${body.text()}`);
    expect(rest).toEqual(['partial c', 'partial d', 'final end']);
  });

  test('leaving early cancels', async () => {
    const { broker, client } = await pair();
    const stream = client.stream('tail', 'file');
    const { client: id, command } = await broker.next('request');
    await broker.send(id, partial(command.id, Body.of('a')));
    for await (const { body } of stream) {
      expect(body.text()).toBe('a');
      break;
    }
    expect((await broker.next('cancel')).command.id).toBe(command.id);
    expect(client.pending).toBe(0);
  });

  test('request() gathers them', async () => {
    const { broker, client } = await pair();
    broker.answerAll(({ id }) => [
      ...Array.from({ length: 1_000 }, (_, n) => partial(id, Body.of(String(n)))),
      final(id, Body.of('end')),
    ]);
    const body = await client.request('count');
    expect(body.length).toBe(1_001);
    expect([body.text(999), body.text(1_000)]).toEqual(['999', 'end']);
  });
});

describe('a session that ends', () => {
  test('a broker that is killed and bound again on the same port: all is done', async () => {
    const { broker, client } = await pair();
    const replies = Array.from({ length: 20 }, (_, n) => client.request('echo', String(n)));
    await broker.next('request');
    await broker.close();
    const next = (await PackedBroker.listen({ endpoint: broker.endpoint })).answerAll();
    expect((await Promise.all(replies)).map((body) => body.text())).toEqual(
      Array.from({ length: 20 }, (_, n) => String(n)),
    );
    expect(next.violations).toEqual([]);
  });

  test('DISCONNECT: a new connection and a new session', async () => {
    const { broker, client } = await pair();
    const reply = client.request('echo', 'x');
    const { client: id } = await broker.next('request');
    await broker.send(id, { kind: 'disconnect' });
    const again = await broker.next('request');
    expect(again.client).not.toEqual(id);
    await broker.send(again.client, final(again.command.id, Body.of('again')));
    expect((await reply).text()).toBe('again');
  });

  test('a broker that hangs is noticed by its silence, and the other one serves', async () => {
    const hung = await PackedBroker.listen({ welcome: { heartbeatMs: 50 } });
    const other = (await PackedBroker.listen()).answerAll();
    const relay = await TcpRelay.to(hung.endpoint);
    try {
      const client = newClient({
        brokers: [relay.endpoint, other.endpoint],
        protocol: 'packed',
        connectTimeoutMs: 200,
      });
      const ups: string[] = [];
      client.on('brokerUp', ({ endpoint }) => ups.push(endpoint));
      hung.answerAll();
      await client.request('echo', 'x');
      await eventually(() => ups.length === 2);
      hung.answerAll(() => []);
      const replies = [client.request('echo', '1'), client.request('echo', '2')];
      relay.stall();
      expect((await Promise.all(replies)).map((body) => body.text())).toEqual(['1', '2']);
    } finally {
      await relay.close();
    }
  });

  test('heartbeats keep it, in both directions', async () => {
    const { broker, client } = await pair({ liveness: 3 }, { welcome: { heartbeatMs: 40 } });
    broker.answerAll();
    await client.request('echo');
    const downs: string[] = [];
    client.on('brokerDown', ({ reason }) => downs.push(reason));
    const before = broker.batches.length;
    await eventually(() => broker.batches.length > before + 4);
    expect(downs).toEqual([]);
    expect(broker.sessions).toBe(1);
  });

  test('draining: what is under way ends there, the rest goes elsewhere', async () => {
    const [one, two] = [await PackedBroker.listen(), await PackedBroker.listen()];
    const client = newClient({ brokers: [one.endpoint, two.endpoint], protocol: 'packed' });
    const ups: string[] = [];
    client.on('brokerUp', ({ endpoint }) => ups.push(endpoint));
    const slow = client.request('slow', 'x');
    await eventually(() => ups.length === 2);
    const first = await eventually(() =>
      [one, two].find(({ said }) => said.some(({ command }) => command.kind === 'request')),
    );
    const other = first === one ? two : one;
    const { client: id, command } = await first.next('request');
    await first.send(id, { kind: 'draining' });
    other.answerAll();
    await first.send(id, HEARTBEAT);
    await eventually(async () => {
      await client.request('echo', 'x', { timeoutMs: 100 });
      return !first.said.some((said) => said.command.kind === 'request');
    });
    first.said.length = 0;
    for (let n = 0; n < 10; n++) await client.request('echo', 'x');
    expect(first.said).toEqual([]);
    await first.send(id, final(command.id, Body.of('done')));
    expect((await slow).text()).toBe('done');
    await first.next('disconnect');
  });

  test('what is no message of the dialect closes it, and the call is sent again', async () => {
    const { broker, client } = await pair();
    const rejected: string[] = [];
    client.on('rejected', ({ detail }) => rejected.push(detail));
    const reply = client.request('echo', 'x');
    const bad: ((id: Buffer) => Promise<void>)[] = [
      (id) => broker.socket.send(id, 'garbage'),
      (id) => broker.send(id, final(1_000_000, Body.of('?'))),
    ];
    for (const send of bad) {
      const { client: id } = await broker.next('request');
      await send(id);
      expect((await broker.next('disconnect')).client).toEqual(id);
    }
    const last = await broker.next('request');
    await broker.send(last.client, final(last.command.id, Body.of('at last')));
    expect((await reply).text()).toBe('at last');
    expect(rejected).toEqual(['not MDP/P1', expect.stringMatching(/^a final of request 1000000/)]);
  });

  test('a broker that does not speak it: the error says so', async () => {
    const broker = await RawBroker02.listen();
    const client = newClient({ brokers: broker.endpoint, protocol: 'packed', connectTimeoutMs: 50 });
    await expect(client.request('echo', 'x', { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('the broker does not answer in the packed dialect'),
    });
    await broker.expectNoClientRequest(0);
  });
});

describe('close', () => {
  test('says DISCONNECT, and sends nothing that had not left', async () => {
    const { broker, client } = await pair();
    broker.answerAll();
    await client.request('echo');
    const codes = [codeOf(client.request('never', 'x')), codeOf(client.stream('never').next())];
    client.close();
    expect(await Promise.all(codes)).toEqual(['CLOSED', 'CLOSED']);
    await broker.next('disconnect');
    expect(broker.said).toEqual([
      expect.objectContaining({ command: expect.objectContaining({ kind: 'hello' }) }),
    ]);
    expect([client.pending, client.sockets, broker.sessions]).toEqual([0, 0, 0]);
  });

  test('before the session stands', async () => {
    const { client } = await pair({}, { greets: false });
    const reply = client.request('echo').catch((error: unknown) => error);
    client.close();
    expect(isMajordomoError(await reply, 'CLOSED')).toBe(true);
  });
});

test('one request too many is refused while the others go on', async () => {
  const { broker, client } = await pair({ pendingMax: 2 });
  const replies = [client.request('echo', '1'), client.request('echo', '2')];
  expect(await codeOf(client.request('echo', '3'))).toBe('QUEUE_FULL');
  broker.answerAll();
  expect(await Promise.all(replies.map(codeOf))).toEqual(['answered', 'answered']);
});
