import {
  closeAllSockets,
  eventually,
  leakCheck,
  RawBroker01,
  RawBroker02,
  RawClient01,
  RawClient02,
  RawSocket,
  RawWorker01,
  RawWorker02,
  type RawBroker,
  type RawClient,
  type RawWorker,
} from '../src/index';

leakCheck();
afterEach(closeAllSockets);

const text = (frames: Buffer[]): string[] => frames.map(String);

interface Dialect {
  rfc: string;
  listen: (endpoint?: string) => Promise<RawBroker>;
  client: (endpoint: string, req?: boolean) => RawClient;
  worker: (endpoint: string) => RawWorker;
  replyCommand: 'reply' | 'final';
}

const dialects: Dialect[] = [
  {
    rfc: 'RFC 7',
    listen: (endpoint) => RawBroker01.listen(endpoint ? { endpoint } : {}),
    client: (endpoint, req = false) => new RawClient01(endpoint, { req }),
    worker: (endpoint) => new RawWorker01(endpoint),
    replyCommand: 'reply',
  },
  {
    rfc: 'RFC 18',
    listen: (endpoint) => RawBroker02.listen({ acceptReq: true, ...(endpoint ? { endpoint } : {}) }),
    client: (endpoint, req = false) => new RawClient02(endpoint, { req }),
    worker: (endpoint) => new RawWorker02(endpoint),
    replyCommand: 'final',
  },
];

