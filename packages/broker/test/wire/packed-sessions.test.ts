import {
  closeAllSockets,
  decodePacked,
  encodePacked,
  eventually,
  killAllProcesses,
  leakCheck,
  RawClient02,
  RawPackedClient,
  RawPackedWorker,
  RawSocket,
  RawWorker02,
  startProcess,
  TcpRelay,
  type PackedCommand,
  type PackedDirection,
  type RunningProcess,
} from '@majordomo/testkit';
import { closeBrokers, serve } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);
afterEach(killAllProcesses);

/* Heartbeats are 30 s apart unless a test says otherwise: whatever is seen at once is not owed to them. */

async function newClient(endpoint: string): Promise<RawPackedClient> {
  const client = new RawPackedClient(endpoint);
  await client.connect();
  return client;
}

async function newWorker(endpoint: string, service: string, credit = 1): Promise<RawPackedWorker> {
  const worker = new RawPackedWorker(endpoint);
  await worker.connect(service, { credit });
  return worker;
}

const INTRODUCTION = { revision: 1, heartbeatMs: 1_000, capabilities: 0, metadata: Buffer.alloc(0) };

test('WELCOME says what holds: interval, numbers of services, limits', async () => {
  const limits = { framesMax: 100, frameBytesMax: 50_000, messageBytesMax: 70_000 };
  const { endpoint, next } = await serve({ heartbeatMs: 700, limits });
  const client = new RawPackedClient(endpoint);
  const worker = new RawPackedWorker(endpoint);
  const [toClient, toWorker] = [await client.connect(), await worker.connect('echo')];
  expect([toClient.internedMax, toWorker.internedMax]).toEqual([1_024, 0]);
  for (const welcome of [toClient, toWorker]) {
    expect(welcome).toMatchObject({
      revision: 1,
      heartbeatMs: 700,
      capabilities: 0,
      ...limits,
    });
  }
  expect(await next('clientWelcomed')).toMatchObject({ peer: expect.stringMatching(/^[0-9a-f]+$/) });
  expect(await next('workerRegistered')).toMatchObject({ service: 'echo', dialect: 'packed' });
});

test('revisions, capabilities and attributes of later are no obstacle, and no part of the answer', async () => {
  const { endpoint } = await serve();
  const later = { revision: 200, capabilities: 0xffff_ffff, metadata: Buffer.of(0x7f, 0, 1, 120) };
  const worker = new RawPackedWorker(endpoint);
  const client = new RawPackedClient(endpoint);
  for (const welcome of [await worker.connect('echo', later), await client.connect(later)]) {
    expect(welcome).toMatchObject({ revision: 1, capabilities: 0 });
  }
  const reply = client.ask('echo', 'x');
  await worker.final((await worker.nextRequest()).id, 'done');
  expect(String(await reply)).toBe('done');
});

test.each([
  ['mdp/0.1', ['', 'MDPW01', '\x04']],
  ['mdp/0.2', ['MDPW02', '\x05']],
])(
  'HEARTBEAT of a worker of %s in a packed session is a question that was late: no answer',
  async (_name, frames) => {
    const { endpoint, broker } = await serve();
    const [client, worker] = [await newClient(endpoint), await newWorker(endpoint, 'echo')];
    for (const peer of [client, worker]) await peer.sendRaw(...frames);
    const reply = client.ask('echo', 'x');
    await worker.final((await worker.nextRequest()).id, 'done');
    expect(String(await reply)).toBe('done');
    expect([...client.violations, ...worker.violations]).toEqual([]);
    expect(broker.describe()).toMatchObject({ clients: 1, workers: 1, counters: { protocolErrors: 0 } });
  },
);

