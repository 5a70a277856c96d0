import { leakCheck } from '@majordomo/testkit';
import {
  drops,
  expectError,
  fakeWorker,
  holds,
  repeats,
  startTestBroker,
  until,
  type TestBroker,
} from '../src/index';

leakCheck();

let broker: TestBroker;
beforeEach(async () => {
  broker = await startTestBroker();
});
afterEach(() => broker.close());

describe('a test broker', () => {
  test('has an endpoint of its own on loopback', async () => {
    await using other = await startTestBroker();
    expect(broker.endpoint).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    expect(other.endpoint).not.toBe(broker.endpoint);
  });

  test('takes the options of a broker', async () => {
    await using small = await startTestBroker({ queueMax: 1 });
    const client = small.client();
    const waiting = expectError(client.request('mail'), 'CLOSED');
    await until(() => small.describe().queued === 1);
    await expectError(client.request('mail'), 'QUEUE_FULL');
    await small.close();
    await waiting;
    await expectError(startTestBroker({ queueMax: -1 }), 'INVALID_OPTIONS');
  });

  test('serves workers of ours', async () => {
    await broker.worker('echo', ({ body }) => body);
    expect((await broker.client().request('echo', 'hello')).text()).toBe('hello');
  });

  test('is closed with all that was made through it', async () => {
    const client = broker.client();
    const worker = await broker.worker('echo', ({ body }) => body);
    const mail = await fakeWorker(broker, 'mail', 'sent');
    await client.request('mail');
    await broker.close();
    expect(worker.state).toBe('closed');
    expect(mail.link.connections).toBe(0);
    await expectError(client.request('mail'), 'CLOSED');
    await expect(broker.start()).rejects.toMatchObject({ code: 'STATE' });
    expect(() => broker.client()).toThrow(expect.objectContaining({ code: 'STATE' }));
    await broker.close();
  });
});

describe('a test broker that comes back', () => {
  test('does so once', async () => {
    await broker.crash();
    const started = broker.start();
    await expect(broker.start()).rejects.toMatchObject({ code: 'STATE' });
    await started;
    await broker.worker('echo', ({ body }) => body);
  });

  test('and is closed meanwhile does not', async () => {
    await broker.crash();
    const started = expectError(broker.start(), 'STATE');
    await broker.close();
    await started;
    expect(() => broker.describe()).toThrow(expect.objectContaining({ code: 'STATE' }));
  });

  test('while it still goes down knows who serves what', async () => {
    await fakeWorker(broker, 'mail', 'sent');
    const stopped = broker.stop();
    await broker.start();
    await stopped;
    await broker.served('mail');
    expect((await broker.client().request('mail')).text()).toBe('sent');
  });
});

describe('waiting', () => {
  test('until a service is served, by as many as are wanted', async () => {
    const served = broker.served('mail', { workers: 2 });
    const one = await fakeWorker(broker, 'mail', 'sent');
    expect(broker.workers('mail')).toBe(1);
    await fakeWorker(broker, 'mail', 'sent');
    await served;
    expect(broker.workers('mail')).toBe(2);
    await one.close();
    expect(broker.workers('mail')).toBe(1);
  });

  test('until a service is served no more', async () => {
    const mail = await fakeWorker(broker, 'mail', 'sent');
    const unserved = broker.unserved('mail');
    await mail.close();
    await unserved;
  });

  test('in vain is a failure in words', async () => {
    await expect(broker.served('mail', { timeoutMs: 10 })).rejects.toThrow(
      'waited 10 ms for 1 workers of mail: there are 0',
    );
    await fakeWorker(broker, 'mail', 'sent');
    await expect(broker.unserved('mail', { timeoutMs: 10 })).rejects.toThrow(
      'waited 10 ms for mail to be served no more: it has 1 workers',
    );
    await expect(broker.event('requestExpired', undefined, { timeoutMs: 10 })).rejects.toThrow(
      'waited 10 ms for the event requestExpired',
    );
    await expect(until(() => 0, { timeoutMs: 10, what: 'the end of time' })).rejects.toThrow(
      'waited 10 ms for the end of time; last it gave 0',
    );
  });

  test.each([Infinity, NaN, -1, 1.5, 2 ** 31])(
    'for no time that a timer can hold (%p) is refused',
    async (ms) => {
      const refusal = {
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(/ is a whole number of ms from 0 to/),
      };
      await expect(broker.served('mail', { timeoutMs: ms })).rejects.toMatchObject(refusal);
      await expect(until(() => 0, { timeoutMs: ms })).rejects.toMatchObject(refusal);
      await expect(until(() => 0, { everyMs: ms })).rejects.toMatchObject(refusal);
      expect(() => broker.network.delay(ms)).toThrow(expect.objectContaining(refusal));
    },
  );

  test('for an event that passes a filter', async () => {
    const lost = broker.event('workerLost', ({ service }) => service === 'b');
    for (const service of ['a', 'b']) await (await fakeWorker(broker, service, 'x')).close();
    expect(await lost).toMatchObject({ service: 'b', reason: 'disconnected' });
    expect(broker.events.map(({ type }) => type)).toEqual([
      'workerRegistered',
      'workerLost',
      'workerRegistered',
      'workerLost',
    ]);
  });

  test('for an event with a filter that throws', async () => {
    const event = broker.event('workerRegistered', () => {
      throw new Error('a bug in the filter');
    });
    event.catch(() => undefined);
    await fakeWorker(broker, 'mail', 'sent');
    await expect(event).rejects.toThrow('a bug in the filter');
  });
});

