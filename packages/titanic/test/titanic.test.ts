import { ServiceError } from '@majordomo/protocol';
import { eventually, leakCheck } from '@majordomo/testkit';
import type { Handler } from '@majordomo/worker';
import { join } from 'node:path';
import { TitanicClient, type RequestStatus } from '../src/index';
import { newRequest, stateIn } from './support/requests';
import { openSqlite, scratchFolder, sweep } from './support/scratch';
import { closeAll, deferred, newBroker, newClient, newTitanic, newWorker } from './support/service';

leakCheck();
afterEach(closeAll);
afterEach(sweep);

const echo: Handler = ({ body }) => body;
/** Retries that tests need not wait for. */
const QUICKLY = { backoffMinMs: 1, backoffMaxMs: 2 };
const PATIENCE = { timeoutMs: 15_000 };

let endpoint: string;
beforeEach(async () => {
  endpoint = await newBroker();
});

describe('delivery', () => {
  test('a request is stored, delivered, and its reply kept', async () => {
    const { api } = await newTitanic(endpoint);
    await newWorker(
      'resize',
      ({ body, contentType, priority }, context) => {
        context.replyContentType = 'image/png';
        return [`${body.text(0)} ${contentType} ${priority}`, body.bytes(1)];
      },
      { brokers: endpoint },
    );
    const { id, duplicate } = await api.submit('resize', ['wide', Buffer.from([1, 2])], {
      contentType: 'image/gif',
      priority: 7,
    });
    expect(duplicate).toBe(false);
    const reply = await api.wait(id, PATIENCE);
    expect(reply.text(0)).toBe('wide image/gif 7');
    expect([...reply.bytes(1)]).toEqual([1, 2]);
    expect(await api.result(id)).toMatchObject({
      status: { id, state: 'done', service: 'resize', attempts: 1, priority: 7, replyType: 'image/png' },
    });
    await api.close(id);
    await expect(api.result(id)).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
  });

  test('what a packed client says of its request, the worker is told', async () => {
    const { api, client } = await newTitanic(endpoint);
    await newWorker(
      'told',
      ({ contentType, traceparent, priority }) => `${contentType} ${traceparent} ${priority}`,
      { brokers: endpoint },
    );
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const said = { contentType: 'text/plain', traceparent, priority: 8 };
    const id = (await client.request('titanic.request', ['told', 'x'], said)).text(1);
    expect((await api.wait(id, PATIENCE)).text()).toBe(`text/plain ${traceparent} 8`);
    const submitted = await client.request('titanic.submit', [JSON.stringify({ service: 'told' }), 'x'], {
      traceparent,
    });
    const { id: other } = submitted.json<{ id: string }>(1);
    expect((await api.wait(other, PATIENCE)).text()).toBe(`undefined ${traceparent} 4`);
  });

  test('the outcome is waited for, whatever it is; where the time is up, the request goes on', async () => {
    const { api } = await newTitanic(endpoint);
    const { id } = await api.submit('never', 'x');
    await expect(api.outcome(id, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    const outcome = api.outcome(id, PATIENCE);
    await api.cancel(id);
    expect(await outcome).toMatchObject({ status: { id, state: 'cancelled' }, reply: undefined });
    await newWorker('echo', echo, { brokers: endpoint });
    const { id: other } = await api.submit('echo', 'hello');
    const { status, reply } = await api.outcome(other, PATIENCE);
    expect([status.state, reply?.text()]).toEqual(['done', 'hello']);
    await api.close(other);
    await expect(api.outcome(other, PATIENCE)).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
  });

  test('a service that nobody serves uses up no attempts: the request waits until somebody does', async () => {
    const { api } = await newTitanic(endpoint);
    const { id } = await api.submit('later', 'hello', { attempts: 1 });
    const status = await eventually(async () => {
      const each = await api.status(id);
      return each.error && each.state === 'due' ? each : undefined;
    });
    expect(status).toMatchObject({ attempts: 0, error: { code: 'NO_WORKER' } });
    await newWorker('later', echo, { brokers: endpoint });
    expect((await api.wait(id, PATIENCE)).text()).toBe('hello');
  });

  test('a question that no titanic takes in time is a timeout: that it expired says nothing of the request', async () => {
    const api = new TitanicClient(newClient({ brokers: endpoint, timeoutMs: 200, protocol: 'packed' }));
    const failure: unknown = await api.status('0'.repeat(32)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'TIMEOUT', retryable: true, cause: { code: 'EXPIRED' } });
  });

  test('nothing is claimed while there is no broker', async () => {
    const store = await openSqlite({ file: join(scratchFolder(), 'requests.db') });
    const { titanic } = await newTitanic('tcp://127.0.0.1:9', { store, probeMs: 20, connectTimeoutMs: 50 });
    const request = newRequest({ dueAt: 0 });
    await store.submit([request]);
    expect(await stateIn(store, request.id)).toBe('waiting');
    expect(titanic.stats.claimed).toBe(0);
  });

  test('a row that nobody can make sense of is a dead letter, not a stone in the way', async () => {
    const { api, titanic } = await newTitanic(endpoint);
    await newWorker('mail', echo, { brokers: endpoint });
    const broken = newRequest({ dueAt: 0, terms: 'no JSON' });
    const schedule = newRequest({
      dueAt: 0,
      service: 'titanic.cron',
      terms: JSON.stringify({ cron: { pattern: '?!', timezone: 'UTC', catchUp: false, service: 'mail' } }),
    });
    const sound = newRequest({ dueAt: 0 });
    await titanic.options.store.submit([broken, schedule, sound]);
    expect((await api.wait(sound.id, PATIENCE)).text()).toBe('hello');
    await eventually(async () => (await stateIn(titanic.options.store, broken.id)) === 'dead');
    await eventually(async () => (await stateIn(titanic.options.store, schedule.id)) === 'dead');
  });

  test('what fails is tried again, as often as it may, and then a dead letter', async () => {
    const { api } = await newTitanic(endpoint, { defaults: QUICKLY });
    let calls = 0;
    const worker: Handler = () => {
      calls++;
      throw new ServiceError('BUSY', `no ${calls}`, { retryable: true });
    };
    await newWorker('flaky', worker, { brokers: endpoint });
    const { id } = await api.submit('flaky', 'x', { attempts: 3 });
    await expect(api.wait(id, PATIENCE)).rejects.toMatchObject({
      name: 'RequestDeadError',
      code: 'REQUEST_DEAD',
      message: expect.stringContaining('BUSY: no 3') as string,
    });
    expect(calls).toBe(3);
    expect(await api.status(id)).toMatchObject({
      state: 'dead',
      attempts: 3,
      error: { code: 'WORKER_FAILED', workerCode: 'BUSY', retryable: true },
    });
  });

  test('what may not be tried again is not', async () => {
    const { api } = await newTitanic(endpoint, { defaults: QUICKLY });
    let calls = 0;
    const worker: Handler = () => {
      calls++;
      throw new ServiceError('NO_SUCH_ACCOUNT', 'never heard of it');
    };
    await newWorker('strict', worker, { brokers: endpoint });
    const { id } = await api.submit('strict', 'x');
    await expect(api.wait(id, PATIENCE)).rejects.toMatchObject({ code: 'REQUEST_DEAD' });
    expect(calls).toBe(1);
  });

  test('a failure that passes is followed by the reply', async () => {
    const { api } = await newTitanic(endpoint, { services: { flaky: QUICKLY } });
    let calls = 0;
    const worker: Handler = () => {
      if (++calls < 3) throw new ServiceError('BUSY', 'not yet', { retryable: true });
      return 'at last';
    };
    await newWorker('flaky', worker, { brokers: endpoint });
    const { id } = await api.submit('flaky');
    expect((await api.wait(id, PATIENCE)).text()).toBe('at last');
    expect(await api.status(id)).toMatchObject({ attempts: 3 });
  });

  test('a worker that takes too long is an attempt', async () => {
    const { api } = await newTitanic(endpoint, { defaults: { ...QUICKLY, attempts: 2 } });
    let aborted = 0;
    const worker: Handler = async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      aborted++;
      return 'too late';
    };
    await newWorker('slow', worker, { brokers: endpoint, concurrency: 2 });
    const { id } = await api.submit('slow', 'x', { timeoutMs: 60 });
    await expect(api.wait(id, PATIENCE)).rejects.toMatchObject({ code: 'REQUEST_DEAD' });
    expect(await api.status(id)).toMatchObject({ attempts: 2, error: { code: 'TIMEOUT' } });
    await eventually(() => aborted === 2);
  });

  test('a reply that is too large to keep is a dead letter that says so', async () => {
    const { api } = await newTitanic(endpoint, { bodyBytesMax: 1_000 });
    await newWorker('large', () => Buffer.alloc(2_000), { brokers: endpoint });
    const { id } = await api.submit('large');
    await expect(api.wait(id, PATIENCE)).rejects.toMatchObject({ code: 'REQUEST_DEAD' });
    expect(await api.status(id)).toMatchObject({ error: { code: 'MESSAGE_TOO_LARGE' } });
    await expect(api.submit('large', Buffer.alloc(2_000))).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
    });
  });

  test('what a worker says its reply is does not keep it from being stored', async () => {
    const { api } = await newTitanic(endpoint);
    const odd: Handler = (_, context) => {
      context.replyContentType = 'a\0b';
      return 'done';
    };
    await newWorker('odd', odd, { brokers: endpoint });
    const { id } = await api.submit('odd');
    expect((await api.wait(id, PATIENCE)).text()).toBe('done');
    expect(await api.status(id)).not.toHaveProperty('replyType');
  });

  test('what is stored can be told: bodies and replies leave room for the frames of an answer', async () => {
    const { api, client } = await newTitanic(endpoint);
    const frames = (count: number): string[] => Array.from({ length: count }, () => 'x');
    await newWorker('many', ({ body }) => frames(Number(body.text())), { brokers: endpoint });
    const { id } = await api.submit('many', '1022');
    expect((await api.wait(id, PATIENCE)).length).toBe(1_022);
    expect((await client.request('titanic.reply', id)).length).toBe(1_023);
    const { id: more } = await api.submit('many', '1023');
    await expect(api.wait(more, PATIENCE)).rejects.toMatchObject({ code: 'REQUEST_DEAD' });
    expect((await api.status(more)).error).toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      message: expect.stringContaining('1023 frames, at most 1022 are kept') as string,
    });
    const { id: dead } = await api.submit('many', ['1023', ...frames(1_021)]);
    await expect(api.wait(dead, PATIENCE)).rejects.toMatchObject({ code: 'REQUEST_DEAD' });
    expect((await api.dead.show(dead)).body.length).toBe(1_022);
    await expect(api.submit('many', frames(1_023))).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
  });

  test('PARTIALs are progress where that is asked for, and part of the reply where not', async () => {
    const { api } = await newTitanic(endpoint);
    const isSeen = deferred();
    const worker: Handler = async function* () {
      yield 'a quarter';
      yield 'half';
      await isSeen.promise;
      return 'done';
    };
    await newWorker('convert', worker, { brokers: endpoint, concurrency: 2 });
    const { id } = await api.submit('convert', 'x', { progress: true });
    await eventually(async () => (await api.status(id)).progress === 'half');
    expect(await api.status(id)).toMatchObject({ state: 'running' });
    isSeen.resolve();
    expect((await api.wait(id, PATIENCE)).frames.map((frame) => Buffer.from(frame).toString())).toEqual([
      'done',
    ]);
    const gathered = await api.submit('convert', 'x');
    expect((await api.wait(gathered.id, PATIENCE)).length).toBe(3);
  });
});