describe('batches', () => {
  /** Commands that arrive at a raw socket, and the messages that they came in. */
  function counting(endpoint: string, direction: PackedDirection) {
    const commands: PackedCommand[] = [];
    let messages = 0;
    const socket = new RawSocket('dealer', {
      onMessage: (frames) => {
        messages++;
        commands.push(...decodePacked(direction, frames));
      },
    }).connect(endpoint);
    return { socket, commands, messages: () => messages };
  }

  test('1,000 requests in one message go to a worker in a few, and their replies back in a few', async () => {
    const { endpoint, broker } = await serve();
    const worker = counting(endpoint, 'broker-to-worker');
    const ready = { kind: 'ready', service: 'echo', credit: 1_000, ...INTRODUCTION } as const;
    await worker.socket.send('', ...encodePacked('worker-to-broker', [ready]));
    const client = counting(endpoint, 'broker-to-client');
    await client.socket.send('', ...encodePacked('client-to-broker', [{ kind: 'hello', ...INTRODUCTION }]));
    await eventually(() => worker.commands.length === 1 && client.commands.length === 1);
    const asRequest = new RawPackedClient(endpoint);
    const requests = Array.from({ length: 1_000 }, (_, n) =>
      asRequest.asRequest('echo', [`work ${n}`], { id: n + 1 }),
    );
    await client.socket.send(...encodePacked('client-to-broker', requests));
    await eventually(() => worker.commands.length === 1_001);
    expect(worker.messages()).toBeLessThanOrEqual(5);
    const finals = worker.commands.slice(1).map((command) => {
      if (command.kind !== 'request') throw new Error(command.kind);
      return { kind: 'final' as const, id: command.id, metadata: Buffer.alloc(0), body: command.body };
    });
    await worker.socket.send(...encodePacked('worker-to-broker', finals));
    await eventually(() => client.commands.length === 1_001);
    expect(client.messages()).toBeLessThanOrEqual(5);
    const answers = client.commands.slice(1).map((command) => {
      if (command.kind !== 'final') throw new Error(command.kind);
      return [command.id, String(command.body)];
    });
    expect(answers).toEqual(requests.map(({ id, body }) => [id, String(body)]));
    expect(broker.describe().counters).toMatchObject({ requests: 1_000, answered: 1_000 });
  });

  test('the opening may bring more with it, and a session may end in the message that it began in', async () => {
    const { endpoint, next } = await serve();
    const client = new RawPackedClient(endpoint);
    await client.open(
      { kind: 'hello', ...INTRODUCTION },
      { kind: 'service', number: 1, service: 'mmi.service' },
      client.asRequest('mmi.service', ['echo'], { id: 7, number: 1 }),
      { kind: 'disconnect' },
      { kind: 'heartbeat' },
    );
    await client.nextWelcome();
    expect(await client.nextReply(7)).toMatchObject({ kind: 'final', body: [Buffer.from('404')] });
    expect(await next('clientGone')).toMatchObject({ withdrawn: 0 });
    await client.expectSilence(30);
  });

  test('a last reply with DISCONNECT behind it: the worker is given nothing that it would lose', async () => {
    const { endpoint, broker } = await serve();
    const worker = await newWorker(endpoint, 'echo');
    const client = await newClient(endpoint);
    for (const text of ['held', 'waits']) await client.request('echo', [text]);
    const { id } = await worker.nextRequest();
    await worker.send(
      { kind: 'final', id, metadata: Buffer.alloc(0), body: [Buffer.from('done')] },
      { kind: 'disconnect' },
    );
    expect(await client.nextReply()).toMatchObject({ kind: 'final', body: [Buffer.from('done')] });
    const other = await newWorker(endpoint, 'echo');
    expect(await other.nextRequest()).toMatchObject({ attempt: 1 });
    expect(broker.describe().counters).toMatchObject({ dispatched: 2, redispatched: 0 });
    expect(worker.violations).toEqual([]);
  });
});

describe('a peer that never begins a session', () => {
  const nothing = Buffer.alloc(0);
  const request = (kind: 'client' | 'worker'): PackedCommand =>
    kind === 'client'
      ? new RawPackedClient('inproc://nowhere').asRequest('echo', ['x'])
      : { kind: 'final', id: 1, metadata: nothing, body: [Buffer.from('x')] };

  test.each([
    ['client', 'HEARTBEAT', { kind: 'heartbeat' }],
    ['client', 'SERVICE', { kind: 'service', number: 1, service: 'echo' }],
    ['client', 'CANCEL', { kind: 'cancel', id: 1 }],
    ['client', 'WINDOW', { kind: 'window', id: 1, more: 1 }],
    ['client', 'REQUEST', request('client')],
    ['worker', 'HEARTBEAT', { kind: 'heartbeat' }],
    ['worker', 'CREDIT', { kind: 'credit', credit: 5 }],
    ['worker', 'DRAINING', { kind: 'draining' }],
    ['worker', 'FINAL', request('worker')],
  ] as const)('but says so as a %s is sent away: %s', async (half, _name, command) => {
    const { endpoint, broker, next } = await serve();
    const peer = new RawSocket('dealer').connect(endpoint);
    const [into, out] = [`${half}-to-broker`, `broker-to-${half}`] as const;
    await peer.send(...encodePacked(into, [command]));
    expect(decodePacked(out, await peer.receive())).toEqual([{ kind: 'disconnect' }]);
    expect(await next('protocolError')).toMatchObject({ peer: expect.any(String) });
    expect(broker.describe()).toMatchObject({ clients: 0, workers: 0, services: 0 });
    await peer.expectSilence(30);
  });

  test('DISCONNECT of one is no error, and draws nothing', async () => {
    const { endpoint, broker } = await serve();
    const [client, worker] = [new RawPackedClient(endpoint), new RawPackedWorker(endpoint)];
    await client.disconnect();
    await worker.disconnect();
    await Promise.all([client.expectSilence(50), worker.expectSilence(50)]);
    expect(broker.describe().counters).toMatchObject({ protocolErrors: 0 });
  });
});

