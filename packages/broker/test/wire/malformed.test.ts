import { connect } from 'node:net';
import { REJECTION_REASONS, socketFrameBytesMax } from '@majordomo/protocol';
import {
  closeAllSockets,
  leakCheck,
  RawClient02,
  RawSocket,
  RawWorker01,
  RawWorker02,
} from '@majordomo/testkit';
import { malformedMessages } from './malformed-messages';
import { closeBrokers, serve, WORKERS } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

const limits = { framesMax: 100, frameBytesMax: 100_000, messageBytesMax: 200_000 };
const messages = malformedMessages(limits);

test('hundreds of malformed messages are counted, each under its reason, and the broker serves on', async () => {
  const { endpoint, broker } = await serve({ limits });
  expect(messages.length).toBeGreaterThan(250);
  const worker = new RawWorker01(endpoint);
  await worker.ready('echo');
  const attacker = new RawSocket('dealer').connect(endpoint);
  const expected = Object.fromEntries(REJECTION_REASONS.map((reason) => [reason, 0]));
  for (const { reason, frames } of messages) {
    await attacker.send(...frames);
    expected[reason]! += 1;
  }
  await attacker.send('MDPC02', '\x01', 'echo', 'valid at last');
  const { address, body } = await worker.nextRequest();
  expect(String(body)).toBe('valid at last');
  await worker.final(address, 'served');
  expect((await attacker.receive()).map(String)).toEqual(['MDPC02', '\x03', 'echo', 'served']);
  expect(broker.describe().rejections).toEqual(expected);
  expect(broker.describe()).toMatchObject({ workers: 1, queued: 0, inFlight: 0, services: 1, clients: 0 });
});

test('each malformed message is reported under its reason', async () => {
  const { endpoint, events } = await serve({ limits });
  const attacker = new RawClient02(endpoint);
  for (const { frames } of messages) await attacker.socket.send(...frames);
  await attacker.ask('mmi.service', 'echo');
  const reported = events.map((event) => (event.type === 'messageRejected' ? event.rejection.reason : event));
  expect(reported).toEqual(messages.map(({ reason }) => reason));
});

test.each(WORKERS)(
  'a malformed message from a %s costs it its registration, not its request',
  async (_n, newWorker) => {
    const { endpoint, next } = await serve();
    const bad = newWorker(endpoint);
    await bad.ready('echo');
    const reply = new RawClient02(endpoint).ask('echo', 'x');
    await bad.nextRequest();
    await bad.socket.send('MDPW09', 'nonsense');
    await bad.expectDisconnect();
    expect(await next('workerLost')).toMatchObject({ reason: 'invalid_message', held: 1 });
    const good = new RawWorker02(endpoint);
    await good.ready('echo');
    await good.final((await good.nextRequest()).address, 'served');
    expect(String(await reply)).toBe('served');
  },
);

test('a malformed message from a client costs it nothing', async () => {
  const { endpoint } = await serve();
  const client = new RawClient02(endpoint);
  await client.request('echo', 'kept');
  await client.socket.send('MDPC02', '\x01', 'echo');
  const worker = new RawWorker02(endpoint);
  await worker.ready('echo');
  await worker.final((await worker.nextRequest()).address, 'served');
  expect(await client.reply()).toMatchObject({ kind: 'final', body: [Buffer.from('served')] });
});

test('a frame beyond the limit cuts the connection of its sender and of nobody else', async () => {
  const { endpoint, next } = await serve({ limits });
  const [bad, good] = [new RawWorker01(endpoint), new RawWorker01(endpoint)];
  await bad.ready('bad');
  await good.ready('good');
  await bad.socket.send('', 'MDPW01', '\x03', 'address', '', Buffer.alloc(socketFrameBytesMax(limits) + 1));
  expect(await next('workerLost')).toMatchObject({ service: 'bad', reason: 'connection_closed' });
  const reply = new RawClient02(endpoint).ask('good', 'x');
  await good.final((await good.nextRequest()).address, 'served');
  expect(String(await reply)).toBe('served');
});

test('bytes that are not ZeroMQ at all do no harm', async () => {
  const { endpoint } = await serve();
  const { hostname, port } = new URL(endpoint);
  const garbage = connect(Number(port), hostname);
  garbage.on('error', () => undefined);
  await new Promise<void>((resolve) => garbage.end('GET / HTTP/1.1\r\n\r\n', resolve));
  await new Promise<void>((resolve) => garbage.on('close', () => resolve()).resume());
  expect((await new RawClient02(endpoint).ask('mmi.service', 'echo')).map(String)).toEqual(['404']);
});
