import {
  closeAllSockets,
  decodePacked,
  encodePacked,
  eventually,
  leakCheck,
  packAttributes,
  packRecord,
  RawPackedBroker,
  RawPackedClient,
  RawPackedWorker,
  RawSocket,
  type PackedReply,
} from '../src/index';

leakCheck();
afterEach(closeAllSockets);

const text = (frames: readonly Uint8Array[]): string[] =>
  frames.map((frame) => Buffer.from(frame).toString());
const MDPCP1 = Buffer.from('MDPCP1');

let broker: RawPackedBroker;
beforeEach(async () => {
  broker = await RawPackedBroker.listen();
});

/** A client and a worker with sessions, and the worker's routing id. */
async function pair(credit = 2): Promise<[RawPackedClient, RawPackedWorker, Buffer]> {
  const client = new RawPackedClient(broker.endpoint);
  const worker = new RawPackedWorker(broker.endpoint);
  await client.connect();
  await worker.connect('echo', { credit });
  await broker.nextFromClient();
  const { peer, command } = await broker.nextFromWorker();
  expect(command).toMatchObject({ kind: 'ready', service: 'echo', credit });
  return [client, worker, peer];
}

describe('peers of MDP/P1', () => {
  test('a scripted request, its PARTIALs and its FINAL, every step by hand', async () => {
    const [client, worker, workerId] = await pair();
    const large = Buffer.alloc(10_000, 7);
    const metadata = packAttributes([1, 'text/plain'], [0x7f, 'x']);
    const id = await client.request('echo', ['a', '', large], {
      window: 2,
      priority: 9,
      remainingMs: 500,
      metadata,
    });
    const asked = await broker.nextClientRequest();
    expect(asked).toMatchObject({ id, service: 'echo', window: 2, priority: 9, remainingMs: 500 });
    expect(asked.metadata).toEqual(metadata);
    expect(asked.body).toEqual([Buffer.from('a'), Buffer.alloc(0), large]);

    await broker.requestTo(workerId, 77, asked.body, { window: 1, attempt: 2 });
    const work = await worker.nextRequest();
    expect(work).toMatchObject({ id: 77, window: 1, attempt: 2, service: '' });
    expect(work.body).toEqual(asked.body);
    await worker.partial(77, 'one');
    await broker.windowTo(workerId, 77, 1);
    expect(await worker.nextWindow()).toEqual({ id: 77, more: 1 });
    await worker.partial(77, 'two');
    await worker.final(77, 'done', '');
    for (const words of [['one'], ['two'], ['done', '']]) {
      const { command } = await broker.nextFromWorker();
      expect(text((command as PackedReply).body)).toEqual(words);
    }
    await broker.partialTo(asked.client, id, 'one');
    await broker.finalTo(asked.client, id, 'done');
    expect(await client.nextReply(id)).toMatchObject({ kind: 'partial' });
    expect(await client.nextReply()).toMatchObject({ kind: 'final', id, body: [Buffer.from('done')] });
    expect([client.violations, worker.violations, broker.violations]).toEqual([[], [], []]);
  });

  test('several commands leave as one message, and services can be numbered', async () => {
    const [client] = await pair();
    expect(await client.intern('echo')).toBe(1);
    const [first, second] = [1, 2].map((id) => client.asRequest('echo', [`${id}`], { id }));
    await client.send(first!, second!, { kind: 'cancel', id: 1 }, { kind: 'window', id: 2, more: 5 });
    expect(await broker.nextClientRequest()).toMatchObject({ id: 1, number: 1, service: 'echo' });
    expect(await broker.nextClientRequest()).toMatchObject({ id: 2, number: 1, service: 'echo' });
    expect((await broker.nextFromClient()).command).toEqual({ kind: 'cancel', id: 1 });
    expect((await broker.nextFromClient()).command).toEqual({ kind: 'window', id: 2, more: 5 });
    expect(broker.violations).toEqual([]);
  });

  test('failures, credit, cancellation, draining, heartbeats and the end of a session', async () => {
    const [client, worker, workerId] = await pair(3);
    const id = await client.request('echo', ['x']);
    const { client: clientId } = await broker.nextClientRequest();
    await broker.requestTo(workerId, 5, ['x']);
    await worker.nextRequest();
    await broker.cancelTo(workerId, 5);
    expect(await worker.nextCancel()).toBe(5);
    await worker.failure(5, 'CANCELLED', 'as asked', { retryable: true });
    expect((await broker.nextFromWorker()).command).toEqual({
      kind: 'failure',
      id: 5,
      code: 'CANCELLED',
      message: 'as asked',
      retryable: true,
      ofWorker: true,
    });
    await worker.credit(9);
    await eventually(() => broker.creditOf(workerId) === 9);
    await worker.draining();
    await broker.drainingTo(workerId);
    await worker.expectDraining();
    await broker.failureTo(clientId, id, 'NO_WORKER', 'nobody', { retryable: true });
    expect(await client.nextReply(id)).toMatchObject({ code: 'NO_WORKER', ofWorker: false, retryable: true });
    broker.heartbeatAllEvery(5);
    await client.expectHeartbeat();
    await worker.expectHeartbeat();
    client.heartbeatEvery(5);
    await eventually(() => broker.heartbeats > 0);
    await client.expectSilence(0);
    await broker.disconnect(clientId);
    await client.expectDisconnect();
    await worker.disconnect();
    await eventually(() => broker.workers.length + broker.clients.length === 0);
    expect([client.violations, worker.violations, broker.violations]).toEqual([[], [], []]);
  });

  test('ask gives the body of the FINAL, or throws the failure', async () => {
    const [client] = await pair();
    const good = client.ask('echo', 'a');
    const { client: peer, id } = await broker.nextClientRequest();
    await broker.partialTo(peer, id, 'part');
    await broker.finalTo(peer, id, 'whole');
    expect(text(await good)).toEqual(['whole']);
    const bad = client.ask('echo', 'b');
    const failing = await broker.nextClientRequest();
    await broker.failureTo(peer, failing.id, 'EXPIRED', 'too late');
    await expect(bad).rejects.toThrow('FAILURE EXPIRED: too late');
  });

  test('a request is expected in vain, and silence is held to', async () => {
    const [client, worker, workerId] = await pair();
    await broker.expectNoClientRequest(0);
    await worker.expectNoRequest(0);
    await client.request('echo', ['x']);
    await expect(broker.expectNoClientRequest(2_000)).rejects.toThrow('expected no client REQUEST');
    await broker.requestTo(workerId, 1, ['x']);
    await expect(worker.expectNoRequest(2_000)).rejects.toThrow('expected no REQUEST, got REQUEST');
    await expect(worker.expectSilence(0)).rejects.toThrow('got REQUEST');
  });
});