describe('protocol errors', () => {
  test.each([
    ['HELLO twice', (client: RawPackedClient) => client.hello()],
    ['an id in use', (client: RawPackedClient) => client.request('late', ['x'], { id: 1 })],
  ] as const)('%s: DISCONNECT, and what was asked for is withdrawn', async (_what, offend) => {
    const { endpoint, broker, next } = await serve();
    const [bad, good] = [await newClient(endpoint), await newClient(endpoint)];
    for (const client of [bad, good]) await client.request('late', ['x'], { id: 1 });
    await offend(bad);
    await bad.expectDisconnect();
    expect(await next('clientGone')).toMatchObject({ withdrawn: 1 });
    const worker = await newWorker(endpoint, 'late', 5);
    await worker.final((await worker.nextRequest()).id, 'done');
    expect(await good.nextReply(1)).toMatchObject({ kind: 'final' });
    await worker.expectNoRequest(30);
    expect(broker.describe()).toMatchObject({ clients: 1, counters: { protocolErrors: 1 } });
  });

  test('READY twice, and a client’s session on a worker’s connection', async () => {
    const { endpoint, next } = await serve();
    const [twice, both] = [await newWorker(endpoint, 'a'), await newWorker(endpoint, 'b')];
    await twice.ready('a');
    await twice.expectDisconnect();
    expect(await next('workerLost')).toMatchObject({ service: 'a', reason: 'protocol_error' });
    await both.sendRaw('', ...encodePacked('client-to-broker', [{ kind: 'hello', ...INTRODUCTION }]));
    await both.expectDisconnect();
    expect(await next('workerLost')).toMatchObject({ service: 'b', reason: 'invalid_message' });
  });

  test('what stands behind one in its message is not acted upon', async () => {
    const { endpoint, broker, next } = await serve();
    const client = await newClient(endpoint);
    const ask = (id: number) => client.asRequest('late', ['x'], { id });
    await client.send(ask(1), ask(1), ask(2), { kind: 'cancel', id: 1 });
    await client.expectDisconnect();
    expect(await next('clientGone')).toMatchObject({ withdrawn: 1 });
    expect(broker.describe()).toMatchObject({
      queued: 0,
      counters: { requests: 1, cancelled: 0, protocolErrors: 1 },
    });
    expect(client.violations).toEqual([]);
  });

  test('nothing in a message is acted upon where its last record is wrong', async () => {
    const { endpoint, broker, next } = await serve();
    const client = await newClient(endpoint);
    const good = client.asRequest('late', ['x'], { id: 1 });
    await client.send(good, { ...good, id: 2, priority: 10 });
    await client.expectDisconnect();
    expect(await next('messageRejected')).toMatchObject({ rejection: { reason: 'bad_value' } });
    expect(broker.describe()).toMatchObject({ clients: 0, services: 0, counters: { requests: 0 } });
  });

  test('what was on its way when the broker said DISCONNECT is a stranger’s: another, and nothing else', async () => {
    const { endpoint, broker } = await serve();
    const client = new RawSocket('dealer').connect(endpoint);
    const hello = encodePacked('client-to-broker', [{ kind: 'hello', ...INTRODUCTION }]);
    const asRequest = new RawPackedClient(endpoint);
    const heard = async () => decodePacked('broker-to-client', await client.receive());
    await client.send('', ...hello);
    expect(await heard()).toMatchObject([{ kind: 'welcome' }]);
    await client.send(...hello);
    expect(await heard()).toEqual([{ kind: 'disconnect' }]);
    const onTheirWay: PackedCommand[] = [
      asRequest.asRequest('late', ['x']),
      asRequest.asRequest('late', ['x'], { number: 1 }),
      { kind: 'disconnect' },
      { kind: 'cancel', id: 1 },
    ];
    for (const command of onTheirWay) await client.send(...encodePacked('client-to-broker', [command]));
    for (let n = 0; n < 3; n++) expect(await heard()).toEqual([{ kind: 'disconnect' }]);
    expect(broker.describe()).toMatchObject({
      clients: 0,
      services: 0,
      counters: { requests: 0, protocolErrors: 3 },
      rejections: { bad_service_number: 1 },
    });
  });

  test('a packed message on the connection of a plain worker ends its session, and leaves nothing', async () => {
    const { endpoint, next, broker } = await serve();
    const socket = new RawSocket('dealer').connect(endpoint);
    await socket.send('MDPW02', '\x01', 'echo');
    await next('workerRegistered');
    await socket.send(...encodePacked('worker-to-broker', [{ kind: 'heartbeat' }]));
    expect((await socket.receive()).map(String)).toEqual(['MDPW02', '\x06']);
    expect(decodePacked('broker-to-worker', await socket.receive())).toEqual([{ kind: 'disconnect' }]);
    expect(broker.describe()).toMatchObject({ workers: 0, services: 0 });
  });

  test('clients beyond clientsMax are sent away', async () => {
    const { endpoint } = await serve({ clientsMax: 1 });
    const first = await newClient(endpoint);
    const second = new RawPackedClient(endpoint);
    await second.hello();
    await second.expectDisconnect();
    await first.disconnect();
    await eventually(async () => {
      const again = new RawPackedClient(endpoint);
      await again.connect();
      return true;
    });
  });
});

