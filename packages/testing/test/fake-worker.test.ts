import { leakCheck } from '@majordomo/testkit';
import {
  delays,
  dies,
  disconnects,
  drops,
  expectError,
  fails,
  fakeWorker,
  holds,
  repeats,
  replies,
  repliesJson,
  startTestBroker,
  streams,
  type Script,
  type TestBroker,
} from '../src/index';

leakCheck();

let broker: TestBroker;
beforeEach(async () => {
  broker = await startTestBroker();
});
afterEach(() => broker.close());

/** What a stream gave, and how it ended. */
async function read(service: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const { kind, body } of broker.client().stream(service)) texts.push(`${kind} ${body.text()}`);
  return texts;
}

describe('the script', () => {
  test('one step is the same for every request', async () => {
    await fakeWorker(broker, 'mail', replies('sent'));
    const client = broker.client();
    expect((await client.request('mail', 'a')).text()).toBe('sent');
    expect((await client.request('mail', 'b')).text()).toBe('sent');
  });

  test('a list is one after another, then UNSCRIPTED', async () => {
    const mail = await fakeWorker(broker, 'mail', [
      'first',
      repeats(fails('BUSY', 'later', { retryable: true }), 2),
      'last',
    ]);
    const client = broker.client();
    expect((await client.request('mail')).text()).toBe('first');
    for (let n = 0; n < 2; n++) {
      expect(await expectError(client.request('mail'), 'WORKER_FAILED')).toMatchObject({
        workerCode: 'BUSY',
        message: 'later',
        retryable: true,
      });
    }
    expect(() => mail.expectScriptDone()).toThrow(
      '1 steps of the script of mail are left; 3 have come so far',
    );
    expect((await client.request('mail')).text()).toBe('last');
    mail.expectScriptDone();
    expect(await expectError(client.request('mail'), 'WORKER_FAILED')).toMatchObject({
      workerCode: 'UNSCRIPTED',
    });
    expect(() => mail.expectScriptDone()).toThrow('1 requests to mail came after the end of its script');
  });

  test('what is repeated without end leaves nothing', async () => {
    const mail = await fakeWorker(broker, 'mail', ['first', repeats('more')]);
    const client = broker.client();
    expect(() => mail.expectScriptDone()).toThrow('1 steps');
    await client.request('mail');
    mail.expectScriptDone();
    for (let n = 0; n < 3; n++) expect((await client.request('mail')).text()).toBe('more');
    mail.expectScriptDone();
  });

  test('a function answers each request, in time or later', async () => {
    await fakeWorker(broker, 'double', async (request) => {
      const { n } = request.json<{ n: number }>();
      return n > 10 ? fails('TOO_LARGE') : repliesJson({ n: 2 * n });
    });
    const client = broker.client();
    const ask = (n: number) =>
      client.request('double', JSON.stringify({ n }), { contentType: 'application/json' });
    const reply = await ask(4);
    expect(reply.json()).toEqual({ n: 8 });
    expect(reply.metadata?.contentType).toBe('application/json');
    expect(await expectError(ask(11), 'WORKER_FAILED')).toMatchObject({ workerCode: 'TOO_LARGE' });
  });

  test('what a function throws is a failure', async () => {
    await fakeWorker(broker, 'mail', () => {
      throw new Error('a bug in the script');
    });
    expect(await expectError(broker.client().request('mail'), 'WORKER_FAILED')).toMatchObject({
      workerCode: 'INTERNAL_ERROR',
      message: 'a bug in the script',
    });
  });

  test('bytes and several frames', async () => {
    await fakeWorker(broker, 'frames', [new Uint8Array([1, 255]), replies(['a', new Uint8Array([2])])]);
    const client = broker.client();
    expect([...(await client.request('frames')).bytes()]).toEqual([1, 255]);
    const two = await client.request('frames');
    expect([two.length, two.text(), [...two.bytes(1)]]).toEqual([2, 'a', [2]]);
  });

  test('wrong steps are refused where they are made', () => {
    expect(() => fails('not a code')).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    for (const ms of [-1, 1.5, NaN, Infinity]) {
      expect(() => delays(ms)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    }
    for (const times of [0, -1, 1.5, NaN]) {
      expect(() => repeats('x', times)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    }
  });

  test('what is no step is refused when the worker is made', async () => {
    for (const wrong of [{ does: 'what' }, 42, null, ['a', { ok: true }]]) {
      await expectError(fakeWorker(broker, 'mail', wrong as unknown as Script), 'INVALID_OPTIONS');
    }
    expect(broker.workers('mail')).toBe(0);
  });
});

describe('streams', () => {
  test('PARTIALs, then the last', async () => {
    await fakeWorker(broker, 'tail', streams(['a', 'b'], 'end'));
    expect(await read('tail')).toEqual(['partial a', 'partial b', 'final end']);
    expect(await read('tail')).toEqual(['partial a', 'partial b', 'final end']);
  });

  test('a failure in the middle', async () => {
    await fakeWorker(broker, 'tail', streams(['a'], fails('TORN')));
    expect(await expectError(read('tail'), 'WORKER_FAILED')).toMatchObject({ workerCode: 'TORN' });
  });

  test('a death in the middle comes behind the PARTIALs', async () => {
    const tail = await fakeWorker(broker, 'tail', streams(['a', 'b'], dies()));
    const texts: string[] = [];
    const reading = (async () => {
      for await (const { body } of broker.client().stream('tail')) texts.push(body.text());
    })();
    await expectError(reading, 'ATTEMPTS_EXHAUSTED');
    expect(texts).toEqual(['a', 'b']);
    expect(tail.seen).toBe(1);
  });
});

describe('faults', () => {
  test('a request that is dropped runs out of time at its client', async () => {
    const mail = await fakeWorker(broker, 'mail', drops());
    const request = expectError(broker.client().request('mail', 'x', { timeoutMs: 400 }), 'TIMEOUT');
    const seen = await mail.expectRequest();
    expect(seen.remainingMs).toBeLessThan(500);
    await request;
    expect((await seen.aborted()).code).toMatch(/^(EXPIRED|CANCELLED)$/);
    expect(broker.workers('mail')).toBe(1);
  });

  test('a delay', async () => {
    await fakeWorker(broker, 'mail', delays(80, 'late'));
    const startedAt = performance.now();
    expect((await broker.client().request('mail')).text()).toBe('late');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(79);
  });

  test('a delay ends with its request', async () => {
    const mail = await fakeWorker(broker, 'mail', delays(60_000, 'late'));
    const controller = new AbortController();
    const request = expectError(
      broker.client().request('mail', 'x', { signal: controller.signal }),
      'ABORTED',
    );
    const seen = await mail.expectRequest();
    controller.abort();
    await request;
    expect((await seen.aborted()).code).toBe('CANCELLED');
  });

  test('a worker that dies with a request leaves it to another', async () => {
    const lost = broker.event('workerLost');
    const dying = await fakeWorker(broker, 'mail', dies());
    const request = broker.client().request('mail', 'x');
    await dying.expectRequest();
    expect(await lost).toMatchObject({ service: 'mail', reason: 'connection_closed', held: 1 });
    const heir = await fakeWorker(broker, 'mail', 'sent');
    expect((await request).text()).toBe('sent');
    expect(heir.requests[0]).toMatchObject({ attempt: 2 });
  });

  test('when all workers die with it, the client is told', async () => {
    for (let n = 0; n < 3; n++) await fakeWorker(broker, 'mail', dies());
    await expectError(broker.client().request('mail'), 'ATTEMPTS_EXHAUSTED');
    await broker.unserved('mail');
  });

  test('a worker that loses its connection comes back, and is given the request again', async () => {
    const mail = await fakeWorker(broker, 'mail', [disconnects(), 'sent']);
    expect((await broker.client().request('mail')).text()).toBe('sent');
    expect(mail.requests.map(({ attempt, number }) => ({ attempt, number }))).toEqual([
      { attempt: 1, number: 1 },
      { attempt: 2, number: 2 },
    ]);
  });

  test('a worker that goes silent is lost by its heartbeats', async () => {
    const mail = await fakeWorker(broker, 'mail', 'sent');
    const lost = broker.event('workerLost');
    mail.link.drop();
    expect((await lost).reason).toBe('silent');
    mail.link.restore();
    await broker.served('mail');
    expect((await broker.client().request('mail')).text()).toBe('sent');
  });
});

describe('requests', () => {
  test('are written down as they came', async () => {
    const mail = await fakeWorker(broker, 'mail', 'sent');
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const terms = { priority: 9, contentType: 'application/json', traceparent, timeoutMs: 1_000 };
    await broker.client().request('mail', '{"to":"a"}', terms);
    const seen = await mail.expectRequest();
    expect(seen).toMatchObject({
      number: 1,
      service: 'mail',
      priority: 9,
      contentType: 'application/json',
      traceparent,
      attempt: 1,
    });
    expect(seen.json()).toEqual({ to: 'a' });
    expect(seen.remainingMs).toBeGreaterThan(0);
    expect(seen.remainingMs).toBeLessThan(1_100);
  });

  test('are given once each, in order, unless a filter passes over them', async () => {
    const mail = await fakeWorker(broker, 'mail', 'sent');
    const client = broker.client();
    for (const text of ['a', 'b', 'c']) await client.request('mail', text);
    expect((await mail.expectRequest((request) => request.text() === 'b')).text()).toBe('b');
    expect((await mail.expectRequest()).text()).toBe('a');
    expect((await mail.expectRequest()).text()).toBe('c');
    expect(mail.requests.map((request) => request.text())).toEqual(['a', 'b', 'c']);
    await expect(mail.expectRequest(undefined, { timeoutMs: 20 })).rejects.toThrow(
      'waited 20 ms for a request to mail; 3 have come so far, 0 of them not asked for',
    );
  });

  test('are waited for by filters that may throw, which is told to who waits', async () => {
    const mail = await fakeWorker(broker, 'mail', 'sent');
    const wanted = mail.expectRequest(({ body }) => body.json<{ id: number }>().id === 7);
    const refused = expectError(wanted, 'INVALID_BODY');
    expect((await broker.client().request('mail', 'no JSON')).text()).toBe('sent');
    await refused;
    expect((await mail.expectRequest()).text()).toBe('no JSON');
  });

  test('that are waited for', async () => {
    const mail = await fakeWorker(broker, 'mail', 'sent');
    const second = mail.expectRequest((request) => request.text() === 'b');
    const first = mail.expectRequest();
    const client = broker.client();
    await client.request('mail', 'a');
    await client.request('mail', 'b');
    expect((await first).text()).toBe('a');
    expect((await second).text()).toBe('b');
  });

  test('that never come are a failure in words', async () => {
    const mail = await fakeWorker(broker, 'mail', 'sent');
    await expect(mail.expectRequest(undefined, { timeoutMs: 10 })).rejects.toThrow(
      'waited 10 ms for a request to mail; none has come so far',
    );
  });

  test('that are held are answered by the test, in any order', async () => {
    const mail = await fakeWorker(broker, 'mail', holds());
    const client = broker.client();
    const replied: string[] = [];
    const ask = async (text: string) => replied.push((await client.request('mail', text)).text());
    const asked = [ask('a'), ask('b'), ask('c')];
    const [a, b, c] = [await mail.expectRequest(), await mail.expectRequest(), await mail.expectRequest()];
    c.answer('for c');
    await asked[2];
    a.answer(replies('for a'));
    await asked[0];
    b.answer('for b');
    await asked[1];
    expect(replied).toEqual(['for c', 'for a', 'for b']);
    expect(() => a.answer('again')).toThrow(expect.objectContaining({ code: 'STATE' }));
  });

  test('the oldest are forgotten beyond requestsMax', async () => {
    const mail = await fakeWorker(broker, 'mail', 'sent', { requestsMax: 2 });
    const client = broker.client();
    for (const text of ['a', 'b', 'c']) await client.request('mail', text);
    expect(mail.requests.map((request) => request.text())).toEqual(['b', 'c']);
    expect(mail.seen).toBe(3);
  });
});

test.each(['mdp/0.1', 'mdp/0.2'] as const)('a fake worker of %s', async (protocol) => {
  const mail = await fakeWorker(broker, 'mail', repeats('sent'), { protocol, concurrency: 2 });
  expect((await broker.client().request('mail', 'x')).text()).toBe('sent');
  expect((await mail.expectRequest()).text()).toBe('x');
});

test('options that do not fit leave nothing behind', async () => {
  await expectError(fakeWorker(broker, 'mmi.mail', 'x'), 'INVALID_SERVICE');
  await expectError(fakeWorker(broker, 'mail', 'x', { concurrency: 0 }), 'INVALID_OPTIONS');
});