describe('what a broker should not say', () => {
  test.each([
    ['anything before WELCOME', 'FINAL before WELCOME', (peer: Buffer) => broker.finalTo(peer, 1, 'x')],
    [
      'a reply to nothing',
      'FINAL to 9, which is no open request',
      async (peer: Buffer) => {
        await broker.welcomeTo(peer);
        await broker.finalTo(peer, 9, 'x');
      },
    ],
    [
      'a PARTIAL beyond the window',
      'PARTIAL to 1 beyond its window',
      async (peer: Buffer) => {
        await broker.welcomeTo(peer);
        await broker.partialTo(peer, 1, 'x');
      },
    ],
    [
      'WELCOME twice',
      'a second WELCOME',
      async (peer: Buffer) => {
        await broker.welcomeTo(peer);
        await broker.welcomeTo(peer);
      },
    ],
    [
      'a word after DISCONNECT',
      "HEARTBEAT after the broker's DISCONNECT",
      async (peer: Buffer) => {
        await broker.disconnect(peer);
        await broker.heartbeatTo(peer);
      },
    ],
    ['an empty frame', 'unknown_header', (peer: Buffer) => broker.sendRaw(peer, '', 'MDPCP1')],
  ])('to a client: %s', async (_what, complaint, say) => {
    await broker.close();
    broker = await RawPackedBroker.listen({ welcome: false });
    const client = new RawPackedClient(broker.endpoint);
    await client.hello();
    const { peer } = await broker.nextFromClient();
    // Sent raw, but understood as said.
    await client.sendRaw(...encodePacked('client-to-broker', [client.asRequest('echo', ['x'])]));
    await say(peer);
    await eventually(() => client.violations.length > 0);
    expect(client.violations).toEqual([expect.stringContaining(complaint)]);
    await expect(client.nextReply(4)).rejects.toThrow(/awaited PARTIAL or FINAL or FAILURE, got/);
  });

  test.each([
    ['more than the credit', 'REQUEST 3 beyond a credit of 2', [1, 2, 3]],
    ['a reference twice', 'REQUEST 1, which is held already', [1, 1]],
  ])('to a worker: %s', async (_what, complaint, ids) => {
    const [, worker, workerId] = await pair();
    for (const id of ids) await broker.requestTo(workerId, id, ['x']);
    await eventually(() => worker.violations.length > 0);
    expect(worker.violations).toEqual([expect.stringContaining(complaint)]);
  });

  test('to a worker: CANCEL of what it never had, and work after DRAINING', async () => {
    const [, worker, workerId] = await pair();
    await broker.cancelTo(workerId, 4);
    await broker.drainingTo(workerId);
    await broker.requestTo(workerId, 1, ['x']);
    await eventually(() => worker.violations.length > 1);
    expect(worker.violations).toEqual(['CANCEL of 4, which was never given', 'REQUEST 1 after DRAINING']);
  });
});

