import {
  dies,
  drops,
  fails,
  fakeWorker,
  holds,
  replies,
  startTestBroker,
  streams,
  until,
  type TestBroker,
} from '@majordomo/testing';
import { leakCheck } from '@majordomo/testkit';
import { DEADLINE_HEADER } from '../bus-http.mjs';
import { expressApp } from '../express-app.mjs';
import { fastifyApp } from '../fastify-app.mjs';

leakCheck();

const apps = [
  { name: 'Fastify', appOf: fastifyApp },
  { name: 'Express', appOf: expressApp },
];

describe.each(apps)('the API on $name', ({ appOf }) => {
  let broker: TestBroker;
  let app: ReturnType<typeof appOf>;
  let url: string;

  beforeEach(async () => {
    broker = await startTestBroker({ queueMax: 1 });
    app = appOf(broker.client());
    url = await app.listen();
  });
  afterEach(async () => {
    await app.close();
    await broker.close();
  });

  const post = (headers: Record<string, string> = {}, init: RequestInit = {}) =>
    fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"item":"chair"}',
      ...init,
    });
  const problem = async (asked: Promise<Response>) => {
    const response = await asked;
    const { code, detail } = (await response.json()) as { code: string; detail: string };
    const { status, headers } = response;
    return {
      status,
      code,
      detail,
      type: headers.get('content-type'),
      retryAfter: headers.get('retry-after'),
    };
  };

  test('an order goes to the service, as JSON, with the time of the caller', async () => {
    const orders = await fakeWorker(broker, 'orders', replies('{"ordered":"chair"}'));
    const response = await post({ [DEADLINE_HEADER]: '1900' });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ ordered: 'chair' });
    const request = await orders.expectRequest();
    expect(request.json()).toEqual({ item: 'chair' });
    expect(request.contentType).toBe('application/json');
    expect(request.remainingMs).toBeGreaterThan(0);
    expect(request.remainingMs).toBeLessThan(2_000);
  });

  test('without a header it is two seconds, and never more than thirty', async () => {
    const orders = await fakeWorker(broker, 'orders', replies('{}'));
    await (await post()).text();
    expect((await orders.expectRequest()).remainingMs).toBeLessThan(2_100);
    await (await post({ [DEADLINE_HEADER]: '999999999' })).text();
    expect((await orders.expectRequest()).remainingMs).toBeLessThan(30_100);
  });

  test.each(['soon', '0', '-1', '1.5', '1e3', '9999999999'])(
    'a deadline of %s is refused',
    async (deadline) => {
      const orders = await fakeWorker(broker, 'orders', replies('{}'));
      expect(await problem(post({ [DEADLINE_HEADER]: deadline }))).toMatchObject({
        status: 400,
        code: 'INVALID_DEADLINE',
        type: expect.stringContaining('application/problem+json'),
      });
      expect(orders.seen).toBe(0);
    },
  );

  test('503 at once where nobody serves it', async () => {
    expect(await problem(post())).toMatchObject({ status: 503, code: 'NO_WORKER', retryAfter: '1' });
  });

  test('504 where it takes too long; the service is told', async () => {
    const orders = await fakeWorker(broker, 'orders', drops());
    const late = problem(post({ [DEADLINE_HEADER]: '500' }));
    const request = await orders.expectRequest();
    expect(await late).toMatchObject({ status: 504, code: 'TIMEOUT', retryAfter: null });
    expect((await request.aborted()).code).toMatch(/^(EXPIRED|CANCELLED)$/);
  });

  test('429 where the queue is full', async () => {
    const orders = await fakeWorker(broker, 'orders', holds(), { concurrency: 1 });
    const held = post();
    const request = await orders.expectRequest();
    const queued = post();
    await until(() => broker.describe().queued === 1);
    expect(await problem(post())).toMatchObject({ status: 429, code: 'QUEUE_FULL', retryAfter: '1' });
    request.answer('{"n":1}');
    (await orders.expectRequest()).answer('{"n":2}');
    expect([await (await held).json(), await (await queued).json()]).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('502 where the service fails, without its inner life', async () => {
    await fakeWorker(broker, 'orders', fails('INTERNAL_ERROR', 'password of the database is …'));
    expect(await problem(post())).toMatchObject({
      status: 502,
      code: 'WORKER_FAILED',
      detail: 'The service failed.',
    });
  });

  test('502 where worker after worker dies with it', async () => {
    for (let n = 0; n < 3; n++) await fakeWorker(broker, 'orders', dies());
    expect(await problem(post())).toMatchObject({ status: 502, code: 'ATTEMPTS_EXHAUSTED' });
  });

  test('what the service itself says has a status of its own', async () => {
    await fakeWorker(broker, 'orders', fails('OUT_OF_STOCK', 'no lamps until Monday'));
    expect(await problem(post())).toMatchObject({
      status: 409,
      code: 'OUT_OF_STOCK',
      detail: 'no lamps until Monday',
    });
  });

  test('a browser that leaves takes its request with it', async () => {
    const orders = await fakeWorker(broker, 'orders', holds());
    const browser = new AbortController();
    const left = expect(post({}, { signal: browser.signal })).rejects.toMatchObject({ name: 'AbortError' });
    const request = await orders.expectRequest();
    browser.abort();
    await left;
    expect((await request.aborted()).code).toBe('CANCELLED');
  });

  test('what is no JSON is refused by the framework, and the service hears nothing', async () => {
    const orders = await fakeWorker(broker, 'orders', replies('{}'));
    const response = await post({}, { body: '{' });
    await response.text();
    expect(response.status).toBe(400);
    expect(orders.seen).toBe(0);
  });

  test('a report comes row by row', async () => {
    await fakeWorker(broker, 'report', streams(['{"row":1}', '{"row":2}'], '{"rows":2}'));
    const response = await fetch(`${url}/report`);
    expect(response.headers.get('content-type')).toContain('application/x-ndjson');
    expect(await response.text()).toBe('{"row":1}\n{"row":2}\n{"rows":2}\n');
  });

  test('a report that fails before its first row has a status; later its connection breaks', async () => {
    await fakeWorker(broker, 'report', [fails('NO_DATA'), streams(['{"row":1}'], fails('NO_DATA'))]);
    const ask = () => fetch(`${url}/report`);
    expect(await problem(ask())).toMatchObject({ status: 502, code: 'WORKER_FAILED' });
    const torn = await ask();
    expect(torn.status).toBe(200);
    await expect(torn.text()).rejects.toThrow();
  });

  test('a report that nobody reads any more ends at the service', async () => {
    const endless = {
      async *[Symbol.asyncIterator]() {
        for (let row = 1; ; row++) yield JSON.stringify({ row });
      },
    };
    const report = await fakeWorker(broker, 'report', streams(endless));
    const browser = new AbortController();
    const response = await fetch(`${url}/report`, { signal: browser.signal });
    await response.body?.getReader().read();
    const request = await report.expectRequest();
    browser.abort();
    expect((await request.aborted()).code).toBe('CANCELLED');
  });
});