describe('references', () => {
  test.each([1, 2, 0xffff_ffff])(
    '%i, which the worker does not hold, draws DISCONNECT and reaches nobody',
    async (ref) => {
      const { endpoint, next } = await serve();
      const honest = await newWorker(endpoint, 'echo');
      const client = await newClient(endpoint);
      const id = await client.request('echo', ['x']);
      const request = await honest.nextRequest();
      const liar = await newWorker(endpoint, 'echo');
      await liar.final(ref, 'forged');
      await liar.expectDisconnect();
      expect(await next('workerLost')).toMatchObject({ reason: 'protocol_error' });
      await honest.final(request.id, 'true');
      expect(await client.nextReply(id)).toMatchObject({ body: [Buffer.from('true')] });
      expect(client.violations).toEqual([]);
    },
  );

  test('a second FINAL draws DISCONNECT and reaches nobody', async () => {
    const { endpoint } = await serve();
    const worker = await newWorker(endpoint, 'echo');
    const client = await newClient(endpoint);
    const id = await client.request('echo', ['x']);
    const { id: ref } = await worker.nextRequest();
    const final: PackedCommand = {
      kind: 'final',
      id: ref,
      metadata: Buffer.alloc(0),
      body: [Buffer.from('one')],
    };
    await worker.send(final, final);
    await worker.expectDisconnect();
    await client.nextReply(id);
    await client.expectSilence(30);
  });
});

