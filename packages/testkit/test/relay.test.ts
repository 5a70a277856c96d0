import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { closeAllSockets, eventually, leakCheck, RawSocket, TcpRelay } from '../src/index';

leakCheck();

let router: RawSocket;
let relay: TcpRelay;

beforeEach(async () => {
  router = new RawSocket('router');
  relay = await TcpRelay.to(await router.bind('tcp://127.0.0.1:0'));
});

afterEach(async () => {
  await closeAllSockets();
  await relay.close();
});

async function connected(): Promise<RawSocket> {
  const dealer = new RawSocket('dealer', { routingId: 'me' }).connect(relay.endpoint);
  await dealer.send('hello');
  expect((await router.receive()).map(String)).toEqual(['me', 'hello']);
  return dealer;
}

/** Not `events.on()`: across test files of one process it keeps using the `require` of the first. */
async function nextEvent(socket: RawSocket, type: string): Promise<void> {
  const { events } = socket.zmq;
  while ((await events.receive()).type !== type);
}

test('forwards both ways, large messages whole', async () => {
  const dealer = await connected();
  const large = Buffer.alloc(8_000_000, 7);
  await dealer.send(large);
  const [, arrived] = await router.receive(10_000);
  expect(arrived?.equals(large)).toBe(true);
  await router.send('me', large);
  expect((await dealer.receive(10_000))[0]?.equals(large)).toBe(true);
  expect(relay.connections).toBe(1);
});

test('stall holds back both ways and closes nothing; resume lets everything through', async () => {
  const dealer = await connected();
  relay.stall();
  await dealer.send('up');
  await router.send('me', 'down');
  await Promise.all([router.expectSilence(100), dealer.expectSilence(100)]);
  expect(relay.connections).toBe(1);
  relay.resume();
  expect((await router.receive()).map(String)).toEqual(['me', 'up']);
  expect((await dealer.receive()).map(String)).toEqual(['down']);
});

test('a connection made during a stall is accepted, and goes on after it', async () => {
  relay.stall();
  const dealer = new RawSocket('dealer').connect(relay.endpoint);
  await dealer.send('late');
  await eventually(() => relay.connections === 1);
  await router.expectSilence(50);
  relay.resume();
  expect((await router.receive()).map(String)[1]).toBe('late');
});

test('cut drops connections, and the peers connect again by themselves', async () => {
  const dealer = await connected();
  const disconnected = nextEvent(dealer, 'disconnect');
  relay.cut();
  await disconnected;
  await dealer.send('again');
  expect((await router.receive()).map(String)).toEqual(['me', 'again']);
});

test('refuse keeps new connections out, and old ones in', async () => {
  const dealer = await connected();
  relay.refuse();
  const outsider = new RawSocket('dealer').connect(relay.endpoint);
  await outsider.send('let me in');
  await dealer.send('still here');
  expect((await router.receive()).map(String)).toEqual(['me', 'still here']);
  await router.expectSilence(100);
  relay.refuse(false);
  expect((await router.receive()).map(String)[1]).toBe('let me in');
});

describe('with plain TCP', () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  let plain: TcpRelay;
  let near: Socket;

  beforeEach(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    plain = await TcpRelay.to(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
    near = connect(Number(new URL(plain.endpoint).port), '127.0.0.1');
    await eventually(() => sockets.length === 1);
  });

  afterEach(async () => {
    near.destroy();
    for (const socket of sockets.splice(0)) socket.destroy();
    await plain.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test('a close passes through', async () => {
    sockets[0]?.end('bye');
    const [text] = await new Promise<string[]>((resolve) => {
      const chunks: string[] = [];
      near.on('data', (chunk) => chunks.push(String(chunk))).on('close', () => resolve(chunks));
    });
    expect(text).toBe('bye');
    await eventually(() => plain.connections === 0);
  });

  test.each(['destroy', 'resetAndDestroy'] as const)('%s during a stall shows only after it', async (how) => {
    let closed = false;
    near
      .on('close', () => (closed = true))
      .on('error', () => undefined)
      .resume();
    plain.stall();
    sockets[0]?.[how]();
    await eventually(() => sockets[0]?.closed === true);
    await expect(eventually(() => closed, { timeoutMs: 100 })).rejects.toThrow('waited 100 ms');
    plain.resume();
    await eventually(() => closed);
  });

  test('slow: every byte takes its time, in order, and an end comes behind what was sent before', async () => {
    const latencyMs = 150;
    plain.slow({ latencyMs });
    const sentAt = performance.now();
    const arrivals: number[] = [];
    let text = '';
    near.on('data', (chunk) => {
      arrivals.push(performance.now() - sentAt);
      text += String(chunk);
    });
    sockets[0]?.write('a');
    sockets[0]?.end('b');
    await eventually(() => near.closed);
    expect(text).toBe('ab');
    expect(arrivals[0]).toBeGreaterThanOrEqual(latencyMs - 1);
    await eventually(() => plain.connections === 0);
  });

  test('slow: no more bytes per second than it says, and nothing is lost', async () => {
    const bytesPerSecond = 2_000_000;
    plain.slow({ bytesPerSecond });
    const sent = Buffer.alloc(600_000, 'abcdefg');
    const chunks: Buffer[] = [];
    const startedAt = performance.now();
    near.on('data', (chunk) => chunks.push(chunk));
    sockets[0]?.end(sent);
    await eventually(() => near.closed);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual((sent.length / bytesPerSecond) * 1_000 - 1);
  });

  test('slow and stalled: what is under way waits for the end of the stall', async () => {
    plain.slow({ latencyMs: 50 });
    let text = '';
    near.on('data', (chunk) => (text += String(chunk)));
    sockets[0]?.write('a');
    plain.stall();
    await expect(eventually(() => text, { timeoutMs: 150 })).rejects.toThrow('waited 150 ms');
    plain.resume();
    await eventually(() => text === 'a');
  });

  test('slow: a cut drops what is under way', async () => {
    plain.slow({ latencyMs: 60_000 });
    const errors: unknown[] = [];
    for (const socket of [near, sockets[0] as Socket]) socket.on('error', (error) => errors.push(error));
    near.on('data', () => errors.push(new Error('data came')));
    sockets[0]?.write('a');
    await eventually(() => sockets[0]?.writableLength === 0);
    plain.cut();
    await eventually(() => errors.length === 2);
    expect(errors.map((error) => (error as NodeJS.ErrnoException).code)).toEqual([
      'ECONNRESET',
      'ECONNRESET',
    ]);
  });

  test('cut resets both sides', async () => {
    const errors: string[] = [];
    for (const socket of [near, sockets[0] as Socket]) {
      socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
    }
    plain.cut();
    await eventually(() => errors.length === 2);
    expect(errors).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(plain.connections).toBe(0);
  });

  test('a target that is gone closes the connection', async () => {
    await new Promise((resolve) => {
      server.close(resolve);
      for (const socket of sockets) socket.destroy();
    });
    const other = connect(Number(new URL(plain.endpoint).port), '127.0.0.1');
    other.on('error', () => undefined);
    await eventually(() => other.closed);
  });
});

test('only tcp endpoints with a port can be relayed', async () => {
  await expect(TcpRelay.to('ipc:///tmp/x')).rejects.toThrow('not a tcp endpoint');
  await expect(TcpRelay.to('tcp://127.0.0.1')).rejects.toThrow('not a tcp endpoint');
});
