import {
  closeAllSockets,
  eventually,
  leakCheck,
  RawWorker01,
  RawWorker02,
  TcpRelay,
} from '@majordomo/testkit';
import { Client } from '../../src/index';
import { closeAll, counted, newBroker, newClient, serve } from './support';

leakCheck();
afterEach(closeAll);
afterEach(closeAllSockets);

const MIB = 1024 * 1024;
const dialects = (['mdp/0.1', 'mdp/0.2'] as const).flatMap((protocol) => [
  { protocol, rfc: 'RFC 7', Worker: RawWorker01 },
  { protocol, rfc: 'RFC 18', Worker: RawWorker02 },
]);

describe.each(dialects)('a client of $protocol and a worker of $rfc', ({ protocol, Worker }) => {
  test('text, JSON, bytes and empty frames', async () => {
    const { endpoint } = await newBroker();
    await serve(endpoint, 'echo', undefined, Worker);
    const client = newClient({ brokers: endpoint, protocol });
    const body = await client.request('echo', ['text', '{"a":1}', new Uint8Array([0, 1, 255]), '']);
    expect(body.text(0)).toBe('text');
    expect(body.json(1)).toEqual({ a: 1 });
    expect([...body.bytes(2)]).toEqual([0, 1, 255]);
    expect(body.bytes(3)).toHaveLength(0);
  });

  test('500 requests at once over 20 sockets', async () => {
    const { endpoint, broker } = await newBroker();
    for (let n = 0; n < 4; n++) await serve(endpoint, 'echo', undefined, Worker);
    const client = newClient({ brokers: endpoint, protocol, socketsMax: 20 });
    const replies = Array.from({ length: 500 }, (_, n) => client.request('echo', String(n)));
    expect(client.pending).toBe(500);
    const texts = (await Promise.all(replies)).map((body) => body.text());
    expect(texts).toEqual(Array.from({ length: 500 }, (_, n) => String(n)));
    expect(client.sockets).toBe(20);
    expect(client.pending).toBe(0);
    expect(broker.describe().counters).toMatchObject({ requests: 500, answered: 500, withdrawn: 0 });
  });

  test('a body of 16 MiB there and back', async () => {
    const { endpoint } = await newBroker();
    await serve(endpoint, 'echo', undefined, Worker);
    const client = newClient({ brokers: endpoint, protocol });
    const big = Buffer.alloc(16 * MIB, 'majordomo');
    const body = await client.request('echo', big);
    expect(big.equals(body.bytes())).toBe(true);
  });
});

test('a request waits for a service that comes later', async () => {
  const { endpoint } = await newBroker();
  const client = newClient({ brokers: endpoint });
  const reply = client.request('late', 'x');
  await eventually(() => client.sockets === 1);
  await serve(endpoint, 'late');
  expect((await reply).text()).toBe('x');
});

test('management requests are answered by the broker', async () => {
  const { endpoint } = await newBroker();
  await serve(endpoint, 'echo');
  const client = newClient({ brokers: endpoint });
  await eventually(async () => (await client.request('mmi.service', 'echo')).text() === '200');
  expect((await client.request('mmi.service', 'none')).text()).toBe('404');
});

test('a worker killed in mid-request is the broker’s affair: the client is answered by another', async () => {
  const { endpoint, broker } = await newBroker();
  const doomed = new RawWorker02(endpoint);
  await doomed.ready('echo');
  const client = newClient({ brokers: endpoint });
  const reply = client.request('echo', 'x', { idempotent: false });
  await doomed.nextRequest();
  await serve(endpoint, 'echo');
  await doomed.close();
  expect((await reply).text()).toBe('x');
  expect(counted(broker, 'redispatched')).toBe(1);
});

