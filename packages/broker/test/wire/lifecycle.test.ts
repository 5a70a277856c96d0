import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateError, type Logger } from '@majordomo/protocol';
import {
  closeAllSockets,
  eventually,
  leakCheck,
  RawClient01,
  RawClient02,
  RawWorker01,
  RawWorker02,
} from '@majordomo/testkit';
import { Broker } from '../../src/index';
import { closeBrokers, serve, WORKERS } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

const ipc = (name: string): string => `ipc://${join(tmpdir(), `majordomo-${process.pid}-${name}`)}`;

/** A logger that keeps its lines. */
function recorder(): Logger & { readonly lines: [level: string, text: string, fields: object][] } {
  const lines: [string, string, object][] = [];
  const level = (name: string) => (fields: object, text: string) => void lines.push([name, text, fields]);
  return { lines, debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
}

describe('endpoints', () => {
  test('several are served at once, tcp and ipc, and peers meet across them', async () => {
    const { broker } = await serve({ bind: ['tcp://127.0.0.1:0', ipc('several'), 'tcp://127.0.0.1:*'] });
    const [first, second, third] = broker.endpoints as [string, string, string];
    expect(first).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    expect(second).toBe(ipc('several'));
    const worker = new RawWorker01(second);
    await worker.ready('echo');
    for (const endpoint of [first, second, third]) {
      const reply = new RawClient02(endpoint).ask('echo', endpoint);
      const { address, body } = await worker.nextRequest();
      await worker.final(address, ...body);
      expect(String(await reply)).toBe(endpoint);
    }
  });

  test('one that is taken is a BindError that names it, and leaves the broker closed', async () => {
    const { endpoint } = await serve();
    const broker = new Broker({ bind: ['tcp://127.0.0.1:0', endpoint] });
    await expect(broker.start()).rejects.toMatchObject({
      code: 'BIND_FAILED',
      endpoint,
      message: expect.stringContaining('already in use'),
    });
    await expect(broker.start()).rejects.toThrow('This broker is closed');
  });

  test.each(['tcp://203.0.113.7:5555', 'tcp://no-such-interface0:5555', 'ipc:///no/such/directory/socket'])(
    '%s, which cannot be had, is a BindError',
    async (endpoint) => {
      const broker = new Broker({ bind: endpoint });
      await expect(broker.start()).rejects.toMatchObject({ code: 'BIND_FAILED', endpoint });
    },
  );

  test('a broker that has closed leaves its port free', async () => {
    const { broker, endpoint } = await serve();
    await broker.close();
    // ZeroMQ lets go of it in a thread of its own.
    const again = await eventually(() => serve({ bind: endpoint }));
    expect(again.endpoint).toBe(endpoint);
  });
});

describe('start and close', () => {
  test('a broker starts once', async () => {
    const { broker } = await serve();
    await expect(broker.start()).rejects.toThrow(StateError);
  });

  test('a broker that is closed while it starts says so, and leaves nothing behind', async () => {
    const broker = new Broker({ bind: ['tcp://127.0.0.1:0', 'tcp://127.0.0.1:*'] });
    const started = expect(broker.start()).rejects.toMatchObject({ code: 'STATE' });
    await broker.close();
    await started;
  });

  test('a broker that was never started can be closed and drained', async () => {
    await new Broker().close();
    await new Broker().drain();
  });

  test('close sends every worker DISCONNECT, and may be called again', async () => {
    const { broker, endpoint, workers } = await serve();
    const pool = WORKERS.map(([, newWorker]) => newWorker(endpoint));
    for (const worker of pool) await worker.ready('echo');
    await workers(2);
    await Promise.all([broker.close(), broker.close(), broker.drain()]);
    for (const worker of pool) await worker.expectDisconnect();
  });

  test('a second close waits for the first', async () => {
    const { broker } = await serve();
    let closed = false;
    void broker.close().then(() => (closed = true));
    await broker.close();
    expect(closed).toBe(true);
  });

  test('await using drains it', async () => {
    let used: Broker;
    {
      await using broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
      await broker.start();
      used = broker;
    }
    await expect(used.start()).rejects.toThrow('closed');
  });
});

describe('drain', () => {
  test('finishes what is under way, takes no more, and sends every worker away', async () => {
    const { broker, endpoint, next } = await serve();
    const worker = new RawWorker02(endpoint);
    await worker.ready('echo');
    const client = new RawClient02(endpoint);
    for (const text of ['held', 'queued']) await client.request('echo', text);
    const held = await worker.nextRequest();
    await client.request('mmi.service', 'echo');
    await client.reply();
    const drained = broker.drain();
    await client.request('echo', 'too late');
    expect(await next('requestFailed')).toMatchObject({ code: 'BROKER_DRAINING' });
    const latecomer = new RawWorker01(endpoint);
    await latecomer.ready('echo');
    await latecomer.expectDisconnect();
    await worker.final(held.address, 'one');
    const queued = await worker.nextRequest();
    await worker.final(queued.address, 'two');
    await worker.expectDisconnect();
    await drained;
    expect([(await client.reply()).body, (await client.reply()).body].map(String)).toEqual(['one', 'two']);
    await client.socket.expectSilence(20);
  });

  test('called twice waits twice, and does not cut the first short', async () => {
    const { broker, endpoint } = await serve();
    const worker = new RawWorker02(endpoint);
    await worker.ready('echo');
    const reply = new RawClient01(endpoint).ask('echo', 'x');
    reply.catch(() => undefined);
    const { address } = await worker.nextRequest();
    const drained = Promise.all([broker.drain(), broker.drain()]);
    await worker.final(address, 'served');
    expect(String(await reply)).toBe('served');
    await drained;
  });

  test('ends when its time is up, with a warning', async () => {
    const logger = recorder();
    const { broker, endpoint } = await serve({ drainTimeoutMs: 50, logger });
    const worker = new RawWorker02(endpoint);
    await worker.ready('echo');
    await new RawClient02(endpoint).request('echo', 'x');
    await worker.nextRequest();
    await broker.drain();
    await worker.expectDisconnect();
    expect(logger.lines).toContainEqual([
      'warn',
      expect.stringContaining('drained no further'),
      { event: 'drainTimedOut', drainTimeoutMs: 50 },
    ]);
  });

  test('ends when the last client that waits has left', async () => {
    const { broker, endpoint, next } = await serve();
    const worker = new RawWorker02(endpoint);
    await worker.ready('echo');
    const client = new RawClient02(endpoint);
    await client.request('echo', 'x');
    await worker.nextRequest();
    const drained = broker.drain();
    await client.close();
    await next('clientGone');
    await drained;
  });

  test('close cuts a drain short', async () => {
    const { broker, endpoint } = await serve();
    const worker = new RawWorker02(endpoint);
    await worker.ready('echo');
    await new RawClient02(endpoint).request('echo', 'x');
    await worker.nextRequest();
    const drained = broker.drain();
    await broker.close();
    await drained;
  });
});

describe('events and log', () => {
  test('what happens is emitted, typed, and logged', async () => {
    const logger = recorder();
    const { broker, endpoint, events, next } = await serve({ logger, serviceExpiryMs: 60_000 });
    const worker = new RawWorker01(endpoint, { routingId: 'w' });
    await worker.ready('echo');
    expect(await next('workerRegistered')).toEqual({
      type: 'workerRegistered',
      peer: '77',
      service: 'echo',
      dialect: 'mdp/0.1',
    });
    await worker.socket.send('', 'MDPW01', '\x09');
    expect(await next('messageRejected')).toMatchObject({
      peer: '77',
      rejection: { reason: 'unknown_command' },
    });
    expect(await next('workerLost')).toMatchObject({ peer: '77', reason: 'invalid_message', held: 0 });
    await broker.close();
    expect(logger.lines.map(([level, text]) => `${level}: ${text}`)).toEqual([
      'info: broker listening',
      'info: worker registered',
      'warn: message rejected',
      'warn: worker lost',
      'info: broker closed',
    ]);
    expect(logger.lines[1]![2]).toEqual({
      event: 'workerRegistered',
      peer: '77',
      service: 'echo',
      dialect: 'mdp/0.1',
    });
    expect(events).toHaveLength(3);
  });

  test('a listener that throws does not keep the broker from serving; its error surfaces as its own', async () => {
    const thrown: unknown[] = [];
    const queue = globalThis.queueMicrotask;
    const spy = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) =>
      queue(() => {
        try {
          callback();
        } catch (error) {
          thrown.push(error);
        }
      }),
    );
    const { broker, endpoint } = await serve();
    const mistake = new Error('a mistake of the listener');
    broker.on('workerRegistered', () => {
      throw mistake;
    });
    const worker = new RawWorker01(endpoint);
    await worker.ready('echo');
    const reply = new RawClient02(endpoint).ask('echo', 'x');
    await worker.final((await worker.nextRequest()).address, 'served');
    expect(String(await reply)).toBe('served');
    expect(thrown).toEqual([mistake]);
    spy.mockRestore();
  });
});