describe.each(dialects)('peers of $rfc', ({ listen, client, worker, replyCommand }) => {
  let broker: RawBroker;

  beforeEach(async () => {
    broker = await listen();
  });

  afterEach(async () => {
    expect(broker.violations).toEqual([]);
    await broker.close();
  });

  async function register(service = 'echo'): Promise<[RawWorker, Buffer]> {
    const peer = worker(broker.endpoint);
    await peer.ready(service);
    const ready = await broker.nextFromWorker();
    expect(ready).toMatchObject({ command: 'ready', service });
    return [peer, ready.worker];
  }

  test.each([false, true])(
    'a scripted request and reply, every step by hand, REQ client: %s',
    async (req) => {
      const [peer, identity] = await register();
      const asking = client(broker.endpoint, req).ask('echo', 'a', '', 'b');
      const request = await broker.nextClientRequest();
      expect([request.service, ...text(request.body)]).toEqual(['echo', 'a', '', 'b']);

      await broker.sendRequest(identity, Uint8Array.of(0, 7), ...request.body);
      const job = await peer.nextRequest();
      expect(job.address).toEqual(Buffer.of(0, 7));
      expect(text(job.body)).toEqual(['a', '', 'b']);

      await peer.final(job.address, 'done', '');
      const reply = await broker.nextFromWorker();
      expect(reply).toMatchObject({ command: replyCommand, address: Buffer.of(0, 7) });
      await broker.replyTo(request.client, 'echo', ...(reply.body ?? []));
      expect(text(await asking)).toEqual(['done', '']);
    },
  );

  test('autoRoute queues requests, uses workers in turn, and forgets one that disconnects', async () => {
    const first = client(broker.endpoint, true).ask('echo', '1');
    await eventually(async () => (await broker.expectNoClientRequest(0).catch(() => 'there')) === 'there');
    broker.autoRoute();
    const peers = [worker(broker.endpoint), worker(broker.endpoint)] as const;
    const served: string[] = [];
    const serve = async (index: 0 | 1): Promise<void> => {
      const { address, body } = await peers[index].nextRequest();
      served.push(`${index}:${text(body).join()}`);
      await peers[index].final(address, ...body);
    };
    await peers[0].ready('echo');
    await serve(0);
    expect(text(await first)).toEqual(['1']);

    await peers[1].ready('echo');
    await eventually(() => broker.workers.length === 2);
    const caller = client(broker.endpoint);
    for (const [question, index] of [
      ['2', 0],
      ['3', 1],
      ['4', 0],
    ] as const) {
      const [answer] = await Promise.all([caller.ask('echo', question), serve(index)]);
      expect(text(answer)).toEqual([question]);
    }
    await peers[1].disconnect();
    await eventually(() => broker.workers.length === 1);
    await Promise.all([caller.ask('echo', '5'), serve(0)]);
    await Promise.all([caller.ask('echo', '6'), serve(0)]);
    expect(served).toEqual(['0:1', '0:2', '1:3', '0:4', '0:5', '0:6']);
  });

  test('autoRoute tells a worker it does not know to disconnect', async () => {
    broker.autoRoute();
    const stranger = worker(broker.endpoint);
    await stranger.heartbeat();
    await stranger.expectDisconnect();
  });

  test('heartbeats are counted, skipped, expected, and sent on a timer until stopped', async () => {
    const [peer, identity] = await register();
    const stop = peer.heartbeatEvery(5);
    await eventually(() => broker.heartbeats >= 3);
    stop();
    expect((await broker.nextFromWorker()).command).toBe('heartbeat');
    await peer.disconnect();
    expect((await broker.nextFromWorker({ skipHeartbeats: true })).command).toBe('disconnect');

    await broker.heartbeatTo(identity);
    await broker.heartbeatTo(identity);
    await broker.sendRequest(identity, 'c', 'x');
    await peer.nextRequest();
    expect(peer.heartbeats).toBe(2);
    await expect(peer.expectHeartbeat(20)).rejects.toThrow('no HEARTBEAT within 20 ms');
    await broker.heartbeatTo(identity);
    await peer.expectHeartbeat();
  });

  test('heartbeatAllEvery with idleOnly passes over a worker with a request in hand', async () => {
    const [busy, identity] = await register();
    const [idle] = await register();
    await broker.sendRequest(identity, 'c', 'x');
    const { address } = await busy.nextRequest();
    const stop = broker.heartbeatAllEvery(5, { idleOnly: true });
    await eventually(() => idle.heartbeats >= 3);
    expect(busy.heartbeats).toBe(0);
    await busy.final(address, 'y');
    await busy.expectHeartbeat();
    stop();
    const all = broker.heartbeatAllEvery(5);
    await broker.sendRequest(identity, 'c', 'x');
    await busy.nextRequest();
    await busy.expectHeartbeat();
    all();
  });

  test('disconnect reaches the worker, and fails whoever awaits something else', async () => {
    const [peer, identity] = await register();
    await broker.disconnect(identity);
    expect(broker.workers).toEqual([]);
    await expect(peer.nextRequest()).rejects.toThrow('awaited REQUEST, got DISCONNECT');
    await broker.disconnect(identity);
    await expect(peer.expectHeartbeat()).rejects.toThrow('got DISCONNECT');
    await broker.disconnect(identity);
    await expect(peer.expectNoRequest(2000)).rejects.toThrow('got DISCONNECT');
    await peer.expectDisconnect();
  });

  test('expectDisconnect and expectNoRequest fail on a request', async () => {
    const [peer, identity] = await register();
    await broker.heartbeatTo(identity);
    await peer.expectNoRequest(20);
    await broker.sendRequest(identity, 'c', 'x');
    await expect(peer.expectNoRequest(2000)).rejects.toThrow('got REQUEST');
    await expect(peer.expectDisconnect()).rejects.toThrow('awaited DISCONNECT, got REQUEST');
  });

  test('a broker started again on its endpoint meets the same sockets', async () => {
    const { endpoint } = broker;
    const [peer] = await register();
    await broker.close();
    broker = await listen(endpoint);
    expect(broker.endpoint).toBe(endpoint);
    await peer.heartbeat();
    expect(await broker.nextFromWorker()).toMatchObject({ command: 'heartbeat' });
    expect(broker.workers).toEqual([]);
  });

  test('closing ends every wait', async () => {
    const [peer] = await register();
    const waits = [
      expect(peer.nextRequest()).rejects.toThrow('the worker was closed'),
      expect(broker.nextClientRequest()).rejects.toThrow('the broker was closed'),
      expect(broker.nextFromWorker()).rejects.toThrow('the broker was closed'),
    ];
    await peer.close();
    await broker.close();
    await Promise.all(waits);
  });
});

test('RFC 18: PARTIALs in order and the FINAL, routed and called', async () => {
  const broker = await RawBroker02.listen();
  broker.autoRoute();
  const worker = new RawWorker02(broker.endpoint);
  await worker.ready('list');
  const answer = new RawClient02(broker.endpoint).call('list', 'all');
  const { address } = await worker.nextRequest();
  await worker.partial(address, 'a', 'b');
  await worker.partial(address, 'c');
  await worker.final(address, 'end');
  const { partials, final } = await answer;
  expect(partials.map(text)).toEqual([['a', 'b'], ['c']]);
  expect(text(final)).toEqual(['end']);
  expect(broker.violations).toEqual([]);
});

test('RFC 18: a PARTIAL to a REQ client is reported, for its FINAL can never arrive', async () => {
  const broker = await RawBroker02.listen({ acceptReq: true });
  const answer = expect(new RawClient02(broker.endpoint, { req: true }).call('list', 'all')).rejects.toThrow(
    'cannot get its FINAL',
  );
  const { client } = await broker.nextClientRequest();
  await broker.partialTo(client, 'list', 'a');
  await answer;
});