describe('a broker that comes back', () => {
  test('on the same port: what was under way is done, once more where needed', async () => {
    const first = await newBroker();
    const worker = new RawWorker02(first.endpoint);
    await worker.ready('echo');
    const client = newClient({ brokers: first.endpoint, socketsMax: 30 });
    const replies = Array.from({ length: 30 }, (_, n) => client.request('echo', String(n)));
    await worker.nextRequest();
    await first.broker.close();
    await worker.close();
    await eventually(() => newBroker({ bind: first.endpoint }));
    await serve(first.endpoint, 'echo');
    const texts = (await Promise.all(replies)).map((body) => body.text());
    expect(texts).toEqual(Array.from({ length: 30 }, (_, n) => String(n)));
  });

  test('events tell of it', async () => {
    const first = await newBroker();
    await serve(first.endpoint, 'echo');
    const client = newClient({ brokers: first.endpoint });
    const events: string[] = [];
    client.on('brokerUp', ({ endpoint }) => events.push(`up ${endpoint}`));
    client.on('brokerDown', ({ endpoint, reason }) => events.push(`down ${endpoint} ${reason}`));
    await client.request('echo');
    await first.broker.close();
    await eventually(() => events.length === 2);
    await closeAllSockets();
    await eventually(() => newBroker({ bind: first.endpoint }));
    await serve(first.endpoint, 'echo');
    await client.request('echo');
    expect(events).toEqual([
      `up ${first.endpoint}`,
      `down ${first.endpoint} connection closed`,
      `up ${first.endpoint}`,
    ]);
  });

  test('a listener may call the client and close it, and no call is left over', async () => {
    const first = await newBroker();
    const client = new Client({ brokers: first.endpoint });
    const another: Promise<unknown>[] = [];
    client.on('brokerUp', () => {
      another.push(client.request('echo', 'from a listener').catch((error: { code: string }) => error.code));
    });
    client.on('brokerDown', () => client.close());
    const reply = client.request('echo', 'x');
    const closed = expect(reply).rejects.toMatchObject({ code: 'CLOSED' });
    await eventually(() => counted(first.broker, 'requests') === 2);
    await first.broker.close();
    await closed;
    expect(await Promise.all(another)).toEqual(['CLOSED']);
    expect([client.pending, client.sockets]).toEqual([0, 0]);
  });
});

describe('two brokers', () => {
  test('requests spread over both, and all go to the one that is left', async () => {
    const [one, two] = [await newBroker(), await newBroker()];
    await serve(one.endpoint, 'echo');
    await serve(two.endpoint, 'echo');
    const client = newClient({ brokers: [one.endpoint, two.endpoint], socketsMax: 4 });
    await Promise.all(Array.from({ length: 100 }, () => client.request('echo')));
    expect(counted(one.broker, 'answered')).toBeGreaterThan(20);
    expect(counted(two.broker, 'answered')).toBeGreaterThan(20);
    await one.broker.close();
    await Promise.all(Array.from({ length: 100 }, () => client.request('echo')));
    expect(counted(two.broker, 'answered')).toBeGreaterThan(100);
  });

  test('one whose workers are silent is left for the other', async () => {
    const [mute, live] = [await newBroker(), await newBroker()];
    const silent = new RawWorker02(mute.endpoint);
    await silent.ready('echo');
    await serve(live.endpoint, 'echo');
    const client = newClient({ brokers: [mute.endpoint, live.endpoint] });
    const reply = client.request('echo', 'x', { timeoutMs: 900, retries: 2 });
    expect((await reply).text()).toBe('x');
    await eventually(() => counted(mute.broker, 'withdrawn') === 1);
    const asked = counted(mute.broker, 'requests');
    for (let n = 0; n < 5; n++) await client.request('echo', 'y');
    expect(counted(mute.broker, 'requests')).toBe(asked);
  });

  test('a pool of connections to a frozen broker is not tried one by one', async () => {
    const [one, two] = [await newBroker(), await newBroker()];
    await serve(one.endpoint, 'echo');
    await serve(two.endpoint, 'echo');
    const relay = await TcpRelay.to(one.endpoint);
    try {
      const client = newClient({ brokers: [relay.endpoint, two.endpoint], connectTimeoutMs: 200 });
      await Promise.all(Array.from({ length: 20 }, () => client.request('echo')));
      relay.stall();
      const lone = { timeoutMs: 150, retries: 0 };
      const outcomes: boolean[] = [];
      for (let n = 0; n < 20; n++) {
        outcomes.push(
          await client.request('echo', 'x', lone).then(
            () => true,
            () => false,
          ),
        );
      }
      expect(outcomes.filter((answered) => !answered).length).toBeLessThanOrEqual(1);
    } finally {
      await relay.close();
    }
  });
});

