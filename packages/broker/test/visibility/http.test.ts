import type { IncomingMessage } from 'node:http';
import {
  closeAllSockets,
  eventually,
  leakCheck,
  RawClient02,
  RawSocket,
  RawWorker02,
} from '@majordomo/testkit';
import { BrokerCore } from '../../src/core/broker-core';
import { Broker } from '../../src/index';
import type { Snapshot } from '../../src/visibility/snapshot';
import { closeBrokers } from '../wire/served';
import { addressOf, show, valuesOf, type Shown } from './shown';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

const TOKEN = 'a-token-of-sixteen-or-more';
const AUTHORIZED = { headers: { Authorization: `Bearer ${TOKEN}` } };

/** One request from a plain client to a plain worker, and its answer. */
async function roundTrip({ endpoint, workers }: Shown): Promise<void> {
  const worker = new RawWorker02(endpoint);
  await worker.ready('echo');
  await workers(1);
  const client = new RawClient02(endpoint);
  await client.request('echo', 'hello');
  const { address } = await worker.nextRequest();
  await worker.final(address, 'world');
  expect((await client.reply()).kind).toBe('final');
}

describe('health', () => {
  test('a broker that serves is alive and ready', async () => {
    const { get } = await show();
    expect((await get('/healthz')).status).toBe(200);
    const { status, text } = await get('/readyz');
    expect([status, JSON.parse(text)]).toEqual([200, { ready: true, reasons: [] }]);
  });

  test('a broker that drains is alive and not ready, and says why', async () => {
    const shown = await show();
    const worker = new RawWorker02(shown.endpoint);
    await worker.ready('echo');
    await shown.workers(1);
    await new RawClient02(shown.endpoint).request('echo', 'hello');
    await worker.nextRequest();
    const drained = shown.broker.drain();
    expect((await shown.get('/healthz')).status).toBe(200);
    const response = await shown.get('/readyz');
    expect([response.status, JSON.parse(response.text)]).toEqual([
      503,
      { ready: false, reasons: ['the broker is draining: it takes no more requests'] },
    ]);
    await shown.broker.close();
    await drained;
  });

  test('a loop that stood still is said for some seconds', async () => {
    const { get } = await show();
    const until = performance.now() + 1_300;
    while (performance.now() < until);
    const response = await get('/readyz');
    expect(response.status).toBe(503);
    const { reasons } = JSON.parse(response.text) as { reasons: string[] };
    expect(reasons).toEqual([
      expect.stringMatching(/^the event loop stood still for \d{4} ms in the last 5 s$/),
    ]);
  });
});

describe('metrics', () => {
  test('a request is in them from end to end', async () => {
    const shown = await show();
    await roundTrip(shown);
    const response = await shown.get('/metrics');
    expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const values = valuesOf(response.text);
    expect(values.get('majordomo_requests_total{service="echo",outcome="answered"}')).toBe(1);
    expect(values.get('majordomo_request_queue_seconds_count{service="echo"}')).toBe(1);
    expect(values.get('majordomo_request_worker_seconds_bucket{service="echo",le="+Inf"}')).toBe(1);
    expect(values.get('majordomo_workers{service="echo",state="idle"}')).toBe(1);
    expect(values.get('majordomo_peers{role="worker",dialect="mdp/0.2"}')).toBe(1);
    expect(values.get('majordomo_messages_total{direction="in"}')).toBe(3);
    expect(values.get('majordomo_messages_total{direction="out"}')).toBe(2);
    expect(values.get('majordomo_bytes_total{direction="in"}')).toBeGreaterThan(10);
  });

  test('services beyond metricsServicesMax share a label', async () => {
    const shown = await show({ metricsServicesMax: 1 });
    for (const [before, name] of ['first', 'second', 'third'].entries()) {
      await new RawWorker02(shown.endpoint).ready(name);
      await shown.workers(before + 1);
    }
    const values = valuesOf((await shown.get('/metrics')).text);
    const workers = [...values].filter(([name]) => name.startsWith('majordomo_workers{'));
    expect(Object.fromEntries(workers.filter(([, value]) => value > 0))).toEqual({
      'majordomo_workers{service="first",state="idle"}': 1,
      'majordomo_workers{service="other",state="idle"}': 2,
    });
  });

  test('an answer takes one look at services, workers and clients, with requests served in between', async () => {
    const shown = await show();
    const looks = jest.spyOn(BrokerCore.prototype, 'clients', 'get');
    try {
      await shown.get('/metrics');
      expect(looks).toHaveBeenCalledTimes(1);
      await shown.get('/metrics');
      expect(looks).toHaveBeenCalledTimes(2);
    } finally {
      looks.mockRestore();
    }
  });

  test('histograms add up bucket by bucket', async () => {
    const shown = await show();
    await roundTrip(shown);
    const values = valuesOf((await shown.get('/metrics')).text);
    const buckets = [...values].filter(([name]) =>
      name.startsWith('majordomo_request_duration_seconds_bucket{service="echo"'),
    );
    expect(buckets).toHaveLength(18);
    expect(buckets.map(([, value]) => value)).toEqual(buckets.map(([, value]) => value).sort());
    expect(buckets.at(-1)?.[1]).toBe(1);
  });
});