describe('requests', () => {
  test('CANCEL reaches the worker; what it still says is dropped', async () => {
    const { endpoint, next } = await serve();
    const worker = await newWorker(endpoint, 'slow', 2);
    const client = await newClient(endpoint);
    const [unwanted, wanted] = [await client.request('slow', ['1']), await client.request('slow', ['2'])];
    const [first, second] = [await worker.nextRequest(), await worker.nextRequest()];
    await client.cancel(unwanted);
    expect(await worker.nextCancel()).toBe(first.id);
    await worker.failure(first.id, 'CANCELLED');
    expect(await next('replyDropped')).toMatchObject({ service: 'slow' });
    await worker.final(second.id, 'done');
    expect(await client.nextReply()).toMatchObject({ kind: 'final', id: wanted });
    await client.expectSilence(30);
  });

  test('failures are told: of the worker, of nobody there, of time, of a full queue', async () => {
    const { endpoint } = await serve({ queueMax: 1 });
    const client = await newClient(endpoint);
    const worker = await newWorker(endpoint, 'echo');
    const failed = await client.request('echo', ['x']);
    await worker.failure((await worker.nextRequest()).id, 'OUT_OF_PAPER', 'tray 2', { retryable: true });
    expect(await client.nextReply(failed)).toMatchObject({
      kind: 'failure',
      ofWorker: true,
      code: 'OUT_OF_PAPER',
      message: 'tray 2',
      retryable: true,
    });
    const broker = { kind: 'failure', ofWorker: false, retryable: true };
    const hurried = await client.request('nobody', ['x'], { failFast: true });
    expect(await client.nextReply(hurried)).toMatchObject({ ...broker, code: 'NO_WORKER' });
    const late = await client.request('nobody', ['x'], { remainingMs: 30 });
    const refused = await client.request('nobody', ['x']);
    expect(await client.nextReply(refused)).toMatchObject({ ...broker, code: 'QUEUE_FULL' });
    expect(await client.nextReply(late)).toMatchObject({ ...broker, code: 'EXPIRED' });
  });

  test('a FAILURE of a worker is told as one, whether or not it says so itself', async () => {
    const { endpoint } = await serve();
    const worker = await newWorker(endpoint, 'echo');
    const client = await newClient(endpoint);
    const id = await client.request('echo', ['x']);
    await worker.failure((await worker.nextRequest()).id, 'EXPIRED', '', { ofWorker: false });
    expect(await client.nextReply(id)).toMatchObject({ kind: 'failure', ofWorker: true, code: 'EXPIRED' });
  });

  test('credit, priorities, attributes and what is left of the time reach the worker', async () => {
    const { endpoint } = await serve();
    const client = await newClient(endpoint);
    const attributes = Buffer.concat([Buffer.of(1, 0, 4), Buffer.from('text'), Buffer.of(0x7f, 0, 1, 120)]);
    await client.request('echo', ['low'], { priority: 1 });
    await client.request('echo', ['high'], { priority: 9, remainingMs: 60_000, metadata: attributes });
    const worker = await newWorker(endpoint, 'echo', 0);
    await worker.expectNoRequest(30);
    await worker.credit(1);
    const first = await worker.nextRequest();
    expect(first).toMatchObject({
      body: [Buffer.from('high')],
      priority: 9,
      attempt: 1,
      metadata: attributes,
    });
    expect(first.remainingMs).toBeGreaterThan(0);
    expect(first.remainingMs).toBeLessThanOrEqual(60_000);
    await worker.expectNoRequest(30);
    await worker.credit(2);
    expect(await worker.nextRequest()).toMatchObject({ body: [Buffer.from('low')], remainingMs: 0 });
    await worker.send({ kind: 'final', id: first.id, metadata: attributes, body: [Buffer.from('')] });
    expect(await client.nextReply()).toMatchObject({ kind: 'final', metadata: attributes });
  });

  test('a draining worker finishes what it holds, is given nothing more, and leaves without a loss', async () => {
    const { endpoint, next } = await serve();
    const worker = await newWorker(endpoint, 'echo', 2);
    const client = await newClient(endpoint);
    for (const text of ['1', '2', '3']) await client.request('echo', [text]);
    const held = [await worker.nextRequest(), await worker.nextRequest()];
    await worker.draining();
    await worker.expectDraining();
    for (const { id } of held) await worker.final(id, 'done');
    await worker.disconnect();
    expect(await next('workerLost')).toMatchObject({ reason: 'disconnected', held: 0 });
    const other = await newWorker(endpoint, 'echo');
    expect(await other.nextRequest()).toMatchObject({ body: [Buffer.from('3')], attempt: 1 });
    expect(worker.violations).toEqual([]);
  });
});