describe('AbortSignal', () => {
  test('fired before: nothing is sent', async () => {
    const { endpoint, broker } = await newBroker();
    const client = newClient({ brokers: endpoint });
    const signal = AbortSignal.abort('not wanted');
    await expect(client.request('echo', 'x', { signal })).rejects.toMatchObject({
      name: 'AbortError',
      code: 'ABORTED',
      cause: 'not wanted',
      retryable: false,
    });
    await expect(client.stream('echo', 'x', { signal }).next()).rejects.toMatchObject({ code: 'ABORTED' });
    expect(client.sockets).toBe(0);
    expect(counted(broker, 'requests')).toBe(0);
  });

  test('fired under way: the broker withdraws the request and the worker is free again', async () => {
    const { endpoint, broker } = await newBroker();
    const worker = new RawWorker02(endpoint);
    await worker.ready('echo');
    const client = newClient({ brokers: endpoint });
    const controller = new AbortController();
    const reply = client.request('echo', 'x', { signal: controller.signal });
    const aborted = expect(reply).rejects.toMatchObject({ code: 'ABORTED', cause: new Error('enough') });
    const { address } = await worker.nextRequest();
    controller.abort(new Error('enough'));
    await aborted;
    await eventually(() => counted(broker, 'withdrawn') === 1);
    await worker.final(address, 'late');
    await eventually(() => counted(broker, 'repliesDropped') === 1);
    const next = client.request('echo', 'y');
    await worker.final((await worker.nextRequest()).address, 'y');
    expect((await next).text()).toBe('y');
  });

  test('fired while it waits for a socket: it is never sent', async () => {
    const { endpoint, broker } = await newBroker();
    const worker = new RawWorker02(endpoint);
    await worker.ready('echo');
    const client = newClient({ brokers: endpoint, socketsMax: 1 });
    const first = client.request('echo', 'first');
    const { address } = await worker.nextRequest();
    const controller = new AbortController();
    const second = client.request('echo', 'second', { signal: controller.signal });
    const aborted = expect(second).rejects.toMatchObject({ code: 'ABORTED' });
    controller.abort();
    await aborted;
    await worker.final(address, 'done');
    await first;
    expect(counted(broker, 'requests')).toBe(1);
  });

  test('one signal for many requests: one listener, gone with the last of them', async () => {
    const { endpoint, broker } = await newBroker();
    await serve(endpoint, 'echo');
    const client = newClient({ brokers: endpoint });
    const controller = new AbortController();
    const { signal } = controller;
    const added = jest.spyOn(signal, 'addEventListener');
    const removed = jest.spyOn(signal, 'removeEventListener');
    await Promise.all(Array.from({ length: 50 }, () => client.request('echo', 'x', { signal })));
    expect([added, removed].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    const replies = Array.from({ length: 50 }, () =>
      client.request('none', 'x', { signal }).catch(({ code }: { code: string }) => code),
    );
    await eventually(() => counted(broker, 'requests') === 100);
    controller.abort();
    expect(new Set(await Promise.all(replies))).toEqual(new Set(['ABORTED']));
    await eventually(() => counted(broker, 'withdrawn') === 50);
  });
});

describe('streams', () => {
  test('leaving the loop early withdraws the request', async () => {
    const { endpoint, broker } = await newBroker();
    const worker = new RawWorker02(endpoint);
    await worker.ready('tail');
    const client = newClient({ brokers: endpoint });
    const stream = client.stream('tail', 'file');
    const { address } = await worker.nextRequest();
    for (const part of ['a', 'b', 'c']) await worker.partial(address, part);
    const read: string[] = [];
    for await (const { body } of stream) {
      read.push(body.text());
      if (read.length === 2) break;
    }
    expect(read).toEqual(['a', 'b']);
    await eventually(() => counted(broker, 'withdrawn') === 1);
    expect(client.pending).toBe(0);
    await eventually(() => client.sockets === 0);
  });

  test('many at once', async () => {
    const { endpoint } = await newBroker();
    for (let n = 0; n < 3; n++) {
      const worker = new RawWorker02(endpoint);
      await worker.ready('count');
      worker.heartbeatEvery(100);
      void (async () => {
        while (!worker.socket.closed) {
          const { address, body } = await worker.nextRequest(60_000);
          for (let part = 0; part < 20; part++) await worker.partial(address, `${body[0]}.${part}`);
          await worker.final(address, 'end');
        }
      })().catch(() => undefined);
    }
    const client = newClient({ brokers: endpoint, streamBufferMax: 2 });
    const read = async (name: string): Promise<string[]> => {
      const texts: string[] = [];
      for await (const { body } of client.stream('count', name)) texts.push(body.text());
      return texts;
    };
    const all = await Promise.all(Array.from({ length: 30 }, (_, n) => read(String(n))));
    all.forEach((texts, n) => {
      expect(texts).toEqual([...Array.from({ length: 20 }, (_, part) => `${n}.${part}`), 'end']);
    });
  });

  test('a stream that stops in the middle ends with a TimeoutError after what was read', async () => {
    const { endpoint } = await newBroker();
    const worker = new RawWorker02(endpoint);
    await worker.ready('tail');
    const client = newClient({ brokers: endpoint });
    const stream = client.stream('tail', 'file', { timeoutMs: 200 });
    const { address } = await worker.nextRequest();
    await worker.partial(address, 'a');
    expect((await stream.next()).value?.body.text()).toBe('a');
    await expect(stream.next()).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'No reply from tail within 200 ms: the stream stopped before its end.',
    });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });
});

