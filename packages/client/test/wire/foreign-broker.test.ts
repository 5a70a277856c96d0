import {
  closeAllSockets,
  eventually,
  leakCheck,
  RawBroker01,
  RawBroker02,
  RawWorker01,
  RawWorker02,
  TcpRelay,
  type RawBroker,
} from '@majordomo/testkit';
import { closeAll, newClient, serve } from './support';

leakCheck();
afterEach(closeAll);
afterEach(closeAllSockets);

const dialects = [
  { protocol: 'mdp/0.1' as const, listen: RawBroker01.listen, Worker: RawWorker01 },
  { protocol: 'mdp/0.2' as const, listen: RawBroker02.listen, Worker: RawWorker02 },
];

describe.each(dialects)('a broker written from the RFC, $protocol', ({ protocol, listen, Worker }) => {
  async function pair(options: Parameters<typeof newClient>[0] = {}) {
    const broker: RawBroker = await listen();
    return { broker, client: newClient({ brokers: broker.endpoint, protocol, ...options }) };
  }

  test('a request and its reply, frame by frame', async () => {
    const { broker, client } = await pair();
    const reply = client.request('echo', ['text', new Uint8Array([0, 255]), '']);
    const request = await broker.nextClientRequest();
    expect(request.service).toBe('echo');
    expect(request.body).toEqual([Buffer.from('text'), Buffer.from([0, 255]), Buffer.alloc(0)]);
    await broker.finalTo(request.client, 'echo', 'one', Buffer.from([1, 0]), '');
    const body = await reply;
    expect(body.length).toBe(3);
    expect(body.text()).toBe('one');
    expect([...body.bytes(1)]).toEqual([1, 0]);
    expect(broker.violations).toEqual([]);
  });

  test('nothing as a body is one empty frame', async () => {
    const { broker, client } = await pair();
    const reply = client.request('echo');
    const request = await broker.nextClientRequest();
    expect(request.body).toEqual([Buffer.alloc(0)]);
    await broker.finalTo(request.client, 'echo', '');
    expect((await reply).byteLength).toBe(0);
  });

  test('a socket carries one request at a time, and is used again after the reply', async () => {
    const { broker, client } = await pair();
    const replies = [client.request('echo', '1'), client.request('echo', '2')];
    const [first, second] = [await broker.nextClientRequest(), await broker.nextClientRequest()];
    expect(first.client).not.toEqual(second.client);
    await broker.finalTo(second.client, 'echo', second.body[0]!);
    await broker.finalTo(first.client, 'echo', first.body[0]!);
    expect((await Promise.all(replies)).map((body) => body.text())).toEqual(['1', '2']);
    const again = client.request('echo', '3');
    const third = await broker.nextClientRequest();
    expect([first.client, second.client]).toContainEqual(third.client);
    await broker.finalTo(third.client, 'echo', '3');
    await again;
    expect(client.sockets).toBe(2);
  });

  test('silence: the request comes again under a new routing id, and a late reply to the old one is nobody’s', async () => {
    const { broker, client } = await pair();
    const reply = client.request('echo', 'hello', { timeoutMs: 600, retries: 2 });
    const first = await broker.nextClientRequest();
    const second = await broker.nextClientRequest();
    expect(second.client).not.toEqual(first.client);
    expect(second.body).toEqual(first.body);
    await broker.finalTo(first.client, 'echo', 'late').catch(() => undefined);
    await broker.finalTo(second.client, 'echo', 'in time');
    expect((await reply).text()).toBe('in time');
  });

  test('a process that was busy does not take a reply that has come for missing', async () => {
    const { broker, client } = await pair();
    const reply = client.request('echo', 'x', { timeoutMs: 200, retries: 0 });
    const request = await broker.nextClientRequest();
    setImmediate(async () => {
      await broker.finalTo(request.client, 'echo', 'in time');
      const until = performance.now() + 300;
      while (performance.now() < until);
    });
    expect((await reply).text()).toBe('in time');
  });

  test('silence for good: a TimeoutError that says how often it was sent', async () => {
    const { broker, client } = await pair();
    const started = performance.now();
    await expect(client.request('echo', 'x', { timeoutMs: 300, retries: 2 })).rejects.toMatchObject({
      name: 'TimeoutError',
      code: 'TIMEOUT',
      retryable: true,
      message: expect.stringMatching(/^No reply from echo within 3\d\d ms: sent 3 times, no reply\.$/),
    });
    expect(performance.now() - started).toBeGreaterThan(299);
    const ids = new Set<string>();
    for (let n = 0; n < 3; n++) ids.add((await broker.nextClientRequest()).client.toString('hex'));
    expect(ids.size).toBe(3);
    await eventually(() => client.sockets === 0);
  });

  test('idempotent: false is sent once', async () => {
    const { broker, client } = await pair();
    const lone = client.request('echo', 'x', { timeoutMs: 200, retries: 5, idempotent: false });
    await expect(lone).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('sent once, no reply'),
    });
    await broker.nextClientRequest();
    await broker.expectNoClientRequest(50);
  });

  test('a broker killed in mid-request and bound again on the same port', async () => {
    const { broker, client } = await pair();
    const downs: string[] = [];
    client.on('brokerDown', ({ endpoint }) => downs.push(endpoint));
    const replies = Array.from({ length: 10 }, (_, n) => client.request('echo', String(n)));
    for (let n = 0; n < 10; n++) await broker.nextClientRequest();
    await broker.close();
    await eventually(() => downs.length > 0);
    expect(client.pending).toBe(10);
    const next: RawBroker = await listen({ endpoint: broker.endpoint });
    next.autoRoute();
    await serve(next.endpoint, 'echo', undefined, Worker);
    expect((await Promise.all(replies)).map((body) => body.text())).toEqual(
      Array.from({ length: 10 }, (_, n) => String(n)),
    );
    expect(downs).toEqual([broker.endpoint]);
    expect(next.violations).toEqual([]);
  });

  test('a broker killed in mid-request: idempotent: false learns of it at once', async () => {
    const { broker, client } = await pair();
    const reply = client.request('echo', 'x', { idempotent: false });
    const lost = expect(reply).rejects.toMatchObject({
      name: 'ConnectionLostError',
      code: 'CONNECTION_LOST',
      retryable: false,
      message: expect.stringContaining('it may not be sent twice (idempotent: false)'),
    });
    await broker.nextClientRequest();
    await broker.close();
    await lost;
  });

  test('a broker that answers and leaves at once: no answer is lost', async () => {
    for (let round = 0; round < 20; round++) {
      const { broker, client } = await pair();
      const reply = client.request('echo', 'x', { idempotent: false });
      const request = await broker.nextClientRequest();
      broker.socket.zmq.linger = 1_000;
      await broker.finalTo(request.client, 'echo', 'last words');
      await broker.close();
      expect((await reply).text()).toBe('last words');
    }
  });

  test('a broker that is not there at first', async () => {
    const { broker, client } = await pair();
    await broker.close();
    const reply = client.request('echo', 'patience');
    await expect(client.request('echo', 'hurry', { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(
        new RegExp(`no broker reachable for \\d+ ms \\(${broker.endpoint}: conn`),
      ) as string,
    });
    const late: RawBroker = await listen({ endpoint: broker.endpoint });
    late.autoRoute();
    await serve(late.endpoint, 'echo', undefined, Worker);
    expect((await reply).text()).toBe('patience');
  });

  test('a frozen broker: the request goes to the other one', async () => {
    const frozen: RawBroker = await listen();
    const other: RawBroker = await listen();
    const relay = await TcpRelay.to(frozen.endpoint);
    try {
      const client = newClient({
        brokers: [relay.endpoint, other.endpoint],
        protocol,
        connectTimeoutMs: 100,
      });
      const reply = client.request('echo', 'x', { timeoutMs: 3_000, retries: 9 });
      await frozen.nextClientRequest();
      relay.stall();
      const request = await other.nextClientRequest();
      await other.finalTo(request.client, 'echo', 'saved');
      expect((await reply).text()).toBe('saved');
    } finally {
      await relay.close();
    }
  });

  test('a broker that takes connections and says nothing is no broker', async () => {
    const frozen: RawBroker = await listen();
    const other: RawBroker = await listen();
    const relay = await TcpRelay.to(frozen.endpoint);
    try {
      relay.stall();
      const client = newClient({
        brokers: [relay.endpoint, other.endpoint],
        protocol,
        connectTimeoutMs: 50,
      });
      const reply = client.request('echo', 'x');
      const request = await other.nextClientRequest();
      await other.finalTo(request.client, 'echo', 'saved');
      expect((await reply).text()).toBe('saved');
      const alone = newClient({ brokers: relay.endpoint, protocol, connectTimeoutMs: 50 });
      await expect(alone.request('echo', 'x', { timeoutMs: 200 })).rejects.toMatchObject({
        message: expect.stringContaining(`(${relay.endpoint}: no connection within 50 ms)`),
      });
    } finally {
      await relay.close();
    }
  });

  test('replies out of place close the connection, and the request is sent again', async () => {
    const { broker, client } = await pair();
    const rejected: string[] = [];
    client.on('rejected', ({ detail }) => rejected.push(detail));
    const reply = client.request('echo', 'x');
    const bad: ((id: Buffer) => Promise<void>)[] = [
      (id) => broker.socket.send(id, 'garbage'),
      (id) => broker.finalTo(id, 'other', 'x'),
      (id) => broker.socket.send(id, '', 'MDPC01'),
    ];
    for (const send of bad) await send((await broker.nextClientRequest()).client);
    const last = await broker.nextClientRequest();
    await broker.finalTo(last.client, 'echo', 'at last');
    expect((await reply).text()).toBe('at last');
    expect(rejected).toHaveLength(3);
    expect(rejected[1]).toBe('a reply of other to a request to echo');
  });

  test('a second reply to one request closes the connection and reaches nobody', async () => {
    const { broker, client } = await pair();
    const reply = client.request('echo', 'x');
    const request = await broker.nextClientRequest();
    await broker.finalTo(request.client, 'echo', 'one');
    await broker.finalTo(request.client, 'echo', 'two');
    expect((await reply).text()).toBe('one');
    await eventually(() => client.sockets === 0);
    const next = client.request('echo', 'y');
    const second = await broker.nextClientRequest();
    expect(second.client).not.toEqual(request.client);
    await broker.finalTo(second.client, 'echo', 'mine');
    expect((await next).text()).toBe('mine');
  });
});

