import {
  closeAllSockets,
  eventually,
  leakCheck,
  RawClient02,
  RawPackedClient,
  RawPackedWorker,
  RawWorker02,
} from '@majordomo/testkit';
import { closeBrokers, serve } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

test('a client that does not read is cut off, and others are served meanwhile', async () => {
  const { endpoint, broker, next } = await serve({ backlogMax: 50 });
  const worker = new RawWorker02(endpoint);
  await worker.ready('flood');
  const deaf = new RawClient02(endpoint, { read: false, highWaterMark: 1 });
  await deaf.request('flood', 'x');
  const { address } = await worker.nextRequest();
  const part = Buffer.alloc(16 * 1024);
  const other = new RawClient02(endpoint);
  for (let sent = 0; broker.describe().counters['withdrawn'] === 0 && sent < 20_000; sent++) {
    await worker.partial(address, part);
    if (sent % 100 === 0) expect((await other.ask('mmi.service', 'flood')).map(String)).toEqual(['200']);
  }
  expect(await next('clientGone')).toMatchObject({ withdrawn: 1 });
  await worker.final(address, 'end');
  const reply = other.ask('flood', 'x');
  await worker.final((await worker.nextRequest()).address, 'served');
  expect(String(await reply)).toBe('served');
});

test('a client of mdp/0.2 that does not read pauses its packed worker, and is not cut off', async () => {
  const { endpoint, broker } = await serve({ backlogMax: 100 });
  const worker = new RawPackedWorker(endpoint);
  await worker.connect('flood');
  const slow = new RawClient02(endpoint, { read: false, highWaterMark: 1 });
  await slow.request('flood', 'x');
  const { id, window } = await worker.nextRequest();
  const part = Buffer.alloc(16 * 1024);
  let sent = 0;
  for (let left = window; left > 0;) {
    for (; left > 0; left--) await worker.partial(id, Buffer.from(String(sent++)), part);
    left = await worker.nextWindow(300).then(
      ({ more }) => more,
      () => 0,
    );
  }
  expect(broker.describe()).toMatchObject({ clients: 1, counters: { withdrawn: 0 } });
  const other = new RawPackedClient(endpoint);
  await other.connect();
  expect((await other.ask('mmi.service', 'flood')).map(String)).toEqual(['200']);
  for (let n = 0; n < sent; n++) {
    const [, , , number] = await slow.socket.zmq.receive();
    expect(String(number)).toBe(String(n));
  }
  await worker.nextWindow();
  await worker.final(id, 'end');
  expect(String((await slow.socket.zmq.receive())[3])).toBe('end');
  expect(worker.violations).toEqual([]);
});

test('a packed client that does not read is cut off, and its worker told', async () => {
  const { broker, endpoint, next } = await serve({ backlogMax: 50, heartbeatMs: 30_000 });
  const worker = new RawPackedWorker(endpoint);
  await worker.connect('flood');
  const deaf = new RawPackedClient(endpoint, { read: false, highWaterMark: 1 });
  await deaf.hello();
  await deaf.request('flood', ['x'], { window: 1_000_000 });
  const { id } = await worker.nextRequest();
  const part = Buffer.alloc(16 * 1024);
  let gone = false;
  const cancelled = worker.nextCancel(30_000).then((ref) => {
    gone = true;
    return ref;
  });
  while (!gone) await worker.partial(id, part);
  expect(await cancelled).toBe(id);
  expect(await next('clientGone')).toMatchObject({ withdrawn: 1 });
  await worker.failure(id, 'CANCELLED');
  // All that the worker had sent before has to be read first.
  await eventually(() => broker.describe().counters['repliesDropped'] === 1);
  const other = new RawPackedClient(endpoint);
  await other.connect();
  const reply = other.ask('flood', 'x');
  await worker.final((await worker.nextRequest()).id, 'served');
  expect(String(await reply)).toBe('served');
});

test('large replies to a packed client that does not read are held up to a bound in bytes', async () => {
  const MIB = 1 << 20;
  const { endpoint, events } = await serve({ backlogBytesMax: 8 * MIB, heartbeatMs: 30_000 });
  const worker = new RawPackedWorker(endpoint);
  await worker.connect('large', { credit: 1_000 });
  const other = new RawPackedClient(endpoint);
  await other.connect();
  const deaf = new RawPackedClient(endpoint, { read: false, highWaterMark: 1 });
  await deaf.hello();
  const reply = Buffer.alloc(MIB);
  for (let asked = 0; asked < 150; asked++) await deaf.request('large', ['x']);
  const refs = [];
  for (let given = 0; given < 150; given++) refs.push((await worker.nextRequest()).id);
  let answered = 0;
  while (answered < refs.length && !events.some(({ type }) => type === 'clientGone')) {
    await worker.final(refs[answered++]!, reply);
    await other.ask('mmi.service', 'large');
  }
  expect(events).toContainEqual(expect.objectContaining({ type: 'clientGone' }));
  // 16 MiB and one message with ZeroMQ, 8 MiB in the backlog, and what the system and ZeroMQ at the client hold.
  expect(answered).toBeLessThan(16 + 1 + 8 + 20);
});

test('a plain client that takes nothing of its replies loses its connection', async () => {
  const { endpoint, next } = await serve({ stallMs: 300 });
  const worker = new RawPackedWorker(endpoint);
  await worker.connect('large', { credit: 100 });
  const deaf = new RawClient02(endpoint, { read: false, highWaterMark: 1 });
  const reply = Buffer.alloc(1 << 20);
  for (let sent = 0; sent < 30; sent++) await deaf.request('large', 'x');
  await deaf.request('large', 'last');
  for (let answered = 0; answered < 30; answered++) {
    await worker.final((await worker.nextRequest()).id, reply);
  }
  const { id } = await worker.nextRequest();
  expect(await next('clientGone')).toMatchObject({ withdrawn: 1 });
  expect(await worker.nextCancel()).toBe(id);
});