describe('when', () => {
  test('nothing before its time, and then at once', async () => {
    const { api } = await newTitanic(endpoint);
    const came: number[] = [];
    await newWorker('post', () => (came.push(Date.now()), 'ok'), { brokers: endpoint });
    const at = Date.now() + 700;
    const { id } = await api.submit('post', 'x', { at });
    expect(await api.status(id)).toMatchObject({ state: 'scheduled', dueAt: at });
    const delayed = await api.submit('post', 'x', { inMs: 300 });
    await Promise.all([api.wait(id, PATIENCE), api.wait(delayed.id, PATIENCE)]);
    expect(came).toHaveLength(2);
    expect(came[1]).toBeGreaterThanOrEqual(at);
    expect((await api.status(delayed.id)).dueAt).toBeLessThan(at);
  });

  test('a scheduled request can be edited, moved and cancelled, until it is claimed', async () => {
    const { api } = await newTitanic(endpoint);
    await newWorker('post', echo, { brokers: endpoint });
    const far = Date.now() + 3_600_000;
    const [{ id }, other] = (await api.submitMany([
      { service: 'post', at: far, body: 'draft' },
      { service: 'post', at: far, body: 'never' },
    ])) as unknown as [{ id: string }, { id: string }];
    expect(await api.edit(id, { priority: 9, ttlMs: 60_000 }, 'final text')).toMatchObject({
      priority: 9,
      expiresAt: far + 60_000,
    });
    expect(await api.cancel(other.id)).toMatchObject({ state: 'cancelled' });
    expect(await api.cancel(other.id)).toMatchObject({ state: 'cancelled' });
    const moved = await api.reschedule(id, { inMs: 0 });
    expect(moved.expiresAt! - moved.dueAt).toBe(60_000);
    expect((await api.wait(id, PATIENCE)).text()).toBe('final text');
    for (const late of [api.cancel(id), api.edit(id, { priority: 1 }), api.reschedule(id, { inMs: 5 })]) {
      await expect(late).rejects.toMatchObject({ name: 'RequestTakenError', code: 'REQUEST_TAKEN' });
    }
    await expect(api.wait(other.id)).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(api.cancel('0'.repeat(32))).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
  });

  test('what has outlived its time is never delivered', async () => {
    const { api } = await newTitanic(endpoint);
    const { id } = await api.submit('late', 'x', { ttlMs: 50 });
    await expect(api.wait(id, PATIENCE)).rejects.toMatchObject({ code: 'EXPIRED' });
    let calls = 0;
    await newWorker('late', () => (calls++, 'ok'), { brokers: endpoint });
    const next = await api.submit('late', 'y', { ttlMs: 10_000 });
    await api.wait(next.id, PATIENCE);
    expect(calls).toBe(1);
    expect(await api.status(id)).toMatchObject({ state: 'expired' });
  });

  test('a schedule makes requests, in its time zone, until it is cancelled', async () => {
    const { api } = await newTitanic(endpoint);
    const came: string[] = [];
    await newWorker('tick', ({ body }) => (came.push(body.text()), 'ok'), { brokers: endpoint });
    const { id } = await api.submit('tick', 'tock', {
      cron: { pattern: '* * * * * *', timezone: 'Europe/Vienna' },
    });
    await eventually(() => came.length >= 2);
    expect(await api.status(id)).toMatchObject({
      state: 'scheduled',
      service: 'tick',
      cron: { pattern: '* * * * * *', timezone: 'Europe/Vienna', catchUp: false },
    });
    const { requests } = await api.list({ service: 'tick' });
    expect(requests.length).toBeGreaterThanOrEqual(2);
    expect(requests.every(({ schedule }) => schedule === id)).toBe(true);
    expect(new Set(requests.map(({ dueAt }) => dueAt)).size).toBe(requests.length);
    expect(requests.every(({ dueAt }) => dueAt % 1_000 === 0)).toBe(true);
    await eventually(() => api.cancel(id).then(({ state }) => state === 'cancelled'));
    await expect(api.submit('tick', 'x', { cron: { pattern: 'every day' } })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    await expect(
      api.submit('tick', 'x', { cron: { pattern: '* * * * *', timezone: 'Middle/Earth' } }),
    ).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});

test('a key of a schedule is one of the service that it is for', async () => {
  const { api } = await newTitanic(endpoint);
  const yearly = { cron: { pattern: '0 0 1 1 *' }, key: 'yearly' };
  const { id } = await api.submit('mail', 'x', yearly);
  expect(await api.submit('mail', 'x', yearly)).toEqual({ id, duplicate: true });
  expect(await api.submit('report', 'x', yearly)).toMatchObject({ duplicate: false });
  expect(await api.submit('mail', 'x', { key: 'yearly' })).toMatchObject({ duplicate: false });
});

test('the time to live of a schedule is that of what it makes, also once it was edited', async () => {
  const { api, titanic } = await newTitanic(endpoint);
  const { id } = await api.submit('nobody', 'x', { cron: { pattern: '0 0 1 1 *' } });
  expect(await api.edit(id, { ttlMs: 60_000, priority: 7 }, 'y')).not.toHaveProperty('expiresAt');
  await api.reschedule(id, { inMs: 0 });
  await eventually(() => titanic.stats.fired === 1);
  const made = (await api.list({ service: 'nobody' })).requests[0]!;
  expect(made).toMatchObject({ schedule: id, priority: 7, expiresAt: made.dueAt + 60_000 });
  expect(await api.status(id)).toMatchObject({ state: 'scheduled' });
  expect(await api.edit(id, { ttlMs: null })).not.toHaveProperty('expiresAt');
  await api.reschedule(id, { inMs: 0 });
  await eventually(() => titanic.stats.fired === 2);
  expect((await api.list({ service: 'nobody' })).requests[0]).not.toHaveProperty('expiresAt');
});

describe('how fast', () => {
  test('a service is given no more than its rate', async () => {
    const { api } = await newTitanic(endpoint, { services: { partner: { perSecond: 20, burst: 2 } } });
    const came: number[] = [];
    await newWorker('partner', () => (came.push(performance.now()), 'ok'), {
      brokers: endpoint,
      concurrency: 8,
    });
    const submitted = await api.submitMany(Array.from({ length: 10 }, () => ({ service: 'partner' })));
    await Promise.all(submitted.map(({ id }) => api.wait(id, PATIENCE)));
    // Two at once, eight at 20 a second; a timer may be late, but never early by more than its millisecond.
    expect(came.at(-1)! - came[0]!).toBeGreaterThanOrEqual(390);
  });

  test('nor more at a time than it may have', async () => {
    const { api } = await newTitanic(endpoint, { services: { narrow: { concurrency: 2 } } });
    let running = 0;
    let most = 0;
    const worker: Handler = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return 'ok';
    };
    await newWorker('narrow', worker, { brokers: endpoint, concurrency: 16 });
    const submitted = await api.submitMany(Array.from({ length: 12 }, () => ({ service: 'narrow' })));
    await Promise.all(submitted.map(({ id }) => api.wait(id, PATIENCE)));
    expect(most).toBe(2);
  });
});

describe('once', () => {
  test('the same key is the same request, and one execution’s reply', async () => {
    const { api } = await newTitanic(endpoint);
    let calls = 0;
    await newWorker('pay', () => `receipt ${++calls}`, { brokers: endpoint });
    const submitted = await Promise.all(
      Array.from({ length: 5 }, () => api.submit('pay', 'x', { key: 'order-17' })),
    );
    expect(new Set(submitted.map(({ id }) => id)).size).toBe(1);
    expect(submitted.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    const replies = await Promise.all(submitted.map(({ id }) => api.wait(id, PATIENCE)));
    expect(new Set(replies.map((reply) => reply.text()))).toEqual(new Set(['receipt 1']));
    expect(await api.submit('pay', 'x', { key: 'order-17' })).toMatchObject({ duplicate: true });
    expect(calls).toBe(1);
    expect(await api.status(submitted[0]!.id)).toMatchObject({ key: 'order-17' });
    await expect(api.submit('pay', 'x', { key: 'k', keyWindowMs: 1e10 })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });

  test('a titanic that stops gives back what it has in hand, and another does it', async () => {
    const store = await openSqlite({ file: join(scratchFolder(), 'requests.db') });
    const first = await newTitanic(endpoint, { store, owner: 'first' });
    const attempts: number[] = [];
    const isStuck = deferred();
    const worker: Handler = async (_, { signal }) => {
      attempts.push(attempts.length + 1);
      if (attempts.length > 1) return 'done by another';
      isStuck.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return 'nobody wants it';
    };
    await newWorker('work', worker, { brokers: endpoint, concurrency: 2 });
    const { id } = await first.api.submit('work');
    await isStuck.promise;
    expect(await first.api.status(id)).toMatchObject({ state: 'running', owner: 'first', attempts: 1 });
    await first.titanic.close();
    const second = await newTitanic(endpoint, { store, owner: 'second' });
    expect((await second.api.wait(id, PATIENCE)).text()).toBe('done by another');
    // What was given back does not count.
    expect(await second.api.status(id)).toMatchObject({ attempts: 1 });
  });

  test.each(['drain', 'close'] as const)(
    'what a claim brings that was under way at the %s is given back, and no attempt is used up',
    async (end) => {
      const [claimed, goOn] = [deferred(), deferred()];
      const store = await openSqlite({ file: join(scratchFolder(), 'requests.db') });
      const slow = new Proxy(store, {
        get: (target, name: keyof typeof store) => {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          if (name !== 'claim') return value.bind(target) as unknown;
          return async (order: Parameters<typeof store.claim>[0]) => {
            const claims = await target.claim(order);
            if (claims.claimed.length === 0) return claims;
            claimed.resolve();
            await goOn.promise;
            return claims;
          };
        },
      });
      let calls = 0;
      await newWorker('work', () => `${++calls}`, { brokers: endpoint });
      const { titanic, api } = await newTitanic(endpoint, { store: slow });
      const { id } = await api.submit('work', 'x', { attempts: 1 });
      await claimed.promise;
      const ended = titanic[end]();
      goOn.resolve();
      await ended;
      const [request] = await store.read([id], []);
      expect(request).toMatchObject({ state: 'waiting', attempts: 0 });
      expect(calls).toBe(0);
    },
  );

  test('drain finishes what is in hand', async () => {
    const { titanic, api } = await newTitanic(endpoint);
    const [isBusy, mayEnd] = [deferred(), deferred()];
    const worker: Handler = async () => {
      isBusy.resolve();
      await mayEnd.promise;
      return 'finished';
    };
    await newWorker('work', worker, { brokers: endpoint });
    const { id } = await api.submit('work');
    await isBusy.promise;
    const drained = titanic.drain();
    mayEnd.resolve();
    await drained;
    const [read] = await titanic.options.store.read([id], []);
    expect(read).toMatchObject({ state: 'done' });
  });

  test('a request that is closed while it is delivered is withdrawn', async () => {
    const { api } = await newTitanic(endpoint, { leaseMs: 100 });
    const [isBusy, isAborted] = [deferred(), deferred()];
    const worker: Handler = async (_, { signal }) => {
      isBusy.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      isAborted.resolve();
      return 'nobody wants it';
    };
    await newWorker('work', worker, { brokers: endpoint });
    const { id } = await api.submit('work');
    await isBusy.promise;
    await api.close(id);
    await isAborted.promise;
  });
});

describe('many', () => {
  test('a batch is taken whole or not at all', async () => {
    const store = await openSqlite({ file: join(scratchFolder(), 'requests.db'), requestsMax: 5 });
    const { api, client } = await newTitanic(endpoint, { store, batchMax: 10 });
    const some = (count: number) => Array.from({ length: count }, () => ({ service: 'nobody', inMs: 1e6 }));
    await api.submitMany(some(3));
    await expect(api.submitMany(some(3))).rejects.toMatchObject({ code: 'STORE_FULL', retryable: true });
    await expect(api.submitMany(some(11))).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(
      api.submitMany([{ service: 'nobody' }, { service: 'nobody', priority: 11 }]),
    ).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    const tooFew = JSON.stringify({ requests: [{ service: 'a', frames: 2 }] });
    const answer = await client.request('titanic.submit', [tooFew, 'one']);
    expect([answer.text(0), answer.json(1)]).toMatchObject(['400', { code: 'INVALID_OPTIONS' }]);
    expect(await api.stats()).toEqual({
      services: [{ service: 'nobody', state: 'waiting', requests: 3, bytes: expect.any(Number) as number }],
      backlog: [{ service: 'nobody', due: 0, retrying: 0, isMore: false }],
    });
  });

  test('a batch is one message: what does not fit is refused with what to do', async () => {
    const { api } = await newTitanic(endpoint);
    const some = (count: number) => Array.from({ length: count }, () => ({ service: 'nobody', inMs: 1e6 }));
    await expect(api.submitMany(some(1_024))).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      message: expect.stringMatching(/1025 frames: at most \d+ .*submit fewer at a time/) as string,
    });
    expect(await api.submitMany(some(1_000))).toHaveLength(1_000);
    await expect(api.submitMany(some(1_001))).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('at most 1000 are taken (batchMax)') as string,
    });
  });

  test('lists, and dead letters to be looked at, tried again and removed', async () => {
    const { api } = await newTitanic(endpoint);
    let isMended = false;
    const worker: Handler = ({ body }) => {
      if (isMended) return body;
      throw new ServiceError('BROKEN', 'it does not work');
    };
    await newWorker('machine', worker, { brokers: endpoint });
    const submitted = await api.submitMany(
      Array.from({ length: 6 }, (_, index) => ({ service: 'machine', body: `piece ${index}` })),
    );
    const ids = submitted.map(({ id }) => id);
    await Promise.all(ids.map((id) => expect(api.wait(id, PATIENCE)).rejects.toThrow('BROKEN')));
    const page = await api.dead.list({ limit: 4 });
    expect(page.requests).toHaveLength(4);
    const rest = await api.dead.list({ limit: 4, after: page.next });
    const listed = [...page.requests, ...rest.requests].map(({ id }: RequestStatus) => id);
    expect(listed.sort()).toEqual([...ids].sort());
    const shown = await api.dead.show(ids[2]!);
    expect(shown.body.text()).toBe('piece 2');
    expect(shown.status).toMatchObject({
      state: 'dead',
      error: { workerCode: 'BROKEN', message: 'it does not work' },
    });

    isMended = true;
    expect(await api.dead.retry({ ids: [ids[0]!, '0'.repeat(32)] })).toBe(1);
    expect((await api.wait(ids[0]!, PATIENCE)).text()).toBe('piece 0');
    expect(await api.dead.purge({ ids: [ids[0]!, ids[1]!] })).toBe(1);
    expect(await api.dead.retry({ service: 'machine' })).toBe(4);
    expect((await api.wait(ids[5]!, PATIENCE)).text()).toBe('piece 5');
    expect(await api.dead.purge({ all: true })).toBe(0);
    await expect(api.dead.show(ids[5]!)).rejects.toMatchObject({ code: 'REQUEST_TAKEN' });
    expect(await api.statuses([ids[1]!, ids[5]!])).toMatchObject([null, { state: 'done' }]);
  });

  test('waiting ends as soon as the reply is there, and by its own time', async () => {
    const { api, titanic } = await newTitanic(endpoint, { waitsMax: 2 });
    const { id } = await api.submit('slow', 'x', { inMs: 1e6 });
    await expect(api.wait(id, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    const controller = new AbortController();
    const left = api.wait(id, { signal: controller.signal });
    const waiting = api.wait(id);
    waiting.catch(() => undefined);
    await eventually(() => titanic.stats.waiting === 2);
    controller.abort();
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' });
    await eventually(() => titanic.stats.waiting === 1);
    await api.cancel(id);
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(titanic.stats.waiting).toBe(0);
  });
});

test('beyond the bound, those who wait are answered at once, and in the end', async () => {
  const { api, titanic, client } = await newTitanic(endpoint, { waitsMax: 2 });
  const { id } = await api.submit('later', 'x', { inMs: 1e6 });
  const { id: over } = await api.submit('later', 'x', { inMs: 1e6 });
  await api.cancel(over);
  const waits = Array.from({ length: 5 }, () => api.outcome(id));
  await eventually(() => titanic.stats.waiting === 2);
  expect((await api.outcome(over)).status.state).toBe('cancelled');
  expect((await client.request('titanic.wait', JSON.stringify({ id }))).text(0)).toBe('300');
  await api.cancel(id);
  for (const { status } of await Promise.all(waits)) expect(status.state).toBe('cancelled');
});

test.each([
  ['titanic.submit', 'no JSON', 'INVALID_BODY'],
  ['titanic.submit', '{"service":"echo"}', 'INVALID_BODY'],
  ['titanic.submit', '{"service":"titanic.submit"}', 'INVALID_OPTIONS'],
  ['titanic.submit', '{"service":"echo","att":3}', 'INVALID_OPTIONS'],
  ['titanic.submit', '{"service":"echo","at":1,"inMs":1}', 'INVALID_OPTIONS'],
  ['titanic.submit', '{"service":"echo","at":"1969-12-31T23:59:59Z"}', 'INVALID_OPTIONS'],
  ['titanic.submit', '{"requests":[]}', 'INVALID_OPTIONS'],
  ['titanic.submit', 'null', 'INVALID_OPTIONS'],
  ['titanic.submit', '{"service":"echo","key":"a\\u0000b"}', 'INVALID_OPTIONS'],
  ['titanic.submit', '{"service":"echo","key":"half \\ud83d"}', 'INVALID_OPTIONS'],
  ['titanic.submit', '{"service":"echo","contentType":"a\\u0000b"}', 'INVALID_OPTIONS'],
  ['titanic.submit', '{"service":"echo","__proto__":{"attempts":3}}', 'INVALID_OPTIONS'],
  ['titanic.list', '{"state":"due","after":"1.1.1.\\u0000"}', 'INVALID_OPTIONS'],
  ['titanic.list', '{"state":"retrying","service":"\\u0000"}', 'INVALID_OPTIONS'],
  ['titanic.result', '{"id":"../../etc/passwd"}', 'INVALID_OPTIONS'],
  ['titanic.wait', '{"id":"00000000000000000000000000000000","timeoutMs":-1}', 'INVALID_OPTIONS'],
  ['titanic.list', '{"limit":1e9}', 'INVALID_OPTIONS'],
  ['titanic.reschedule', '{"id":"00000000000000000000000000000000"}', 'INVALID_OPTIONS'],
  ['titanic.dead.purge', '{}', 'INVALID_OPTIONS'],
  ['titanic.status', '{"id":"00000000000000000000000000000000"}', 'REQUEST_UNKNOWN'],
])('%s says what is wrong with %s', async (service, header, code) => {
  const { client } = await newTitanic(endpoint);
  const reply = await client.request(service, header);
  expect(reply.text(0)).toBe('400');
  expect(reply.json(1)).toMatchObject({ code, retryable: false, message: expect.any(String) as string });
});

test.each([
  ['too many requests', 'titanic.submit', `{"requests":[${'{},'.repeat(100_000)}{}]}`],
  ['a long name', 'titanic.status', `{"${'k'.repeat(1_000_000)}":1}`],
  ['a deep nest', 'titanic.status', '['.repeat(1_000_000) + ']'.repeat(1_000_000)],
])('%s in JSON: not worth many words', async (_, service, header) => {
  const { client } = await newTitanic(endpoint);
  const reply = await client.request(service, header);
  expect(reply.text(0)).toBe('400');
  expect(reply.json(1)).toMatchObject({ code: 'INVALID_OPTIONS', retryable: false });
  expect(reply.bytes(1).length).toBeLessThan(4_096);
});

test('a question to a store that is gone is answered, whatever stands in it', async () => {
  const { client, titanic } = await newTitanic(endpoint);
  await titanic.options.store.close();
  for (const header of ['no JSON', '{"id":{"toString":1}}', '{}']) {
    const reply = await client.request('titanic.stats', header);
    expect(reply.text(0)).toBe('500');
    expect(reply.json(1)).toMatchObject({ code: 'CLOSED', retryable: true });
  }
});
