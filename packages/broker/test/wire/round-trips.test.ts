import { randomBytes } from 'node:crypto';
import {
  closeAllSockets,
  leakCheck,
  RawClient01,
  RawClient02,
  RawWorker01,
  RawWorker02,
} from '@majordomo/testkit';
import { CLIENTS, closeBrokers, PAIRINGS, serve } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

const MIB = 1024 * 1024;

const BODIES: [string, (string | Uint8Array)[]][] = [
  ['one frame', ['hello']],
  ['several frames', ['a', 'bc', 'def']],
  ['one empty frame', ['']],
  ['empty frames among others', ['', 'x', '', '']],
  ['every byte there is', [Uint8Array.from({ length: 256 }, (_, byte) => byte)]],
  ['frames that look like headers', ['MDPC01', '\x01', 'MDPW02', '']],
];

describe.each(PAIRINGS)('%s and %s', (_client, _worker, newClient, newWorker) => {
  test('a request and its reply cross unchanged, whatever is in their frames', async () => {
    const { endpoint } = await serve();
    const client = newClient(endpoint);
    const worker = newWorker(endpoint);
    await worker.ready('echo');
    for (const [, frames] of BODIES) {
      const sent = frames.map((frame) => Buffer.from(frame));
      const reply = client.ask('echo', ...sent);
      const request = await worker.nextRequest();
      expect(request.body).toEqual(sent);
      await worker.final(request.address, ...sent.toReversed());
      expect(await reply).toEqual(sent.toReversed());
    }
    expect(worker.violations).toEqual([]);
  });

  test('a request is kept for a service that registers later', async () => {
    const { endpoint, broker } = await serve();
    const reply = newClient(endpoint).ask('late', 'patience');
    await new RawClient02(endpoint).ask('mmi.broker', '');
    const worker = newWorker(endpoint);
    await worker.ready('late');
    const { address, body } = await worker.nextRequest();
    await worker.final(address, ...body);
    expect(await reply).toEqual([Buffer.from('patience')]);
    expect(broker.describe()).toMatchObject({ queued: 0, inFlight: 0, clients: 0 });
  });
});

test.each(PAIRINGS)('bodies of 16 MiB between %s and %s', async (_c, _w, newClient, newWorker) => {
  const { endpoint } = await serve();
  const worker = newWorker(endpoint);
  await worker.ready('big');
  const [sent, returned] = [randomBytes(16 * MIB), randomBytes(16 * MIB)];
  const reply = newClient(endpoint).ask('big', sent);
  reply.catch(() => undefined);
  const request = await worker.nextRequest();
  expect(request.body[0]!.equals(sent)).toBe(true);
  await worker.final(request.address, returned);
  expect((await reply)[0]!.equals(returned)).toBe(true);
});

test('PARTIALs reach a DEALER client of mdp/0.2 one by one, before the FINAL', async () => {
  const { endpoint } = await serve();
  const client = new RawClient02(endpoint);
  const worker = new RawWorker02(endpoint);
  await worker.ready('tail');
  await client.request('tail', 'file');
  const { address } = await worker.nextRequest();
  await worker.partial(address, 'one');
  expect(await client.reply()).toEqual({ kind: 'partial', service: 'tail', body: [Buffer.from('one')] });
  await worker.partial(address, 'two', '');
  await worker.final(address, 'end');
  expect(await client.reply()).toMatchObject({
    kind: 'partial',
    body: [Buffer.from('two'), Buffer.from('')],
  });
  expect(await client.reply()).toMatchObject({ kind: 'final', body: [Buffer.from('end')] });
});

test('after the FINAL a client is sent nothing more', async () => {
  const { endpoint } = await serve({ heartbeatMs: 20, liveness: 100 });
  const client = new RawClient02(endpoint);
  const worker = new RawWorker02(endpoint);
  await worker.ready('echo');
  const reply = client.call('echo', 'x');
  await worker.final((await worker.nextRequest()).address, 'x');
  await reply;
  await worker.expectHeartbeat();
  await client.socket.expectSilence(60);
});

test.each(CLIENTS.filter(([name]) => name !== 'mdp/0.2 DEALER client'))(
  'PARTIALs are gathered in order into the one reply of an %s',
  async (_name, newClient) => {
    const { endpoint } = await serve();
    const worker = new RawWorker02(endpoint);
    await worker.ready('tail');
    const reply = newClient(endpoint).ask('tail', 'file');
    const { address } = await worker.nextRequest();
    await worker.partial(address, 'one', 'two');
    await worker.partial(address, '');
    await worker.final(address, 'end');
    expect((await reply).map(String)).toEqual(['one', 'two', '', 'end']);
  },
);

test('both dialects of workers serve one service, and of clients are served by it', async () => {
  const { endpoint, workers } = await serve();
  const [first, second] = [new RawWorker01(endpoint), new RawWorker02(endpoint)];
  await first.ready('echo');
  await workers(1);
  await second.ready('echo');
  await workers(2);
  const replies = [new RawClient01(endpoint).ask('echo', 'a'), new RawClient02(endpoint).ask('echo', 'b')];
  for (const worker of [first, second]) {
    const { address, body } = await worker.nextRequest();
    await worker.final(address, ...body);
  }
  expect((await Promise.all(replies)).flat().map(String)).toEqual(['a', 'b']);
});