describe('down and up again', () => {
  test('a restart at the same endpoint: what was under way is sent again', async () => {
    const { endpoint } = broker;
    const mail = await fakeWorker(broker, 'mail', [drops(), repeats('sent')]);
    const request = broker.client().request('mail', 'x');
    const first = await mail.expectRequest();
    await broker.restart();
    expect((await first.aborted()).code).toBe('CONNECTION_LOST');
    expect((await request).text()).toBe('sent');
    expect(broker.endpoint).toBe(endpoint);
    expect(mail.requests.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });

  test('a request that may not go twice is lost with the broker', async () => {
    const mail = await fakeWorker(broker, 'mail', holds());
    const request = expectError(
      broker.client().request('mail', 'x', { idempotent: false }),
      'CONNECTION_LOST',
    );
    await mail.expectRequest();
    await broker.crash();
    await request;
    await expect(broker.stop()).resolves.toBeUndefined();
    expect(() => broker.describe()).toThrow(expect.objectContaining({ code: 'STATE' }));
    await broker.start();
    await broker.served('mail');
    await expect(broker.start()).rejects.toMatchObject({ code: 'STATE' });
  });

  test('a stop tells workers and clients', async () => {
    const mail = await fakeWorker(broker, 'mail', holds());
    const request = expectError(broker.client().request('mail', 'x', { retries: 0 }), 'BROKER_DRAINING');
    const seen = await mail.expectRequest();
    await broker.stop();
    await request;
    expect((await seen.aborted()).code).toBe('CONNECTION_LOST');
    expect(broker.workers('mail')).toBe(0);
  });

  test('a client that asks while the broker is down is answered when it is back', async () => {
    const mail = await fakeWorker(broker, 'mail', 'sent');
    const client = broker.client();
    await client.request('mail');
    await broker.crash();
    const request = client.request('mail');
    await broker.start();
    expect((await request).text()).toBe('sent');
    expect(mail.seen).toBe(2);
  });
});

describe('links', () => {
  test('one of their own for a client: cut off, it sends again', async () => {
    const mail = await fakeWorker(broker, 'mail', [holds(), repeats('sent')]);
    const link = await broker.link();
    const client = broker.client({ brokers: link.endpoint });
    const request = client.request('mail', 'x');
    const seen = await mail.expectRequest();
    expect(link.connections).toBe(1);
    link.cut();
    expect((await seen.aborted()).code).toBe('CANCELLED');
    expect((await request).text()).toBe('sent');
  });

  test('slow: every byte takes its time, in both directions', async () => {
    await fakeWorker(broker, 'mail', 'sent');
    const client = broker.client();
    await client.request('mail');
    broker.network.delay(40);
    const startedAt = performance.now();
    expect((await client.request('mail')).text()).toBe('sent');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(79);
    for (const ms of [-1, 0.5, NaN]) {
      expect(() => broker.network.delay(ms)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    }
  });

  test('large bodies pass, slow or not', async () => {
    await broker.worker('echo', ({ body }) => body);
    const client = broker.client();
    const large = new Uint8Array(1_024 * 1_024).fill(7);
    for (const delayMs of [0, 20]) {
      broker.network.delay(delayMs);
      const reply = await client.request('echo', large);
      expect(Buffer.compare(reply.bytes(), large)).toBe(0);
    }
  });

  test('silent: nothing arrives until it is restored', async () => {
    const mail = await fakeWorker(broker, 'mail', 'sent');
    const client = broker.client();
    await client.request('mail');
    const gone = broker.event('clientGone');
    broker.network.drop();
    await expectError(client.request('mail', 'x', { timeoutMs: 50 }), 'TIMEOUT');
    await gone;
    expect(mail.seen).toBe(1);
    broker.network.restore();
    expect((await client.request('mail')).text()).toBe('sent');
  });

  test('refused: nobody gets in until it is restored', async () => {
    await fakeWorker(broker, 'mail', 'sent');
    broker.network.refuse();
    const client = broker.client();
    await expectError(client.request('mail', 'x', { timeoutMs: 50 }), 'TIMEOUT');
    broker.network.restore();
    expect((await client.request('mail')).text()).toBe('sent');
  });
});