describe('limits', () => {
  const limits = { framesMax: 10, frameBytesMax: 100_000, messageBytesMax: 200_000 };

  test.each([
    ['frame_too_large', [Buffer.alloc(100_001)]],
    ['message_too_large', [Buffer.alloc(99_000), Buffer.alloc(99_000), Buffer.alloc(2_001)]],
    ['too_many_frames', Array<Buffer>(11).fill(Buffer.from('x'))],
  ])('%s: a body beyond them ends the session', async (reason, body) => {
    const { endpoint, next } = await serve({ limits });
    const client = await newClient(endpoint);
    await client.request('echo', body);
    await client.expectDisconnect();
    expect(await next('messageRejected')).toMatchObject({ rejection: { reason } });
  });

  test('bodies that are just within them pass, several in one message', async () => {
    const { endpoint } = await serve({ limits });
    const worker = await newWorker(endpoint, 'echo', 10);
    const client = await newClient(endpoint);
    const bodies = [
      [Buffer.alloc(100_000, 1)],
      [Buffer.alloc(100_000, 2), Buffer.alloc(100_000, 3)],
      Array<Buffer>(10).fill(Buffer.alloc(20_000, 4)),
    ];
    await client.send(...bodies.map((body, n) => client.asRequest('echo', body, { id: n + 1 })));
    for (const body of bodies) {
      const request = await worker.nextRequest();
      expect(Buffer.concat(request.body).equals(Buffer.concat(body))).toBe(true);
      await worker.final(request.id, ...request.body);
    }
    for (const body of bodies) {
      const reply = await client.nextReply();
      expect(reply.kind === 'final' && Buffer.concat(reply.body).equals(Buffer.concat(body))).toBe(true);
    }
  });

  test('a frame beyond all of them cuts the connection of its sender and of nobody else', async () => {
    const { endpoint, next } = await serve({ limits });
    const [bad, good] = [await newWorker(endpoint, 'bad'), await newWorker(endpoint, 'good')];
    await bad.sendRaw('MDPWP1', Buffer.alloc(200_000));
    expect(await next('workerLost')).toMatchObject({ service: 'bad', reason: 'connection_closed' });
    const reply = (await newClient(endpoint)).ask('good', 'x');
    await good.final((await good.nextRequest()).id, 'served');
    expect(String(await reply)).toBe('served');
  });
});

/** A process with so many packed sessions that it never says anything more in. It prints each message that comes. */
function silentProcess(endpoint: string, opening: readonly Buffer[], count: number): RunningProcess {
  const script = `
    const { Dealer } = require('zeromq');
    for (let n = 0; n < ${count}; n++) {
      const socket = new Dealer({ linger: 0 });
      socket.connect('${endpoint}');
      socket.send(['', ...${JSON.stringify(opening.map((frame) => frame.toString('hex')))}.map((hex) => Buffer.from(hex, 'hex'))]);
      (async () => {
        for await (const [head] of socket) console.log('kind', head[6]);
      })();
    }`;
  return startProcess(process.execPath, ['-e', script]);
}

const REQUEST_LINE = 'kind 5';

describe('a process that is killed', () => {
  test('is noticed at once: the requests of its workers go to others', async () => {
    const { endpoint, next, workers, broker } = await serve({ attemptsMax: 2 });
    const ready = { kind: 'ready', service: 'echo', credit: 1, ...INTRODUCTION } as const;
    const victims = silentProcess(endpoint, encodePacked('worker-to-broker', [ready]), 20);
    await workers(20);
    const client = await newClient(endpoint);
    const reply = client.ask('echo', 'x');
    reply.catch(() => undefined);
    await victims.waitForLine(REQUEST_LINE);
    victims.kill('SIGKILL');
    await workers(0);
    expect(await next('workerLost')).toMatchObject({ reason: 'connection_closed' });
    expect(broker.describe()).toMatchObject({ queued: 1, counters: { exhausted: 0 } });
    const rescuer = await newWorker(endpoint, 'echo');
    const request = await rescuer.nextRequest();
    expect(request.attempt).toBe(2);
    await rescuer.final(request.id, 'rescued');
    expect(String(await reply)).toBe('rescued');
  });

  test('is noticed at once: what its client asked for is withdrawn, and the worker told', async () => {
    const { endpoint, next, broker } = await serve();
    const worker = await newWorker(endpoint, 'echo');
    const asRequest = new RawPackedClient(endpoint);
    const said = [
      { kind: 'hello', ...INTRODUCTION } as const,
      asRequest.asRequest('echo', ['held'], { id: 1 }),
      asRequest.asRequest('echo', ['queued'], { id: 2 }),
    ];
    const victim = silentProcess(endpoint, encodePacked('client-to-broker', said), 1);
    const { id } = await worker.nextRequest();
    await victim.waitForLine('kind 3');
    victim.kill('SIGKILL');
    expect(await next('clientGone')).toMatchObject({ withdrawn: 2 });
    expect(await worker.nextCancel()).toBe(id);
    expect(broker.describe()).toMatchObject({ clients: 0, queued: 0 });
  });
});

