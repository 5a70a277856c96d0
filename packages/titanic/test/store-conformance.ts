import { packFrames, unpackFrames } from '../src/core/frames';
import { STATES, step, type State } from '../src/core/lifecycle';
import { RETENTION_DEFAULTS } from '../src/core/retention';
import { LEASE_MS_MAX, type Claimed, type RequestStore, type Settlement } from '../src/store/store';
import { anOrder, HandClock, newId, newRequest, stateIn, T0 } from './support/requests';

/** A store under test. */
export interface StoreFixture {
  readonly store: RequestStore;
  /** Ends it as a crash would, and opens what it left. */
  crash(): Promise<RequestStore>;
}

/** Makes an empty store on a clock; whoever makes it also closes it after the test. */
export type MakeStore = (clock: HandClock, bounds?: { requestsMax?: number }) => Promise<StoreFixture>;

const REPLY = packFrames([Buffer.from('the reply')]);
const ERROR = JSON.stringify({ code: 'WORKER_FAILED', message: 'no' });

const bodyOf = ({ body }: Claimed): string => Buffer.from(unpackFrames(body)[0]!).toString();

/** What every store has to do, whatever it is made of. Called once per store, in a test file of its own. */
export function storeConformance(name: string, make: MakeStore): void {
  describe(name, () => {
    let clock: HandClock;
    let store: RequestStore;
    let crash: () => Promise<RequestStore>;

    beforeEach(async () => {
      clock = new HandClock();
      ({ store, crash } = await make(clock));
    });

    const claimOne = async (): Promise<Claimed> => {
      const { claimed } = await store.claim(anOrder({ max: 1 }));
      expect(claimed).toHaveLength(1);
      return claimed[0]!;
    };
    const settle = async (settlement: Settlement): Promise<boolean> =>
      (await store.settle([settlement], []))[0]!;

    describe('submitting', () => {
      test('what is submitted is claimed as it was, and read as it was', async () => {
        const frames = [Buffer.from('first'), Buffer.alloc(0), Buffer.from([0, 255, 10])];
        const request = newRequest({
          body: packFrames(frames),
          priority: 7,
          expiresAt: T0 + 5_000,
          terms: '{"attempts":3}',
        });
        expect(await store.submit([request])).toEqual([{ id: request.id, duplicate: false }]);
        const [read] = await store.read([request.id], ['body']);
        expect(read).toMatchObject({
          id: request.id,
          state: 'waiting',
          service: 'mail',
          priority: 7,
          dueAt: T0,
          expiresAt: T0 + 5_000,
          submittedAt: T0,
          attempts: 0,
          bytes: request.body.length,
          terms: '{"attempts":3}',
        });
        expect(read!.endedAt).toBeUndefined();
        const claimed = await claimOne();
        expect(unpackFrames(claimed.body).map((frame) => Buffer.from(frame))).toEqual(frames);
        expect(claimed).toMatchObject({
          id: request.id,
          token: 1,
          service: 'mail',
          priority: 7,
          dueAt: T0,
          expiresAt: T0 + 5_000,
          submittedAt: T0,
          attempts: 1,
          terms: '{"attempts":3}',
        });
      });

      test.each([0, 1_000, 1_020, 1_021, 100_000, 3_000_000])(
        'bodies and replies of %i bytes',
        async (size) => {
          const body = packFrames([Buffer.alloc(size, 7)]);
          const request = newRequest({ body });
          await store.submit([request]);
          const claimed = await claimOne();
          expect(Buffer.from(claimed.body).equals(body)).toBe(true);
          const reply = packFrames([Buffer.alloc(size, 9)]);
          await settle({ ...claimed, outcome: 'succeed', reply, replyType: 'text/plain' });
          const [read] = await store.read([request.id], ['body', 'reply']);
          expect(Buffer.from(read!.body!).equals(body)).toBe(true);
          expect(Buffer.from(read!.reply!).equals(reply)).toBe(true);
          expect(read).toMatchObject({
            state: 'done',
            replyType: 'text/plain',
            bytes: body.length + reply.length,
          });
        },
      );

      test('an id is one request, however often it is submitted', async () => {
        const request = newRequest();
        await Promise.all([store.submit([request]), store.submit([request])]);
        expect(await store.submit([request])).toEqual([{ id: request.id, duplicate: true }]);
        expect((await store.claim(anOrder())).claimed).toHaveLength(1);
        expect(await store.submit([request])).toEqual([{ id: request.id, duplicate: true }]);
      });

      test('a key stands for one request of its service, within its window', async () => {
        const key = { text: 'order-17', until: T0 + 1_000 };
        const first = newRequest({ key });
        const second = newRequest({ key });
        const elsewhere = newRequest({ key, service: 'sms' });
        expect(await store.submit([first, second, elsewhere])).toEqual([
          { id: first.id, duplicate: false },
          { id: first.id, duplicate: true },
          { id: elsewhere.id, duplicate: false },
        ]);
        expect(await stateIn(store, second.id)).toBe('gone');
        clock.time = T0 + 999;
        expect(await store.submit([second])).toEqual([{ id: first.id, duplicate: true }]);
        clock.time = T0 + 1_000;
        const later = { ...second, key: { text: 'order-17', until: clock.time + 1_000 } };
        expect(await store.submit([later])).toEqual([{ id: second.id, duplicate: false }]);
      });

      test('the same key at the same moment is one request', async () => {
        const key = { text: 'once', until: T0 + 1_000 };
        const answers = await Promise.all(
          Array.from({ length: 20 }, async () => (await store.submit([newRequest({ key })]))[0]!),
        );
        expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
        expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      });

      test('a key outlives its request: what was closed is not done again', async () => {
        const key = { text: 'k', until: T0 + 1_000 };
        const request = newRequest({ key });
        await store.submit([request]);
        expect(await store.remove([request.id])).toBe(1);
        expect(await store.submit([newRequest({ key })])).toEqual([{ id: request.id, duplicate: true }]);
        expect((await store.claim(anOrder())).claimed).toEqual([]);
      });

      test('beyond the bound all of a submission is refused, and a request that ends makes room', async () => {
        ({ store } = await make(clock, { requestsMax: 3 }));
        await store.submit([newRequest(), newRequest()]);
        await expect(store.submit([newRequest(), newRequest()])).rejects.toMatchObject({
          name: 'StoreFullError',
          code: 'STORE_FULL',
          retryable: true,
        });
        expect((await store.stats()).map(({ requests }) => requests)).toEqual([2]);
        const claimed = await claimOne();
        await settle({ ...claimed, outcome: 'succeed', reply: REPLY, replyType: undefined });
        await store.submit([newRequest(), newRequest()]);
      });

      test('what is there already is answered, however full it is', async () => {
        ({ store } = await make(clock, { requestsMax: 3 }));
        const key = { text: 'k', until: T0 + 1_000 };
        const requests = [newRequest(), newRequest({ key }), newRequest()];
        await store.submit(requests);
        const known = requests.map(({ id }) => ({ id, duplicate: true }));
        expect(await store.submit(requests)).toEqual(known);
        expect(await store.submit([requests[0]!, requests[2]!])).toEqual([known[0], known[2]]);
        expect(await store.submit([newRequest({ key })])).toEqual([known[1]]);
        for (const fields of [{}, { key: { ...key, text: 'other' } }]) {
          const refused = { code: 'STORE_FULL' };
          await expect(store.submit([requests[0]!, newRequest(fields)])).rejects.toMatchObject(refused);
        }
        const { claimed } = await store.claim(anOrder({ max: 1 }));
        await settle({ ...claimed[0]!, outcome: 'die', error: ERROR });
        expect(await store.submit([requests[1]!, newRequest()])).toMatchObject([
          { duplicate: true },
          { duplicate: false },
        ]);
        expect((await store.stats()).reduce((sum, { requests: count }) => sum + count, 0)).toBe(4);
      });
    });

    describe('claiming', () => {
      test('by priority, then by due time, then by submission; nothing before its time', async () => {
        const at = (priority: number, dueAt: number, text: string) =>
          newRequest({ priority, dueAt, body: packFrames([Buffer.from(text)]) });
        await store.submit([
          at(4, T0 - 10, 'third'),
          at(4, T0, 'fourth'),
          at(4, T0, 'fifth'),
          at(9, T0 + 1, 'future'),
          at(0, T0 - 99, 'last'),
          at(9, T0, 'first'),
          at(5, T0, 'second'),
        ]);
        const { claimed, nextAt } = await store.claim(anOrder());
        expect(claimed.map(bodyOf)).toEqual(['first', 'second', 'third', 'fourth', 'fifth', 'last']);
        expect(nextAt).toBe(T0 + 1);
        clock.time = T0 + 1;
        expect((await store.claim(anOrder())).claimed.map(bodyOf)).toEqual(['future']);
      });

      test('each request is claimed once, by however many at a time', async () => {
        await store.submit(Array.from({ length: 100 }, () => newRequest()));
        const claims = await Promise.all(
          Array.from({ length: 20 }, (_, index) => store.claim(anOrder({ owner: `${index}`, max: 7 }))),
        );
        const ids = claims.flatMap(({ claimed }) => claimed.map(({ id }) => id));
        expect(ids).toHaveLength(100);
        expect(new Set(ids).size).toBe(100);
      });

      test('services have fair shares, whatever waits', async () => {
        await store.submit(Array.from({ length: 50 }, () => newRequest({ service: 'flood' })));
        await store.submit([newRequest({ service: 'drop' }), newRequest({ service: 'drip' })]);
        const { claimed } = await store.claim(anOrder({ max: 10 }));
        const services = claimed.map(({ service }) => service);
        expect(services.filter((service) => service === 'flood')).toHaveLength(8);
        expect(services).toEqual(expect.arrayContaining(['drip', 'drop']));
        // One place at a time goes around.
        await store.submit([newRequest({ service: 'drip' }), newRequest({ service: 'drop' })]);
        const next = [await claimOne(), await claimOne(), await claimOne()].map(({ service }) => service);
        expect(next.sort()).toEqual(['drip', 'drop', 'flood']);
      });

      test('no more bytes than asked for, but one request at the least', async () => {
        const body = packFrames([Buffer.alloc(10_000)]);
        await store.submit([newRequest({ body }), newRequest({ body }), newRequest({ body })]);
        const first = await store.claim(anOrder({ bytesMax: 15_000 }));
        expect(first.claimed).toHaveLength(2);
        expect(first.nextAt).toBe(T0);
        expect((await store.claim(anOrder({ bytesMax: 1 }))).claimed).toHaveLength(1);
      });

      test('what has outlived its time is expired, not claimed; and those who wait for it are told', async () => {
        const ended: string[] = [];
        store.subscribe({ ended: (ids) => ended.push(...ids) });
        const brief = newRequest({ expiresAt: T0 + 10 });
        const future = newRequest({ dueAt: T0 + 1_000, expiresAt: T0 + 20 });
        await store.submit([brief, future]);
        clock.time = T0 + 10;
        const { claimed, nextAt, expired } = await store.claim(anOrder());
        expect(claimed).toEqual([]);
        expect(expired).toEqual(['mail']);
        expect(nextAt).toBe(T0 + 20);
        expect(ended).toEqual([brief.id]);
        clock.time = T0 + 20;
        await store.claim(anOrder());
        expect(await stateIn(store, future.id)).toBe('expired');
        expect(ended).toEqual([brief.id, future.id]);
      });

      test('it says when to come again: at the next due time, expiry or end of a lease', async () => {
        expect((await store.claim(anOrder())).nextAt).toBe(Infinity);
        await store.submit([newRequest(), newRequest({ dueAt: T0 + 90_000 })]);
        expect((await store.claim(anOrder({ max: 0 }))).nextAt).toBe(T0);
        expect((await store.claim(anOrder({ leaseMs: 5_000 }))).nextAt).toBe(T0 + 5_000);
      });
    });

    describe('leases', () => {
      test('a lease that ran out gives the request to another, and the stale holder changes nothing', async () => {
        const request = newRequest();
        await store.submit([request]);
        const stale = await claimOne();
        clock.time += 30_000;
        const again = await store.claim(anOrder());
        expect(again.regained).toEqual(['mail']);
        const fresh = again.claimed[0]!;
        expect(fresh).toMatchObject({ id: request.id, token: stale.token + 1, attempts: 2 });
        expect(JSON.parse(fresh.error!)).toMatchObject({ code: 'LEASE_LOST' });
        expect(await settle({ ...stale, outcome: 'succeed', reply: REPLY, replyType: undefined })).toBe(
          false,
        );
        expect(await settle({ ...stale, outcome: 'die', error: ERROR })).toBe(false);
        expect(await settle({ ...stale, outcome: 'retry', dueAt: T0, error: ERROR })).toBe(false);
        const progress = packFrames([Buffer.from('stale')]);
        expect(await store.renew([{ ...stale, progress }], 30_000)).toEqual([
          { id: request.id, token: stale.token },
        ]);
        expect(await stateIn(store, request.id)).toBe('running');
        expect((await store.read([request.id], ['progress']))[0]!.progress).toBeUndefined();
        expect(await settle({ ...fresh, outcome: 'succeed', reply: REPLY, replyType: undefined })).toBe(true);
        expect(await settle({ ...fresh, outcome: 'die', error: ERROR })).toBe(false);
        expect(await stateIn(store, request.id)).toBe('done');
      });

      test('a lease that is renewed holds, and keeps the latest progress', async () => {
        await store.submit([newRequest()]);
        const claimed = await claimOne();
        const progress = packFrames([Buffer.from('half')]);
        for (const each of [packFrames([Buffer.from('a quarter')]), progress, undefined]) {
          clock.time += 20_000;
          expect(await store.renew([{ ...claimed, progress: each }], 30_000)).toEqual([]);
        }
        expect((await store.claim(anOrder())).claimed).toEqual([]);
        const [read] = await store.read([claimed.id], ['progress']);
        expect(Buffer.from(read!.progress!)).toEqual(Buffer.from(progress));
        expect(read!.owner).toBe('tester');
        expect(await settle({ ...claimed, outcome: 'succeed', reply: REPLY, replyType: undefined })).toBe(
          true,
        );
      });

      test('a clock that goes back keeps nobody from taking up lost work', async () => {
        await store.submit([newRequest()]);
        clock.time = T0 + 10 * LEASE_MS_MAX;
        const stale = await claimOne();
        clock.time = T0;
        const fresh = await claimOne();
        expect(fresh.token).toBe(stale.token + 1);
        expect(await settle({ ...stale, outcome: 'succeed', reply: REPLY, replyType: undefined })).toBe(
          false,
        );
      });

      test('a clock that goes back a little takes nothing from its holder', async () => {
        await store.submit([newRequest()]);
        clock.time = T0 + 60_000;
        const claimed = await claimOne();
        clock.time = T0;
        expect((await store.claim(anOrder())).claimed).toEqual([]);
        expect(await settle({ ...claimed, outcome: 'succeed', reply: REPLY, replyType: undefined })).toBe(
          true,
        );
      });

      test('a request that is removed has no lease', async () => {
        const request = newRequest();
        await store.submit([request]);
        const claimed = await claimOne();
        expect(await store.remove([request.id])).toBe(1);
        expect(await store.renew([{ ...claimed, progress: undefined }], 1_000)).toHaveLength(1);
        expect(await settle({ ...claimed, outcome: 'succeed', reply: REPLY, replyType: undefined })).toBe(
          false,
        );
        expect(await stateIn(store, request.id)).toBe('gone');
        expect(await store.stats()).toEqual([]);
      });
    });

    describe('settling', () => {
      const outcomes: [string, (claimed: Claimed) => Settlement, State, number][] = [
        [
          'succeed',
          (held) => ({ ...held, outcome: 'succeed', reply: REPLY, replyType: undefined }),
          'done',
          1,
        ],
        ['retry', (held) => ({ ...held, outcome: 'retry', dueAt: T0 + 50, error: ERROR }), 'waiting', 1],
        ['release', (held) => ({ ...held, outcome: 'release', error: undefined }), 'waiting', 0],
        ['die', (held) => ({ ...held, outcome: 'die', error: ERROR }), 'dead', 1],
        ['expire', (held) => ({ ...held, outcome: 'expire', error: ERROR }), 'expired', 1],
        ['fire', (held) => ({ ...held, outcome: 'fire', requests: [], dueAt: T0 + 50 }), 'waiting', 0],
      ];

      test.each(outcomes)('%s', async (_, settlementOf, state, attempts) => {
        const told: string[] = [];
        store.subscribe({ ended: (ids) => told.push(...ids) });
        const request = newRequest();
        await store.submit([request]);
        const claimed = await claimOne();
        expect(await settle(settlementOf(claimed))).toBe(true);
        const [read] = await store.read([request.id], []);
        expect(read).toMatchObject({ state, attempts });
        expect(read!.owner).toBeUndefined();
        expect(told).toEqual(state === 'waiting' ? [] : [request.id]);
        expect(await store.stats()).toEqual([{ service: 'mail', state, requests: 1, bytes: read!.bytes }]);
      });

      test('a request to be tried again waits for its time, with its error', async () => {
        await store.submit([newRequest()]);
        await settle({ ...(await claimOne()), outcome: 'retry', dueAt: T0 + 500, error: ERROR });
        expect((await store.claim(anOrder())).nextAt).toBe(T0 + 500);
        clock.time = T0 + 500;
        expect(await claimOne()).toMatchObject({ attempts: 2, error: ERROR });
      });

      test('a schedule fires once: its requests and its next time come together, or not at all', async () => {
        const schedule = newRequest({ service: 'titanic.cron' });
        await store.submit([schedule]);
        const stale = await claimOne();
        clock.time += 30_000;
        const held = await claimOne();
        const children = [newRequest({ dueAt: T0 }), newRequest({ dueAt: T0 + 60_000 })];
        const firing = { outcome: 'fire', requests: children, dueAt: T0 + 90_000 } as const;
        expect(await settle({ ...stale, ...firing })).toBe(false);
        expect(await stateIn(store, children[0]!.id)).toBe('gone');
        expect(await settle({ ...held, ...firing })).toBe(true);
        expect(await settle({ ...held, ...firing })).toBe(false);
        expect((await store.read([schedule.id], []))[0]).toMatchObject({
          state: 'waiting',
          dueAt: T0 + 90_000,
        });
        expect((await store.claim(anOrder())).claimed.map(({ id }) => id)).toEqual([children[0]!.id]);
      });

      test('a schedule without a next time is done', async () => {
        const schedule = newRequest({ service: 'titanic.cron' });
        await store.submit([schedule]);
        await settle({ ...(await claimOne()), outcome: 'fire', requests: [], dueAt: undefined });
        expect(await stateIn(store, schedule.id)).toBe('done');
      });

      test('a schedule that finds no room does nothing, and fires once there is', async () => {
        ({ store } = await make(clock, { requestsMax: 2 }));
        const schedule = newRequest({ service: 'titanic.cron' });
        const other = newRequest({ dueAt: T0 + 1_000 });
        await store.submit([schedule, other]);
        const held = await claimOne();
        const firing = { ...held, outcome: 'fire', requests: [newRequest()], dueAt: T0 + 60_000 } as const;
        await expect(settle(firing)).rejects.toMatchObject({ code: 'STORE_FULL' });
        expect(await stateIn(store, schedule.id)).toBe('running');
        await store.remove([other.id]);
        expect(await settle(firing)).toBe(true);
        expect(await stateIn(store, firing.requests[0]!.id)).toBe('waiting');
      });

      test('many at once: each by itself', async () => {
        await store.submit(Array.from({ length: 10 }, () => newRequest()));
        const { claimed } = await store.claim(anOrder());
        const settlements = claimed.map((held, index): Settlement =>
          index % 2 === 0
            ? { ...held, outcome: 'succeed', reply: REPLY, replyType: undefined }
            : { ...held, token: held.token + 1, outcome: 'die', error: ERROR },
        );
        expect(await store.settle(settlements, [])).toEqual(claimed.map((_, index) => index % 2 === 0));
      });
    });

    describe('pace', () => {
      test('a service is given no more than its rate and burst', async () => {
        const paces = new Map([['mail', { perSecond: 10, burst: 3 }]]);
        await store.submit(Array.from({ length: 20 }, () => newRequest()));
        const first = await store.claim(anOrder({ paces }));
        expect(first.claimed).toHaveLength(3);
        expect(first.nextAt).toBe(T0 + 100);
        expect(first.held).toEqual(['mail']);
        clock.time = T0 + 99;
        expect((await store.claim(anOrder({ paces, owner: 'another' }))).claimed).toHaveLength(0);
        clock.time = T0 + 100;
        expect((await store.claim(anOrder({ paces, owner: 'another' }))).claimed).toHaveLength(1);
        clock.time = T0 + 10_000;
        expect((await store.claim(anOrder({ paces }))).claimed).toHaveLength(3);
      });

      test('a claim may go ahead of a pace: what has no token yet leaves when it comes, and is owed until then', async () => {
        const paces = new Map([['mail', { perSecond: 100, burst: 3 }]]);
        await store.submit(Array.from({ length: 40 }, () => newRequest()));
        const ahead = anOrder({ paces, aheadMs: 100 });
        const leaving = ({ claimed }: { claimed: readonly Claimed[] }): number[] =>
          claimed.map(({ leavesAt }) => leavesAt - T0);
        const first = await store.claim(ahead);
        expect(leaving(first)).toEqual([0, 0, 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
        expect(first).toMatchObject({ nextAt: T0 + 50, isEndAwaited: false, held: ['mail'] });
        expect((await store.claim(ahead)).claimed).toEqual([]);
        clock.time = T0 + 50;
        expect(leaving(await store.claim({ ...ahead, owner: 'another' }))).toEqual([110, 120, 130, 140, 150]);
        clock.time = T0 + 159;
        expect((await store.claim(anOrder({ paces }))).claimed).toEqual([]);
        clock.time = T0 + 160;
        expect(leaving(await store.claim(anOrder({ paces })))).toEqual([160]);
      });

      test('it says whether the end of a request in hand would let more be claimed', async () => {
        await store.submit([newRequest(), newRequest(), newRequest()]);
        expect((await store.claim(anOrder({ max: 2 }))).isEndAwaited).toBe(true);
        expect((await store.claim(anOrder())).isEndAwaited).toBe(false);
        expect((await store.claim(anOrder())).isEndAwaited).toBe(false);
        await store.submit(Array.from({ length: 4 }, () => newRequest({ service: 'sms' })));
        const limited = await store.claim(anOrder({ pace: { burst: 1, concurrency: 2 } }));
        expect(limited).toMatchObject({ isEndAwaited: true, nextAt: T0 + 30_000 });
        expect(limited.claimed).toHaveLength(2);
        const held = await store.claim(anOrder({ pace: { perSecond: 1, burst: 1 } }));
        expect(held.claimed).toHaveLength(1);
        expect(held.isEndAwaited).toBe(false);
      });

      test('other services are not held up by one that is', async () => {
        const paces = new Map([['mail', { perSecond: 1, burst: 1 }]]);
        await store.submit(Array.from({ length: 20 }, () => newRequest()));
        await store.submit([newRequest({ service: 'sms' })]);
        const { claimed, held } = await store.claim(anOrder({ paces }));
        expect(claimed.map(({ service }) => service).sort()).toEqual(['mail', 'sms']);
        expect(held).toEqual(['mail']);
      });

      test('concurrency counts what everybody has in hand', async () => {
        const order = anOrder({ pace: { burst: 1, concurrency: 2 } });
        await store.submit(Array.from({ length: 5 }, () => newRequest()));
        const { claimed } = await store.claim(order);
        expect(claimed).toHaveLength(2);
        expect((await store.claim({ ...order, owner: 'another' })).claimed).toHaveLength(0);
        await settle({ ...claimed[0]!, outcome: 'succeed', reply: REPLY, replyType: undefined });
        expect((await store.claim({ ...order, owner: 'another' })).claimed).toHaveLength(1);
      });

      test('a service that fails is paused, then tried with one request, then given all', async () => {
        const failed = { service: 'mail', answered: 0, failed: 1, absent: 0 };
        await store.submit(Array.from({ length: 20 }, () => newRequest()));
        for (let count = 0; count < 5; count++) {
          const held = await claimOne();
          await store.settle([{ ...held, outcome: 'release', error: undefined }], [failed]);
        }
        const paused = await store.claim(anOrder());
        expect(paused.claimed).toEqual([]);
        expect(paused.held).toEqual(['mail']);
        expect(paused.nextAt).toBeGreaterThan(T0);
        expect(paused.nextAt).toBeLessThanOrEqual(T0 + 500);
        clock.time = paused.nextAt;
        const probe = await store.claim(anOrder());
        expect(probe.claimed).toHaveLength(1);
        expect((await store.claim(anOrder())).claimed).toEqual([]);
        const [held] = probe.claimed;
        await store.settle(
          [{ ...held!, outcome: 'succeed', reply: REPLY, replyType: undefined }],
          [{ ...failed, answered: 1, failed: 0 }],
        );
        expect((await store.claim(anOrder())).claimed).toHaveLength(19);
      });

      test('a service that nobody serves is paused at once', async () => {
        await store.submit([newRequest(), newRequest()]);
        const held = await claimOne();
        await store.settle(
          [{ ...held, outcome: 'release', error: undefined }],
          [{ service: 'mail', answered: 0, failed: 0, absent: 1 }],
        );
        const { claimed, nextAt } = await store.claim(anOrder());
        expect(claimed).toEqual([]);
        clock.time = nextAt;
        expect((await store.claim(anOrder())).claimed).toHaveLength(1);
      });
    });

    describe('changes', () => {
      test('a request that waits can be edited, moved and cancelled', async () => {
        const request = newRequest({
          dueAt: T0 + 1_000,
          expiresAt: T0 + 9_000,
          terms: '{"attempts":3,"timeoutMs":9,"progress":true}',
        });
        await store.submit([request]);
        const body = packFrames([Buffer.alloc(5_000, 1)]);
        const terms = '{"attempts":1,"progress":null}';
        const edits = [
          { id: request.id, change: 'edit', body, priority: 9, terms },
          { id: request.id, change: 'move', dueAt: T0 },
        ] as const;
        expect(await store.change(edits)).toEqual([{ result: 'changed' }, { result: 'changed' }]);
        expect((await store.read([request.id], []))[0]).toMatchObject({ dueAt: T0, expiresAt: T0 + 8_000 });
        await store.change([{ id: request.id, change: 'edit', ttlMs: 77 }]);
        expect((await store.read([request.id], []))[0]).toMatchObject({ expiresAt: T0 + 77 });
        await store.change([{ id: request.id, change: 'edit', ttlMs: null }]);
        const held = await claimOne();
        expect(held).toMatchObject({ priority: 9, dueAt: T0 });
        expect(JSON.parse(held.terms!)).toEqual({ attempts: 1, timeoutMs: 9 });
        expect(held.expiresAt).toBeUndefined();
        expect(held.body).toHaveLength(body.length);
        await settle({ ...held, outcome: 'release', error: undefined });
        const small = packFrames([Buffer.from('small')]);
        await store.change([{ id: request.id, change: 'edit', body: small }]);
        expect((await store.read([request.id], ['body']))[0]).toMatchObject({ bytes: small.length });
        expect(await store.change([{ id: request.id, change: 'cancel' }])).toEqual([{ result: 'changed' }]);
        expect((await store.claim(anOrder())).claimed).toEqual([]);
        expect(await stateIn(store, request.id)).toBe('cancelled');
        expect(await store.stats()).toEqual([
          { service: 'mail', state: 'cancelled', requests: 1, bytes: small.length },
        ]);
      });

      test('from the claim on it cannot, and what there is not is unknown', async () => {
        await store.submit([newRequest()]);
        const { id } = await claimOne();
        const changes = [
          { id, change: 'cancel' },
          { id, change: 'move', dueAt: T0 },
          { id, change: 'edit', priority: 1 },
          { id, change: 'revive', dueAt: T0 },
        ] as const;
        expect(await store.change(changes)).toEqual(
          changes.map(() => ({ result: 'refused', state: 'running' })),
        );
        expect(await store.change([{ id: newId(), change: 'cancel' }])).toEqual([{ result: 'unknown' }]);
      });

      test('an edit that races with a claim is in the claim, or refused: never lost', async () => {
        const after = packFrames([Buffer.from('edited')]);
        // A store may pass over what is being edited at this moment; then it says to come again at once.
        const claimSoon = async (): Promise<Claimed> => {
          for (;;) {
            const { claimed, nextAt } = await store.claim(anOrder({ max: 1 }));
            if (claimed.length > 0) return claimed[0]!;
            expect(nextAt).toBeLessThanOrEqual(clock.time);
          }
        };
        for (let round = 0; round < 20; round++) {
          const request = newRequest();
          await store.submit([request]);
          const edit = () => store.change([{ id: request.id, change: 'edit', body: after }]);
          const editFirst = round % 2 === 0 ? edit() : undefined;
          const claiming = claimSoon();
          const [[changed], claimed] = await Promise.all([editFirst ?? edit(), claiming]);
          expect([changed!.result, bodyOf(claimed)]).toEqual(
            changed!.result === 'changed' ? ['changed', 'edited'] : ['refused', 'hello'],
          );
          await store.remove([request.id]);
        }
      });

      test('a dead letter can be revived, with all its attempts', async () => {
        const request = newRequest({ expiresAt: T0 + 5_000 });
        await store.submit([request]);
        await settle({ ...(await claimOne()), outcome: 'die', error: ERROR });
        clock.time = T0 + 10_000;
        expect(await store.change([{ id: request.id, change: 'revive', dueAt: clock.time }])).toEqual([
          { result: 'changed' },
        ]);
        expect(await claimOne()).toMatchObject({ id: request.id, attempts: 1, error: ERROR });
      });

      test('nothing but what the state machine has can be done, in any state', async () => {
        const into: Record<State, () => Promise<string>> = {
          waiting: async () => (await submitOne()).id,
          running: async () => {
            await submitOne();
            return (await claimOne()).id;
          },
          done: () =>
            endedBy((held) => ({ ...held, outcome: 'succeed', reply: REPLY, replyType: undefined })),
          dead: () => endedBy((held) => ({ ...held, outcome: 'die', error: ERROR })),
          expired: () => endedBy((held) => ({ ...held, outcome: 'expire', error: undefined })),
          cancelled: async () => {
            const { id } = await submitOne();
            await store.change([{ id, change: 'cancel' }]);
            return id;
          },
        };
        const submitOne = async () => {
          const request = newRequest();
          await store.submit([request]);
          return request;
        };
        const endedBy = async (settlementOf: (held: Claimed) => Settlement): Promise<string> => {
          await submitOne();
          const held = await claimOne();
          await settle(settlementOf(held));
          return held.id;
        };
        const changes = { cancel: 'cancel', move: 'change', edit: 'change', revive: 'revive' } as const;
        for (const state of STATES) {
          for (const [change, event] of Object.entries(changes)) {
            const id = await into[state]();
            const [changed] = await store.change([{ id, change: change as 'move', dueAt: T0 + 99_999 }]);
            const expected = step(state, event);
            expect([state, change, changed!.result]).toEqual([
              state,
              change,
              expected ? 'changed' : 'refused',
            ]);
            expect(await stateIn(store, id)).toBe(expected ?? state);
            await store.remove([id]);
          }
        }
      });
    });

    describe('reading', () => {
      test('pages go through all there is, the latest first, whatever the filter', async () => {
        const requests = Array.from({ length: 25 }, (_, index) =>
          newRequest({ service: index % 5 === 0 ? 'rare' : 'mail' }),
        );
        await store.submit(requests);
        const pages = async (query: object): Promise<string[]> => {
          const ids: string[] = [];
          let after: string | undefined;
          do {
            const page = await store.list({ ...query, limit: 4, after });
            expect(page.requests.length).toBeLessThanOrEqual(4);
            ids.push(...page.requests.map(({ id }) => id));
            after = page.next;
          } while (after !== undefined);
          return ids;
        };
        const latestFirst = requests.map(({ id }) => id).reverse();
        expect(await pages({})).toEqual(latestFirst);
        expect(await pages({ state: 'waiting' })).toEqual(latestFirst);
        expect(await pages({ service: 'rare' })).toEqual(
          requests
            .filter(({ service }) => service === 'rare')
            .map(({ id }) => id)
            .reverse(),
        );
        expect(await pages({ search: 'rar' })).toHaveLength(5);
        expect(await pages({ search: requests[3]!.id.slice(-6) })).toContain(requests[3]!.id);
        expect(await pages({ state: 'dead' })).toEqual([]);

        const { claimed } = await store.claim(anOrder({ max: 12 }));
        const ended = claimed.slice(0, 9);
        for (const held of ended) {
          clock.time += 1;
          await settle({ ...held, outcome: 'die', error: ERROR });
        }
        expect(await pages({ state: 'dead' })).toEqual(ended.map(({ id }) => id).reverse());
        expect((await pages({ state: 'running' })).sort()).toEqual(
          claimed
            .slice(9)
            .map(({ id }) => id)
            .sort(),
        );
      });

      /** The ids on all pages of a query, `limit` to a page. */
      const idsOf = async (query: object, limit = 3): Promise<string[]> => {
        const ids: string[] = [];
        let after: string | undefined;
        do {
          const page = await store.list({ ...query, limit, after });
          expect(page.requests.length).toBeLessThanOrEqual(limit);
          ids.push(...page.requests.map(({ id }) => id));
          after = page.next;
        } while (after !== undefined);
        return ids;
      };

      /** Has one request of a service fail, to be tried again at `dueAt`. */
      const failOnce = async (service: string, dueAt: number): Promise<string> => {
        const request = newRequest({ service, priority: 9 });
        await store.submit([request]);
        const held = await claimOne();
        expect(held.id).toBe(request.id);
        await settle({ ...held, outcome: 'retry', dueAt, error: ERROR });
        return request.id;
      };

      test('what waits is listed by phase: in its turn, page after page, whatever else waits', async () => {
        const sms = await failOnce('sms', T0 + 5);
        const late = await failOnce('mail', T0 + 20);
        const soon = await failOnce('mail', T0 + 10);
        const due = [
          newRequest({ service: 'mail', priority: 9, dueAt: T0 }),
          newRequest({ service: 'mail', priority: 4, dueAt: T0 - 9 }),
          newRequest({ service: 'mail', priority: 4, dueAt: T0 - 5 }),
          newRequest({ service: 'mail', priority: 4, dueAt: T0 - 5 }),
          newRequest({ service: 'sms', priority: 0, dueAt: T0 }),
        ];
        const scheduled = [
          newRequest({ service: 'mail', priority: 4, dueAt: T0 + 1 }),
          newRequest({ service: 'mail', priority: 4, dueAt: T0 + 900 }),
          newRequest({ service: 'sms', priority: 4, dueAt: T0 + 1 }),
        ];
        await store.submit([...scheduled, ...due]);
        for (const limit of [1, 2, 3, 100]) {
          expect(await idsOf({ state: 'due' }, limit)).toEqual(due.map(({ id }) => id));
          expect(await idsOf({ state: 'scheduled' }, limit)).toEqual(scheduled.map(({ id }) => id));
          expect(await idsOf({ state: 'retrying' }, limit)).toEqual([soon, late, sms]);
        }
        expect(await idsOf({ state: 'due', service: 'sms' })).toEqual([due[4]!.id]);
        expect(await idsOf({ state: 'retrying', service: 'mail' })).toEqual([soon, late]);
        expect(await idsOf({ state: 'due', service: 'nobody' })).toEqual([]);
        expect(await idsOf({ state: 'due', search: 'sm' })).toEqual([due[4]!.id]);
        clock.time = T0 + 10;
        expect(await idsOf({ state: 'retrying' })).toEqual([soon, late, sms]);
      });

      test('what is due, or is tried again, is on the first page, however much is scheduled', async () => {
        const late = await failOnce('mail', T0 + 20);
        const due = newRequest({ service: 'sms' });
        const scheduled = Array.from({ length: 2_500 }, (_, index) =>
          newRequest({ service: index % 2 === 0 ? 'mail' : 'sms', dueAt: T0 + 1_000 + index }),
        );
        await store.submit([due, ...scheduled]);
        const ids = async (state: 'due' | 'retrying'): Promise<[string[], string | undefined]> => {
          const { requests, next } = await store.list({ state, limit: 10 });
          return [requests.map(({ id }) => id), next];
        };
        expect(await ids('due')).toEqual([[due.id], undefined]);
        expect(await ids('retrying')).toEqual([[late], undefined]);
        expect(await idsOf({ state: 'scheduled' }, 1_000)).toHaveLength(2_500);
      });

      test('by what their ids begin with, whatever else there is', async () => {
        const ids = ['ab0', 'ab1', 'abf', 'ac0', 'aaf'].map((prefix) => prefix + newId().slice(3));
        await store.submit(ids.map((id) => newRequest({ id })));
        expect(await idsOf({ idPrefix: 'ab' }, 2)).toEqual(ids.slice(0, 3));
        expect(await idsOf({ idPrefix: 'ab1' })).toEqual([ids[1]]);
        expect(await idsOf({ idPrefix: ids[3]! })).toEqual([ids[3]]);
        expect(await idsOf({ idPrefix: 'ab', state: 'dead' })).toEqual([]);
        expect(await idsOf({ idPrefix: 'ab', state: 'due' })).toEqual(ids.slice(0, 3));
      });

      test('a cursor that is none leads to the beginning', async () => {
        const request = newRequest();
        await store.submit([request]);
        for (const query of [{}, { state: 'due' }, { idPrefix: '0' }, { state: 'retrying' }] as const) {
          const { requests } = await store.list({ ...query, limit: 9, after: 'nonsense' });
          expect(requests.map(({ id }) => id)).toEqual(
            'state' in query && query.state === 'retrying' ? [] : [request.id],
          );
        }
      });

      test('the backlog counts what is due and what is tried again, and knows the oldest', async () => {
        expect(await store.backlog()).toEqual([]);
        await failOnce('mail', T0 + 10);
        await store.submit([
          newRequest({ dueAt: T0 - 7 }),
          newRequest({ dueAt: T0, priority: 9 }),
          newRequest({ dueAt: T0 + 1 }),
          newRequest({ service: 'sms', dueAt: T0 + 60_000 }),
        ]);
        const sms = { service: 'sms', due: 0, retrying: 0, oldestDueAt: undefined, isMore: false };
        const mail = { service: 'mail', due: 2, retrying: 1, oldestDueAt: T0 - 7, isMore: false };
        expect(await store.backlog()).toEqual([mail, sms]);
        clock.time = T0 + 10;
        expect(await store.backlog()).toEqual([{ ...mail, due: 3 }, sms]);
      });

      test('in the order asked for, with what there is not left out', async () => {
        const request = newRequest();
        await store.submit([request]);
        const read = await store.read([newId(), request.id], []);
        expect(read.map((each) => each?.id)).toEqual([undefined, request.id]);
        expect(read[1]!.body).toBeUndefined();
      });
    });

    test('what is removed in one state alone stays where it is in another by then', async () => {
      const requests = [newRequest(), newRequest()];
      const ids = requests.map(({ id }) => id);
      await store.submit(requests);
      const { claimed } = await store.claim(anOrder());
      for (const held of claimed) await settle({ ...held, outcome: 'die', error: ERROR });
      await store.change([{ id: ids[0]!, change: 'revive', dueAt: T0 }]);
      expect(await store.remove(ids, 'dead')).toBe(1);
      expect(await stateIn(store, ids[0]!)).toBe('waiting');
      expect(await stateIn(store, ids[1]!)).toBe('gone');
    });

    describe('retention', () => {
      const none = { ageMs: 0, count: 0 };
      const ever = { ageMs: 1e12, count: 1e9 };
      const keepAll = { done: ever, dead: ever, expired: ever, cancelled: ever };

      const endSome = async (count: number): Promise<string[]> => {
        await store.submit(Array.from({ length: count }, () => newRequest()));
        const { claimed } = await store.claim(anOrder());
        for (const held of claimed) {
          clock.time += 10;
          await settle({ ...held, outcome: 'succeed', reply: REPLY, replyType: undefined });
        }
        return claimed.map(({ id }) => id);
      };

      test('by age', async () => {
        const ids = await endSome(5);
        const purged = await store.purge({ ...keepAll, done: { ageMs: 20, count: 99 } });
        expect(purged).toEqual({ removed: 3, more: false });
        const left = await store.read(ids, []);
        expect(left.map((each) => each !== undefined)).toEqual([false, false, false, true, true]);
      });

      test('by count, the oldest first', async () => {
        const ids = await endSome(5);
        expect(await store.purge({ ...keepAll, done: { ageMs: 1e9, count: 2 } })).toMatchObject({
          removed: 3,
        });
        const left = await store.read(ids, []);
        expect(left.map((each) => each !== undefined)).toEqual([false, false, false, true, true]);
        expect(await store.stats()).toMatchObject([{ state: 'done', requests: 2 }]);
      });

      test('what waits or runs is never purged', async () => {
        await store.submit([newRequest(), newRequest()]);
        await claimOne();
        clock.time += 1e10;
        expect(await store.purge({ done: none, dead: none, expired: none, cancelled: none })).toMatchObject({
          removed: 0,
        });
        expect((await store.stats()).reduce((sum, { requests }) => sum + requests, 0)).toBe(2);
      });

      test('in steps, so that nothing else is held up', async () => {
        await store.submit(Array.from({ length: 1_500 }, () => newRequest({ expiresAt: T0 + 1 })));
        clock.time = T0 + 1;
        await store.claim(anOrder());
        await store.claim(anOrder());
        expect(await store.purge({ ...keepAll, expired: none })).toEqual({ removed: 1_000, more: true });
        expect(await store.purge({ ...keepAll, expired: none })).toEqual({ removed: 500, more: false });
      });
    });

    describe('events', () => {
      test('whoever waits is told of what is due, and of what has ended, after it is so', async () => {
        const due: number[] = [];
        const ended: Promise<string>[] = [];
        const unsubscribe = store.subscribe({
          due: (at) => due.push(at),
          ended: (ids) => ended.push(...ids.map((id) => stateIn(store, id))),
        });
        await store.submit([newRequest({ dueAt: T0 + 7 }), newRequest({ dueAt: T0 + 5 })]);
        expect(due).toEqual([T0 + 5]);
        clock.time = T0 + 5;
        const held = await claimOne();
        await settle({ ...held, outcome: 'succeed', reply: REPLY, replyType: undefined });
        expect(await Promise.all(ended)).toEqual(['done']);
        await store.remove([held.id]);
        expect(await Promise.all(ended)).toEqual(['done', 'gone']);
        unsubscribe();
        await store.submit([newRequest()]);
        expect(due).toEqual([T0 + 5]);
      });
    });

    describe('crashes', () => {
      test('what was answered is there after a crash, in the state that was answered', async () => {
        const waiting = newRequest({ dueAt: T0 + 60_000 });
        const requests = [newRequest(), newRequest(), newRequest(), newRequest()];
        await store.submit([waiting, ...requests]);
        const { claimed } = await store.claim(anOrder());
        const [done, dead, retried, running] = claimed;
        await store.settle(
          [
            { ...done!, outcome: 'succeed', reply: REPLY, replyType: undefined },
            { ...dead!, outcome: 'die', error: ERROR },
            { ...retried!, outcome: 'retry', dueAt: T0 + 70_000, error: ERROR },
          ],
          [],
        );
        store = await crash();
        const states = await Promise.all(
          [waiting, done!, dead!, retried!].map(({ id }) => stateIn(store, id)),
        );
        expect(states).toEqual(['waiting', 'done', 'dead', 'waiting']);
        const [read] = await store.read([done!.id], ['reply']);
        expect(Buffer.from(read!.reply!)).toEqual(Buffer.from(REPLY));
        clock.time = T0 + 30_000;
        const { claimed: again, nextAt } = await store.claim(anOrder());
        expect(again.map(({ id }) => id)).toEqual([running!.id]);
        expect(nextAt).toBe(T0 + 60_000);
        expect((await store.purge(RETENTION_DEFAULTS)).removed).toBe(0);
      });

      test('a store that is closed says so', async () => {
        const pending = store.submit([newRequest()]);
        await store.close();
        await pending;
        await expect(store.submit([newRequest()])).rejects.toMatchObject({ code: 'CLOSED' });
        await store.close();
      });
    });
  });
}
