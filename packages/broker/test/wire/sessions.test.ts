import {
  closeAllSockets,
  leakCheck,
  RawClient02,
  RawSocket,
  RawWorker01,
  RawWorker02,
  TcpRelay,
} from '@majordomo/testkit';
import { closeBrokers, serve, WORKERS } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

describe.each(WORKERS)('%s', (_name, newWorker) => {
  test('a second READY draws DISCONNECT, and the worker is given nothing more', async () => {
    const { endpoint, next } = await serve({ heartbeatMs: 20, liveness: 100 });
    const worker = newWorker(endpoint);
    await worker.ready('echo');
    await worker.ready('echo');
    await worker.expectDisconnect();
    expect(await next('workerLost')).toMatchObject({ reason: 'protocol_error' });
    await new RawClient02(endpoint).request('echo', 'x');
    await worker.socket.expectSilence(80);
  });

  test('HEARTBEAT before READY draws DISCONNECT', async () => {
    const { endpoint, broker } = await serve();
    const worker = newWorker(endpoint);
    await worker.heartbeat();
    await worker.expectDisconnect();
    expect(broker.describe().counters).toMatchObject({ protocolErrors: 1, workersRegistered: 0 });
  });

  test('a reply of a worker that is not registered draws DISCONNECT', async () => {
    const { endpoint } = await serve();
    const worker = newWorker(endpoint);
    await worker.final('made up', 'x');
    await worker.expectDisconnect();
  });

  test('a reply that nobody asked for draws DISCONNECT and reaches no client', async () => {
    const { endpoint, next } = await serve();
    const client = new RawClient02(endpoint, { routingId: 'victim' });
    await client.ask('mmi.service', 'echo');
    const worker = newWorker(endpoint);
    await worker.ready('echo');
    await worker.final('victim', 'not asked for');
    await worker.expectDisconnect();
    expect(await next('protocolError')).toMatchObject({ detail: expect.stringContaining('reference') });
    await client.socket.expectSilence(30);
  });

  test('a second reply to one request draws DISCONNECT and reaches no client', async () => {
    const { endpoint } = await serve();
    const client = new RawClient02(endpoint);
    const worker = newWorker(endpoint);
    await worker.ready('echo');
    const reply = client.ask('echo', 'x');
    const { address } = await worker.nextRequest();
    await worker.final(address, 'one');
    await worker.final(address, 'two');
    await worker.expectDisconnect();
    expect(String(await reply)).toBe('one');
    await client.socket.expectSilence(30);
  });

  test('DISCONNECT before READY is no error, and READY may follow', async () => {
    const { endpoint, broker, workers } = await serve();
    const worker = newWorker(endpoint);
    await worker.disconnect();
    await worker.ready('echo');
    await workers(1);
    expect(broker.describe().counters).toMatchObject({ protocolErrors: 0 });
  });

  test('after its DISCONNECT a worker is sent nothing more, not even heartbeats', async () => {
    const { endpoint, next } = await serve({ heartbeatMs: 20, liveness: 100 });
    const worker = newWorker(endpoint);
    await worker.ready('echo');
    await worker.expectHeartbeat();
    await worker.disconnect();
    expect(await next('workerLost')).toMatchObject({ reason: 'disconnected' });
    await new RawClient02(endpoint).request('echo', 'x');
    const before = worker.heartbeats;
    await worker.expectNoRequest(80);
    expect(worker.heartbeats).toBeLessThanOrEqual(before + 1);
  });

  test('a worker sent away registers again on a new socket', async () => {
    const { endpoint } = await serve();
    const first = newWorker(endpoint);
    await first.heartbeat();
    await first.expectDisconnect();
    await first.close();
    const second = newWorker(endpoint);
    await second.ready('echo');
    const reply = new RawClient02(endpoint).ask('echo', 'x');
    await second.final((await second.nextRequest()).address, 'served');
    expect(String(await reply)).toBe('served');
  });
});

test('a worker that changes its dialect in mid-session draws DISCONNECT in the one it registered with', async () => {
  const { endpoint, next } = await serve();
  const worker = new RawWorker01(endpoint);
  await worker.ready('echo');
  await worker.socket.send('MDPW02', '\x05');
  await worker.expectDisconnect();
  expect(await next('workerLost')).toMatchObject({ reason: 'protocol_error' });
});

test('command 04 is a HEARTBEAT in mdp/0.1 and a FINAL in mdp/0.2; 05 is DISCONNECT and HEARTBEAT', async () => {
  const { endpoint, next, workers } = await serve();
  const [first, second] = [new RawWorker01(endpoint), new RawWorker02(endpoint)];
  await first.ready('a');
  await second.ready('b');
  await workers(2);
  await second.socket.send('MDPW02', '\x05');
  await first.socket.send('', 'MDPW01', '\x04');
  await first.socket.send('', 'MDPW01', '\x05');
  expect(await next('workerLost')).toMatchObject({ service: 'a', reason: 'disconnected' });
  await second.socket.send('MDPW02', '\x04', 'made up', '', 'x');
  expect(await next('workerLost')).toMatchObject({ service: 'b', reason: 'protocol_error' });
});

test('a worker with a routing id of its own may come back with it', async () => {
  const { endpoint, next } = await serve();
  const first = new RawWorker01(endpoint, { routingId: 'worker-7' });
  await first.ready('echo');
  await next('workerRegistered');
  await first.close();
  expect(await next('workerLost')).toMatchObject({ reason: 'connection_closed' });
  const second = new RawWorker01(endpoint, { routingId: 'worker-7' });
  await second.ready('echo');
  expect(await next('workerRegistered')).toMatchObject({ peer: Buffer.from('worker-7').toString('hex') });
  const reply = new RawClient02(endpoint).ask('echo', 'x');
  await second.final((await second.nextRequest()).address, 'back');
  expect(String(await reply)).toBe('back');
});

test('a connection that breaks and comes back in silence has to register again', async () => {
  const { endpoint, next } = await serve();
  const relay = await TcpRelay.to(endpoint);
  const worker = new RawWorker01(relay.endpoint, { routingId: 'worker-7' });
  await worker.ready('echo');
  await next('workerRegistered');
  relay.cut();
  expect(await next('workerLost')).toMatchObject({ reason: 'connection_closed' });
  await worker.heartbeat();
  await worker.expectDisconnect();
  await closeAllSockets();
  await relay.close();
});

test('one empty frame, which looks like news of a connection, costs a worker nothing', async () => {
  const { endpoint, workers } = await serve();
  const worker = new RawWorker01(endpoint);
  await worker.ready('echo');
  await worker.socket.send('');
  const reply = new RawClient02(endpoint).ask('echo', 'x');
  await worker.final((await worker.nextRequest()).address, 'still here');
  expect(String(await reply)).toBe('still here');
  await workers(1);
});

test('one socket can be client and worker at once', async () => {
  const { endpoint } = await serve();
  const socket = new RawSocket('dealer').connect(endpoint);
  await socket.send('MDPW02', '\x01', 'echo');
  await socket.send('', 'MDPC01', 'echo', 'to myself');
  const request = await socket.receive();
  expect(request.map(String)).toEqual(['MDPW02', '\x02', expect.any(String), '', 'to myself']);
  await socket.send('MDPW02', '\x04', request[2]!, '', 'from myself');
  expect((await socket.receive()).map(String)).toEqual(['', 'MDPC01', 'echo', 'from myself']);
});