describe('who may see what', () => {
  test.each(['/metrics', '/snapshot', '/events'])('%s wants the token, and no other', async (path) => {
    const { get, open } = await show({ httpToken: TOKEN });
    const refused = await get(path);
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer realm="majordomo"']);
    expect((await get(path, { headers: { Authorization: `Bearer ${TOKEN}x` } })).status).toBe(401);
    expect((await get(path, { headers: { Authorization: TOKEN } })).status).toBe(401);
    const taken = await open(path, AUTHORIZED);
    expect(taken.statusCode).toBe(200);
    taken.destroy();
  });

  test('health is for everybody, and the page without the token is the page that asks for it', async () => {
    const { get } = await show({ httpToken: TOKEN });
    expect([(await get('/healthz')).status, (await get('/readyz')).status]).toEqual([200, 200]);
    const page = await get('/');
    expect([page.status, page.text]).toEqual([401, expect.stringContaining('id="login"')]);
    expect((await get('/', AUTHORIZED)).status).toBe(200);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is refused everywhere', async (method) => {
    const { get } = await show();
    for (const path of ['/', '/metrics', '/snapshot', '/events', '/healthz']) {
      const response = await get(path, { method });
      expect([response.status, response.headers['allow']]).toEqual([405, 'GET, HEAD']);
    }
  });

  test('on loopback only loopback names are answered', async () => {
    const { broker, get } = await show();
    const { port } = new URL(addressOf(broker));
    const statusFor = async (host: string): Promise<number> =>
      (await get('/healthz', { headers: { host } })).status;
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
      expect(await statusFor(host)).toBe(200);
    for (const host of [`rebound.example:${port}`, '127.0.0.1.rebound.example', 'localhost.rebound.example'])
      expect(await statusFor(host)).toBe(403);
  });

  test('every answer has the headers that keep a browser from mischief', async () => {
    const { get } = await show();
    const page = await get('/');
    const policy = page.headers['content-security-policy'] ?? '';
    expect(policy).toMatch(/default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'/);
    expect(policy).not.toContain('unsafe');
    for (const path of ['/', '/metrics', '/nowhere']) {
      const { headers } = await get(path);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['cache-control']).toBe('no-store');
    }
  });
});