test('a reply for another service is refused by call, and shown by reply', async () => {
  const broker = await RawBroker01.listen();
  const client = new RawClient01(broker.endpoint);
  const answer = expect(client.call('a', 'x')).rejects.toThrow("asked service 'a', but the reply names 'b'");
  const request = await broker.nextClientRequest();
  await broker.finalTo(request.client, 'b', 'x');
  await answer;
  await broker.finalTo(request.client, 'b', 'y');
  expect(await client.reply()).toEqual({ service: 'b', body: [Buffer.from('y')] });
});

describe('the frames on the wire are those of the RFC', () => {
  let router: RawSocket;
  let endpoint: string;

  beforeEach(async () => {
    router = new RawSocket('router');
    endpoint = await router.bind('tcp://127.0.0.1:0');
  });

  const sent = async (): Promise<string[]> => text((await router.receive()).slice(1));

  test('RFC 7', async () => {
    for (const req of [false, true]) {
      await new RawClient01(endpoint, { req }).request('s', 'x');
      expect(await sent()).toEqual(['', 'MDPC01', 's', 'x']);
    }
    const worker = new RawWorker01(endpoint);
    await worker.ready('s');
    expect(await sent()).toEqual(['', 'MDPW01', '\x01', 's']);
    await worker.reply('c', 'x');
    expect(await sent()).toEqual(['', 'MDPW01', '\x03', 'c', '', 'x']);
    await worker.final('c', 'x', 'y');
    expect(await sent()).toEqual(['', 'MDPW01', '\x03', 'c', '', 'x', 'y']);
    await worker.heartbeat();
    expect(await sent()).toEqual(['', 'MDPW01', '\x04']);
    await worker.disconnect();
    expect(await sent()).toEqual(['', 'MDPW01', '\x05']);
  });

  test('RFC 18', async () => {
    await new RawClient02(endpoint).request('s', 'x');
    expect(await sent()).toEqual(['MDPC02', '\x01', 's', 'x']);
    await new RawClient02(endpoint, { req: true }).request('s', 'x');
    expect(await sent()).toEqual(['', 'MDPC02', '\x01', 's', 'x']);
    const worker = new RawWorker02(endpoint);
    await worker.ready('s');
    expect(await sent()).toEqual(['MDPW02', '\x01', 's']);
    await worker.partial('c', 'x');
    expect(await sent()).toEqual(['MDPW02', '\x03', 'c', '', 'x']);
    await worker.final('c', 'x', 'y');
    expect(await sent()).toEqual(['MDPW02', '\x04', 'c', '', 'x', 'y']);
    await worker.heartbeat();
    expect(await sent()).toEqual(['MDPW02', '\x05']);
    await worker.disconnect();
    expect(await sent()).toEqual(['MDPW02', '\x06']);
  });

  test.each([
    {
      rfc: 'RFC 7',
      listen: RawBroker01.listen,
      reply: ['', 'MDPC01', 's', 'x'],
      request: ['', 'MDPW01', '\x02', 'c', '', 'x'],
      heartbeat: ['', 'MDPW01', '\x04'],
      disconnect: ['', 'MDPW01', '\x05'],
    },
    {
      rfc: 'RFC 18',
      listen: RawBroker02.listen,
      reply: ['MDPC02', '\x03', 's', 'x'],
      request: ['MDPW02', '\x02', 'c', '', 'x'],
      heartbeat: ['MDPW02', '\x05'],
      disconnect: ['MDPW02', '\x06'],
    },
  ])('of the broker, $rfc', async ({ listen, reply, request, heartbeat, disconnect }) => {
    const broker = await listen({});
    const peer = new RawSocket('dealer', { routingId: 'peer' }).connect(broker.endpoint);
    // The ROUTER knows the peer once something from it has arrived, here no valid command.
    await peer.send('hello');
    await eventually(() => broker.violations.length === 1);
    await broker.finalTo('peer', 's', 'x');
    expect(text(await peer.receive())).toEqual(reply);
    await broker.replyTo('peer', 's', 'x');
    expect(text(await peer.receive())).toEqual(reply);
    await broker.sendRequest('peer', 'c', 'x');
    expect(text(await peer.receive())).toEqual(request);
    await broker.heartbeatTo('peer');
    expect(text(await peer.receive())).toEqual(heartbeat);
    await broker.disconnect('peer');
    expect(text(await peer.receive())).toEqual(disconnect);
    if (broker instanceof RawBroker02) {
      await broker.partialTo('peer', 's', 'x');
      expect(text(await peer.receive())).toEqual(['MDPC02', '\x02', 's', 'x']);
    }
  });
});