describe('what a broker should not hear', () => {
  test.each<[string, string, (client: RawPackedClient) => Promise<void>]>([
    ['a stranger', 'which has no session', (client) => client.request('echo', ['x']).then(() => undefined)],
    [
      'an empty frame elsewhere',
      'an empty frame before request',
      (client) => client.open(client.asRequest('e', [''])),
    ],
    [
      'HELLO without the empty frame',
      'no empty frame before hello',
      (client) =>
        client.send({
          kind: 'hello',
          revision: 1,
          heartbeatMs: 1,
          capabilities: 0,
          metadata: Buffer.alloc(0),
        }),
    ],
    [
      'a live id again',
      '1 is open already',
      async (client) => {
        await client.connect();
        await client.request('echo', ['x'], { id: 1 });
        await client.request('echo', ['x'], { id: 1 });
      },
    ],
    [
      'HELLO twice',
      'second HELLO',
      async (client) => {
        await client.connect();
        await client.hello();
      },
    ],
    [
      'a word after DISCONNECT',
      'after DISCONNECT',
      async (client) => {
        await client.connect();
        await client.disconnect();
        await client.heartbeat();
      },
    ],
    ['another protocol', 'unknown_header', (client) => client.sendRaw('MDPC02', '\x01', 'echo', 'x')],
    ['a cut message', 'truncated', (client) => client.sendRaw('MDPCP1\x05')],
  ])('%s', async (_what, complaint, say) => {
    const client = new RawPackedClient(broker.endpoint);
    await say(client);
    await eventually(() => broker.violations.length > 0);
    expect(broker.violations).toEqual([expect.stringContaining(complaint)]);
  });

  test('of a worker: replies that nobody waits for, and PARTIALs beyond the window', async () => {
    const [, worker, workerId] = await pair();
    await worker.final(3, 'x');
    await broker.requestTo(workerId, 4, ['x'], { window: 1 });
    await worker.nextRequest();
    await worker.partial(4, 'a');
    await worker.partial(4, 'b');
    await eventually(() => broker.violations.length > 1);
    expect(broker.violations[0]).toContain('to 3, which it does not hold');
    expect(broker.violations[1]).toContain('to 4 beyond its window');
  });

  test('what crosses a DISCONNECT of the broker is no violation, and a new session may begin', async () => {
    const [client] = await pair();
    const [peer] = broker.clients;
    await broker.disconnect(peer!);
    await client.heartbeat();
    await client.expectDisconnect();
    await eventually(() => broker.heartbeats === 1);
    expect(broker.violations).toEqual([]);
    const again = new RawPackedClient(broker.endpoint);
    expect(await again.connect()).toMatchObject({ kind: 'welcome', internedMax: 8_192 });
  });
});

test('records of any kind can be made, and unknown ones are skipped where they may be', () => {
  const skipped = packRecord(0x80, 0xff, Buffer.from('later'));
  const cancel = packRecord(0x09, 0xf0, Buffer.of(0, 0, 0, 7, 1, 2));
  const message = [Buffer.concat([MDPCP1, skipped, cancel])];
  expect(decodePacked('client-to-broker', message)).toEqual([{ kind: 'cancel', id: 7 }]);
  const critical = [Buffer.concat([MDPCP1, packRecord(0x7f, 0, Buffer.alloc(0))])];
  expect(() => decodePacked('client-to-broker', critical)).toThrow('unknown_command');
});

test('a taken endpoint is an error', async () => {
  const taken = new RawSocket('router');
  const endpoint = await taken.bind('tcp://127.0.0.1:0');
  await expect(RawPackedBroker.listen({ endpoint })).rejects.toThrow('to be free');
});