describe('watching', () => {
  /** Reads snapshots off an event stream until one passes. */
  async function until(
    response: IncomingMessage,
    passes: (snapshot: Snapshot) => boolean,
  ): Promise<Snapshot> {
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) {
      text += String(chunk);
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        expect(block).toMatch(/^event: snapshot\ndata: /);
        const snapshot = JSON.parse(block.slice(block.indexOf('data: ') + 6)) as Snapshot;
        if (passes(snapshot)) return snapshot;
      }
    }
    throw new Error('The stream ended.');
  }

  test('a snapshot comes at once, and those that follow tell what has happened since', async () => {
    const shown = await show();
    const response = await shown.open('/events');
    expect(response.headers['content-type']).toBe('text/event-stream');
    const reading = until(response, ({ services }) => services.some(({ rate }) => (rate ?? 0) > 0));
    await roundTrip(shown);
    const { services, workers, broker } = await reading;
    expect(services).toEqual([
      expect.objectContaining({
        service: 'echo',
        queued: 0,
        workers: { idle: 1, busy: 0, full: 0, draining: 0 },
      }),
    ]);
    expect(services[0]?.p99Ms).toBeGreaterThan(0);
    expect(workers).toEqual([
      expect.objectContaining({ service: 'echo', dialect: 'mdp/0.2', state: 'idle' }),
    ]);
    expect([broker.ready, broker.rate > 0]).toEqual([true, true]);
  });

  test('what went wrong is in them', async () => {
    const shown = await show();
    await new RawSocket('dealer', { name: 'garbage' }).connect(shown.endpoint).send('MDPC02', 'nonsense');
    await shown.next('messageRejected');
    const { incidents } = JSON.parse((await shown.get('/snapshot')).text) as Snapshot;
    expect(incidents).toEqual([
      expect.objectContaining({ kind: 'fault', event: 'messageRejected', times: 1 }),
    ]);
  });

  test('a service that nobody has served is not measured for itself, whatever it is called', async () => {
    const shown = await show();
    await new RawClient02(shown.endpoint).request('other', 'hello');
    let snapshots = 0;
    const { services } = await until(
      await shown.open('/events'),
      ({ services: [other] }) => other !== undefined && ++snapshots === 2,
    );
    expect(services).toMatchObject([{ service: 'other', rate: null, errorRate: null, queued: 1 }]);
  });

  test('thirty-two may watch, and one more when somebody has left', async () => {
    const { get, open } = await show();
    const watching = await Promise.all(Array.from({ length: 32 }, () => open('/events')));
    const refused = await get('/events');
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '10']);
    watching[0]?.destroy();
    const next = await eventually(
      async () => {
        const response = await open('/events');
        if (response.statusCode === 200) return response;
        response.destroy();
        return undefined;
      },
      { what: 'a place to watch from' },
    );
    for (const response of [...watching, next]) response.destroy();
  });

  test('a question for the headers alone is answered, and takes no place', async () => {
    const { get, open } = await show();
    for (let n = 0; n < 33; n++) {
      const { status, headers, text } = await get('/events', { method: 'HEAD' });
      expect([status, headers['content-type'], text]).toEqual([200, 'text/event-stream', '']);
    }
    const watching = await open('/events');
    expect(watching.statusCode).toBe(200);
    watching.destroy();
  });

  test('it goes on where the process has no descriptor left to look at its memory with', async () => {
    const shown = await show();
    const refused = jest.spyOn(process, 'memoryUsage').mockImplementation(() => {
      throw new Error('EMFILE: too many open files, uv_resident_set_memory');
    });
    try {
      expect((await shown.get('/metrics')).status).toBe(200);
      const watching = await shown.open('/events');
      let snapshots = 0;
      await until(watching, () => ++snapshots === 2);
      expect(refused).toHaveBeenCalled();
    } finally {
      refused.mockRestore();
    }
  });

  test('whoever watches does not keep a broker from closing', async () => {
    const { broker, open } = await show();
    const response = await open('/events');
    const ended = new Promise((resolve) => response.once('close', resolve).once('error', () => undefined));
    response.resume();
    const address = addressOf(broker);
    await broker.close();
    await ended;
    await expect(fetch(`${address}/healthz`)).rejects.toThrow();
  });
});

describe('where', () => {
  test('an address that is taken is a BindError, and the broker is closed', async () => {
    const { broker } = await show();
    const http = new URL(addressOf(broker)).host;
    const second = new Broker({ bind: 'tcp://127.0.0.1:0', http });
    await expect(second.start()).rejects.toMatchObject({
      code: 'BIND_FAILED',
      message: `Cannot serve http://${http}: the address is already in use.`,
    });
    await second.close();
  });

  test('a broker that is closed while it starts leaves nothing behind', async () => {
    const broker = new Broker({ bind: 'tcp://127.0.0.1:0', http: '127.0.0.1:0' });
    const started = broker.start().catch((error: unknown) => error);
    await broker.close();
    expect(await started).toMatchObject({ code: 'STATE' });
  });

  test('without http there is no address', async () => {
    const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
    await broker.start();
    expect(broker.httpAddress).toBeUndefined();
    await broker.close();
  });
});