test('an endpoint that ZeroMQ itself refuses fails over like a broker that is down, and leaves nothing open', async () => {
  const broker = await RawBroker02.listen();
  const impossible = `ipc:///tmp/${'x'.repeat(200)}`;
  const alone = newClient({ brokers: impossible });
  await expect(alone.request('echo', 'x', { timeoutMs: 100 })).rejects.toMatchObject({
    message: expect.stringContaining(`File name too long).`),
  });
  const client = newClient({ brokers: [impossible, broker.endpoint] });
  const reply = client.request('echo', 'x');
  const request = await broker.nextClientRequest();
  await broker.finalTo(request.client, 'echo', 'x');
  await reply;
  expect(client.sockets).toBe(1);
});

test('a host that has no address yet is tried again, and another broker serves meanwhile', async () => {
  const broker = await RawBroker02.listen();
  const client = newClient({ brokers: ['tcp://no-such-host.invalid:5555', broker.endpoint] });
  const replies = [client.request('echo', '1'), client.request('echo', '2')];
  for (let n = 0; n < 2; n++) {
    const request = await broker.nextClientRequest();
    await broker.finalTo(request.client, 'echo', request.body[0]!);
  }
  expect((await Promise.all(replies)).map((body) => body.text())).toEqual(['1', '2']);
});

