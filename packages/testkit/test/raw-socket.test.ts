import { closeAllSockets, eventually, hex, leakCheck, RawSocket } from '../src/index';

leakCheck();
afterEach(closeAllSockets);

async function pair(options: { routingId?: string | Uint8Array } = {}): Promise<[RawSocket, RawSocket]> {
  const router = new RawSocket('router');
  const endpoint = await router.bind('tcp://127.0.0.1:0');
  return [router, new RawSocket('dealer', options).connect(endpoint)];
}

test('hex shows text, bytes, the empty frame and the length of what it cuts', () => {
  expect(hex(['', 'MDPC01', '\x01', Uint8Array.of(0, 255), 'x'.repeat(100)])).toBe(
    `['' 'MDPC01' 0x01 0x00ff '${'x'.repeat(64)}'…(100 bytes)]`,
  );
});

test('overlapping sends keep their order and lose nothing, with nobody receiving meanwhile', async () => {
  const [router, dealer] = await pair({ routingId: 'me' });
  await Promise.all(Array.from({ length: 3000 }, (_, n) => dealer.send('n', String(n))));
  await eventually(() => router.inbox === 3000, { what: 'all messages' });
  for (let n = 0; n < 3000; n += 1)
    expect((await router.receive()).map(String)).toEqual(['me', 'n', String(n)]);
});

test('the routing id may be any bytes', async () => {
  const [router, dealer] = await pair({ routingId: Uint8Array.of(0xff, 0x00, 0x80) });
  await dealer.send('x');
  expect((await router.receive())[0]).toEqual(Buffer.of(0xff, 0x00, 0x80));
  await router.send(Uint8Array.of(0xff, 0x00, 0x80), '', 'y');
  expect((await dealer.receive()).map(String)).toEqual(['', 'y']);
});

test('several receivers are served in the order in which they asked', async () => {
  const [router, dealer] = await pair();
  const [first, second] = [router.receive(), router.receive()];
  await dealer.send('1');
  await dealer.send('2');
  expect(String((await first)[1])).toBe('1');
  expect(String((await second)[1])).toBe('2');
});

test('receive fails at its timeout and names what was awaited, from the line that waited', async () => {
  const dealer = new RawSocket('dealer', { name: 'lonely' });
  const failure = await dealer.receive(20, 'FINAL').catch((error: Error) => error);
  expect(failure).toMatchObject({ message: 'lonely: no FINAL within 20 ms' });
  expect((failure as Error).stack).toContain('raw-socket.test.ts');
});

test('close fails whoever waits, may be repeated, and ends timers', async () => {
  const [router] = await pair();
  const waiting = expect(router.receive()).rejects.toThrow('the socket was closed');
  router.every(10_000, () => Promise.resolve());
  await router.close();
  await router.close();
  await waiting;
  await expect(router.receive()).rejects.toThrow('the socket was closed');
});

test('expectSilence passes in silence, and fails on what is there or arrives, and leaves it', async () => {
  const [router, dealer] = await pair({ routingId: 'me' });
  await router.expectSilence(20);
  const noise = expect(router.expectSilence(2000)).rejects.toThrow("got ['me' 'x']");
  await dealer.send('x');
  await noise;
  await expect(router.expectSilence(20)).rejects.toThrow('expected no message');
  expect(router.inbox).toBe(1);
});

test('a socket that does not read leaves its messages in ZeroMQ', async () => {
  const router = new RawSocket('router');
  const endpoint = await router.bind('tcp://127.0.0.1:0');
  const deaf = new RawSocket('dealer', { read: false, routingId: 'deaf' }).connect(endpoint);
  await deaf.send('hello');
  await router.receive();
  await router.send('deaf', 'x');
  await eventually(() => deaf.zmq.readable, { what: 'the message to arrive' });
  expect(deaf.inbox).toBe(0);
});

test('a REQ receives one reply to each request', async () => {
  const router = new RawSocket('router');
  const req = new RawSocket('request').connect(await router.bind('tcp://127.0.0.1:0'));
  for (const text of ['a', 'b']) {
    await req.send(text);
    const [identity, empty, question] = await router.receive();
    await router.send(identity as Buffer, empty as Buffer, question as Buffer, '!');
    expect((await req.receive()).map(String)).toEqual([text, '!']);
  }
});