describe('close', () => {
  test('rejects what is pending, and everything after it', async () => {
    const { endpoint, broker } = await newBroker();
    const client = newClient({ brokers: endpoint, socketsMax: 2 });
    const codes = Promise.all(
      Array.from({ length: 5 }, () =>
        client.request('echo').then(
          () => 'answered',
          ({ code }: { code: string }) => code,
        ),
      ),
    );
    const stream = client.stream('echo').next();
    const streamCode = expect(stream).rejects.toMatchObject({ code: 'CLOSED' });
    await eventually(() => counted(broker, 'requests') === 2);
    client.close();
    client.close();
    expect(await codes).toEqual(Array(5).fill('CLOSED'));
    await streamCode;
    await expect(client.request('echo')).rejects.toMatchObject({ name: 'ClosedError', retryable: false });
    expect([client.pending, client.sockets]).toEqual([0, 0]);
    await eventually(() => counted(broker, 'withdrawn') === 2);
  });

  test('await using closes at the end of its block', async () => {
    const { endpoint } = await newBroker();
    await serve(endpoint, 'echo');
    const client = newClient({ brokers: endpoint });
    await client.request('echo');
    await client[Symbol.asyncDispose]();
    expect(client.sockets).toBe(0);
  });

  test('an idle client keeps no socket for ever', async () => {
    const { endpoint } = await newBroker();
    await serve(endpoint, 'echo');
    const client = newClient({ brokers: endpoint, idleSocketMs: 30 });
    await client.request('echo');
    expect(client.sockets).toBe(1);
    await eventually(() => client.sockets === 0);
    await client.request('echo');
  });
});

test('one request too many is refused while the others go on', async () => {
  const { endpoint } = await newBroker();
  await serve(endpoint, 'echo');
  const client = newClient({ brokers: endpoint, pendingMax: 2 });
  const replies = [client.request('echo', '1'), client.request('echo', '2')];
  await expect(client.request('echo', '3')).rejects.toMatchObject({
    name: 'QueueFullError',
    retryable: true,
  });
  await expect(client.stream('echo', '3').next()).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  await Promise.all(replies);
  await client.request('echo', '3');
});