describe('streams of a broker written from RFC 18', () => {
  test('PARTIALs, then the FINAL', async () => {
    const broker = await RawBroker02.listen();
    const client = newClient({ brokers: broker.endpoint });
    const read: string[] = [];
    const reading = (async () => {
      for await (const { kind, body } of client.stream('tail', 'file')) read.push(`${kind} ${body.text()}`);
    })();
    const { client: id } = await broker.nextClientRequest();
    for (const part of ['a', 'b', 'c']) await broker.partialTo(id, 'tail', part);
    await broker.finalTo(id, 'tail', 'end');
    await reading;
    expect(read).toEqual(['partial a', 'partial b', 'partial c', 'final end']);
  });

  test('request() gathers them', async () => {
    const broker = await RawBroker02.listen();
    const client = newClient({ brokers: broker.endpoint });
    const reply = client.request('tail', 'file');
    const { client: id } = await broker.nextClientRequest();
    await broker.partialTo(id, 'tail', 'a', 'b');
    await broker.finalTo(id, 'tail', 'c');
    expect([...(await reply)].map(String)).toEqual(['a', 'b', 'c']);
  });

  test('RFC 7 has one reply: it is the FINAL', async () => {
    const broker = await RawBroker01.listen();
    const client = newClient({ brokers: broker.endpoint, protocol: 'mdp/0.1' });
    const stream = client.stream('tail', 'file');
    const request = await broker.nextClientRequest();
    await broker.finalTo(request.client, 'tail', 'all');
    expect(await stream.next()).toMatchObject({ done: false, value: { kind: 'final' } });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('one that breaks off after its first PARTIAL is not started again', async () => {
    const broker = await RawBroker02.listen();
    const client = newClient({ brokers: broker.endpoint });
    const stream = client.stream('tail', 'file');
    const { client: id } = await broker.nextClientRequest();
    await broker.partialTo(id, 'tail', 'a');
    expect((await stream.next()).done).toBe(false);
    await broker.close();
    await expect(stream.next()).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      retryable: true,
      message: expect.stringContaining('part of its reply had been read'),
    });
  });

  test('what a broker sent before it left is read to the end, however slowly', async () => {
    const broker = await RawBroker02.listen();
    const client = newClient({ brokers: broker.endpoint, streamBufferMax: 4 });
    const stream = client.stream('tail', 'file');
    const { client: id } = await broker.nextClientRequest();
    broker.socket.zmq.linger = 1_000;
    for (let n = 0; n < 6; n++) await broker.partialTo(id, 'tail', String(n));
    await broker.finalTo(id, 'tail', 'end');
    await broker.close();
    const read: string[] = [];
    for await (const { body } of stream) {
      read.push(body.text());
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(read).toEqual(['0', '1', '2', '3', '4', '5', 'end']);
  });

  test('a slow reader: what waits for it in this process is bounded, and nothing is lost', async () => {
    const broker = await RawBroker02.listen({
      highWaterMark: 10,
      configure: (socket) => {
        Object.assign(socket, { mandatory: true, sendTimeout: 0 });
      },
    });
    const client = newClient({ brokers: broker.endpoint, streamBufferMax: 8 });
    const stream = client.stream('tail', 'file', { timeoutMs: 300 });
    const { client: id } = await broker.nextClientRequest();
    const block = Buffer.alloc(256 * 1024);
    let sent = 0;
    let refusedInARow = 0;
    while (refusedInARow < 20) {
      const taken = await broker.partialTo(id, 'tail', block).then(
        () => true,
        () => false,
      );
      refusedInARow = taken ? 0 : refusedInARow + 1;
      if (taken) sent++;
      else await new Promise((resolve) => setTimeout(resolve, 10));
      expect(sent).toBeLessThan(200);
    }
    for (let n = 0; n < 3; n++) expect((await stream.next()).done).toBe(false);
    let read = 3;
    const reading = (async () => {
      for await (const { kind } of stream) if (kind === 'partial') read++;
    })();
    await eventually(() =>
      broker.finalTo(id, 'tail', 'end').then(
        () => true,
        () => false,
      ),
    );
    await reading;
    expect(read).toBe(sent);
  });
});