describe('liveness', () => {
  test('both halves are heartbeated; those that are silent are sent away, busy or idle', async () => {
    const { endpoint, next } = await serve({ heartbeatMs: 50, liveness: 4 });
    const [client, worker] = [await newClient(endpoint), await newWorker(endpoint, 'slow')];
    await new RawClient02(endpoint).request('slow', 'x');
    await worker.nextRequest();
    await Promise.all([client.expectHeartbeat(), worker.expectHeartbeat()]);
    expect(await next('workerLost')).toMatchObject({ reason: 'silent', held: 1 });
    await Promise.all([client.expectDisconnect(), worker.expectDisconnect()]);
  });

  test('those that heartbeat stay', async () => {
    const { endpoint, broker, next } = await serve({ heartbeatMs: 200, liveness: 4 });
    const [client, worker] = [await newClient(endpoint), await newWorker(endpoint, 'echo')];
    client.heartbeatEvery(50);
    worker.heartbeatEvery(50);
    await newWorker(endpoint, 'silent');
    expect(await next('workerLost')).toMatchObject({ service: 'silent', reason: 'silent' });
    expect(broker.describe()).toMatchObject({ workers: 1, clients: 1 });
  });

  test('a client behind a frozen network is given up, and what it asked for is withdrawn', async () => {
    const { endpoint, next } = await serve({ heartbeatMs: 50, liveness: 4 });
    const relay = await TcpRelay.to(endpoint);
    const client = await newClient(relay.endpoint);
    await client.request('late', ['x']);
    await client.expectHeartbeat();
    relay.stall();
    expect(await next('clientGone')).toMatchObject({ withdrawn: 1 });
    await relay.close();
  });
});

describe('the end of the broker', () => {
  test('close: what is under way fails, then DISCONNECT to clients and workers', async () => {
    const { endpoint, broker } = await serve();
    const worker = await newWorker(endpoint, 'echo');
    const client = await newClient(endpoint);
    const id = await client.request('echo', ['x']);
    await worker.nextRequest();
    await broker.close();
    expect(await client.nextReply(id)).toMatchObject({
      kind: 'failure',
      code: 'BROKER_DRAINING',
      retryable: false,
    });
    await client.expectDisconnect();
    await worker.expectDisconnect();
  });

  test('drain: DRAINING to clients, what is under way is served, what is new refused, then DISCONNECT', async () => {
    const { endpoint, broker } = await serve();
    const worker = await newWorker(endpoint, 'echo');
    const [client, idle] = [await newClient(endpoint), await newClient(endpoint)];
    const id = await client.request('echo', ['x']);
    const { id: ref } = await worker.nextRequest();
    const drained = broker.drain();
    await Promise.all([client.expectDraining(), idle.expectDraining()]);
    const late = await client.request('echo', ['y']);
    expect(await client.nextReply(late)).toMatchObject({ kind: 'failure', code: 'BROKER_DRAINING' });
    const newcomers = [new RawPackedClient(endpoint), new RawPackedWorker(endpoint)] as const;
    await newcomers[0].hello();
    await newcomers[1].ready('echo');
    await Promise.all(newcomers.map((newcomer) => newcomer.expectDisconnect()));
    await worker.final(ref, 'served');
    expect(await client.nextReply(id)).toMatchObject({ kind: 'final', body: [Buffer.from('served')] });
    await Promise.all([client.expectDisconnect(), idle.expectDisconnect(), worker.expectDisconnect()]);
    await drained;
    for (const peer of [client, idle, worker]) expect(peer.violations).toEqual([]);
  });
});

test('a client that begins again under its routing id, on a new connection, begins a new session', async () => {
  const { endpoint, next } = await serve();
  const first = new RawPackedClient(endpoint, { routingId: 'client-7' });
  await first.connect();
  await first.intern('late');
  await first.request('late', ['lost'], { id: 1 });
  await first.close();
  expect(await next('clientGone')).toMatchObject({ withdrawn: 1 });
  const second = new RawPackedClient(endpoint, { routingId: 'client-7' });
  await second.connect();
  await second.intern('other');
  const reply = second.ask('other', 'x');
  const worker = new RawWorker02(endpoint);
  await worker.ready('other');
  await worker.final((await worker.nextRequest()).address, 'found');
  expect(String(await reply)).toBe('found');
});
