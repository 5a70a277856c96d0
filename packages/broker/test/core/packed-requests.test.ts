import { HEARTBEAT, mdp01 } from '@majordomo/protocol';
import { Bench, cost, requestOf } from './bench';

/** A bench with a packed client `c` in session. */
function welcomed(settings = {}): Bench {
  const bench = new Bench(settings);
  bench.hello('c');
  bench.replies('c');
  return bench;
}

describe('CANCEL', () => {
  test('takes a request that waits out of the queue, and says nothing', () => {
    const bench = welcomed();
    bench.ask('c', 1, 'late', 'unwanted');
    bench.ask('c', 2, 'late', 'wanted');
    bench.cancel('c', 1);
    expect(bench.core.pendingBytes).toBe(cost('wanted'));
    bench.ready('w', 'late');
    expect(bench.job('w').text).toBe('wanted');
    expect(bench.replies('c')).toEqual([]);
    expect(bench.core.counters).toMatchObject({ cancelled: 1, withdrawn: 0 });
  });

  test('of the last one that waits leaves no service behind', () => {
    const bench = welcomed();
    bench.together(() => {
      bench.ask('c', 1, 'late');
      bench.cancel('c', 1);
    });
    expect([bench.core.services.size, bench.core.pendingBytes]).toEqual([0, 0]);
  });

  test.each(['final', 'failure'])(
    'reaches the packed worker that holds it; its %s is dropped and frees it',
    (end) => {
      const bench = welcomed();
      bench.readyPacked('w', 'echo');
      bench.ask('c', 1, 'echo', 'unwanted', { window: 9 });
      bench.ask('c', 2, 'echo', 'next');
      const { ref } = bench.job('w');
      bench.cancel('c', 1);
      expect(bench.sentToWorker('w')).toEqual([{ kind: 'cancel', ref }]);
      bench.partial('w', ref, 'crossed');
      if (end === 'final') bench.final('w', ref, 'crossed');
      else bench.failure('w', ref, 'CANCELLED');
      expect(bench.replies('c')).toEqual([]);
      expect(bench.job('w').text).toBe('next');
      expect(bench.core.counters).toMatchObject({
        cancelled: 1,
        repliesDropped: 1,
        failed: 0,
        protocolErrors: 0,
      });
    },
  );

  test('is not told to a plain worker, whose reply is dropped', () => {
    const bench = welcomed();
    bench.ready('w', 'echo', { dialect: mdp01 });
    bench.ask('c', 1, 'echo');
    const { ref } = bench.job('w');
    bench.cancel('c', 1);
    expect(bench.kinds('w')).toEqual([]);
    bench.final('w', ref, 'for nobody');
    expect(bench.replies('c')).toEqual([]);
    expect(bench.core.counters).toMatchObject({ cancelled: 1, repliesDropped: 1, protocolErrors: 0 });
  });

  test('of what was never asked, or has ended, is ignored', () => {
    const bench = welcomed();
    bench.readyPacked('w', 'echo');
    bench.ask('c', 1, 'echo');
    bench.final('w', bench.job('w').ref, 'done');
    for (const id of [1, 2]) bench.cancel('c', id);
    expect([bench.replies('c'), bench.kinds('w')]).toEqual([['1 final done'], []]);
    expect(bench.core.counters).toMatchObject({ cancelled: 0, protocolErrors: 0 });
  });

  test('reaches nothing of another client', () => {
    const bench = welcomed();
    bench.hello('other');
    bench.ask('c', 1, 'late');
    bench.cancel('other', 1);
    expect(bench.core.counters.cancelled).toBe(0);
    expect(bench.core.pendingBytes).toBe(cost('work'));
  });

  test('what is cancelled is not given to another worker when its own is lost', () => {
    const bench = welcomed();
    bench.readyPacked('w', 'echo');
    bench.ask('c', 1, 'echo');
    bench.cancel('c', 1);
    bench.gone('w');
    bench.readyPacked('next', 'echo');
    expect(bench.jobs('next')).toEqual([]);
  });
});

describe('deadlines', () => {
  const expired = { kind: 'failure', origin: 'broker', code: 'EXPIRED', retryable: true };

  test('a request that waits longer than it may is failed, busy workers or not', () => {
    const bench = welcomed();
    bench.ready('w', 'slow');
    bench.request('plain', 'slow', 'in hand');
    bench.ask('c', 1, 'slow', 'in time', { remainingMs: 200 });
    bench.ask('c', 2, 'slow', 'for ever');
    bench.tickAfter(199);
    expect(bench.replies('c')).toEqual(['heartbeat']);
    bench.tickAfter(10);
    expect(bench.sentToClient('c')).toMatchObject([{ ...expired, id: 1 }]);
    expect(bench.seen('requestExpired')).toMatchObject([{ service: 'slow', waitedMs: 209 }]);
    bench.final('w', bench.job('w').ref, 'done');
    expect(bench.job('w').text).toBe('for ever');
    expect(bench.core.counters.expired).toBe(1);
  });

  test('one whose time is up is not dispatched, though no tick has come since', () => {
    const bench = welcomed();
    bench.ask('c', 1, 'late', 'stale', { remainingMs: 50 });
    bench.ask('c', 2, 'late', 'fresh', { remainingMs: 51 });
    bench.now = 50;
    bench.readyPacked('w', 'late', 5);
    expect(bench.sentToWorker('w')).toMatchObject([{ kind: 'request', remainingMs: 1 }]);
    expect(bench.sentToClient('c')).toMatchObject([{ ...expired, id: 1 }]);
  });

  test('what is left is told in whole ms, and is never 0, which would be no deadline', () => {
    const bench = welcomed();
    bench.ask('c', 1, 'late', 'x', { remainingMs: 50 });
    bench.ask('c', 2, 'late', 'x', { remainingMs: 60 });
    bench.now = 49.9;
    bench.readyPacked('w', 'late', 5);
    expect(bench.sentToWorker('w')).toMatchObject([{ remainingMs: 1 }, { remainingMs: 11 }]);
  });

  test('one whose time is up costs its client no turn', () => {
    const bench = new Bench();
    bench.hello('c', 'd');
    bench.readyPacked('w', 'echo', 1);
    bench.ask('c', 1, 'echo', 'busy');
    const { ref } = bench.job('w');
    bench.ask('c', 2, 'echo', 'late', { remainingMs: 10 });
    bench.ask('c', 3, 'echo', 'first');
    bench.ask('d', 1, 'echo', 'second');
    bench.now += 12;
    bench.final('w', ref, 'done');
    expect(
      bench.sentToWorker('w').map((command) => command.kind === 'request' && command.body.text()),
    ).toEqual(['first']);
  });

  test('an expired one that was alone leaves no service behind', () => {
    const bench = welcomed();
    bench.ask('c', 1, 'late', '', { remainingMs: 50 });
    bench.tickAfter(100);
    expect([bench.core.services.size, bench.core.pendingBytes]).toEqual([0, 0]);
  });

  test('what a worker holds is not failed by the broker; its worker knows what is left', () => {
    const bench = welcomed();
    bench.ready('w', 'slow');
    bench.ask('c', 1, 'slow', 'x', { remainingMs: 100 });
    const { ref } = bench.job('w');
    bench.tickAfter(300);
    bench.tell('c', HEARTBEAT);
    bench.tickAfter(300);
    bench.final('w', ref, 'late');
    expect(bench.replies('c')).toContain('1 final late');
  });

  test('a request whose worker is lost keeps its deadline', () => {
    const bench = welcomed();
    bench.readyPacked('a', 'echo', 2);
    for (const [id, remainingMs] of [
      [1, 150],
      [2, 300],
    ] as const) {
      bench.ask('c', id, 'echo', String(id), { remainingMs });
    }
    bench.jobs('a');
    bench.now = 100;
    bench.gone('a');
    bench.tickAfter(60);
    expect(bench.sentToClient('c')).toMatchObject([HEARTBEAT, { ...expired, id: 1 }]);
    bench.readyPacked('b', 'echo', 2);
    expect(bench.sentToWorker('b')).toMatchObject([{ remainingMs: 140, attempt: 2 }]);
  });

  test('one that is up when its worker is lost is not given to another', () => {
    const bench = welcomed();
    bench.readyPacked('a', 'echo');
    bench.readyPacked('b', 'echo');
    bench.ask('c', 1, 'echo', 'x', { remainingMs: 50 });
    bench.now = 60;
    bench.gone('a');
    expect(bench.jobs('b')).toEqual([]);
    expect(bench.sentToClient('c')).toMatchObject([{ ...expired, id: 1 }]);
    expect(bench.core.counters).toMatchObject({ expired: 1, exhausted: 0, redispatched: 0 });
  });

  test('it makes no service wait longer than the broker allows', () => {
    const bench = welcomed();
    bench.ask('c', 1, 'nobody', 'x', { remainingMs: 4_294_967_295 });
    for (let n = 0; n < 10; n++) {
      bench.tell('c', HEARTBEAT);
      bench.tickAfter(100);
    }
    expect(bench.replies('c')).toContain('1 failure EXPIRED');
  });
});

describe('failFast', () => {
  const hurried = { failFast: true };

  test('fails at once where nobody is registered', () => {
    const bench = welcomed();
    bench.ask('c', 1, 'nobody', 'x', hurried);
    expect(bench.sentToClient('c')).toMatchObject([
      { kind: 'failure', id: 1, origin: 'broker', code: 'NO_WORKER', retryable: true },
    ]);
    expect(bench.core.counters).toMatchObject({ requests: 1, unserved: 1 });
    expect(bench.core.services.size).toBe(0);
  });

  test('fails where others wait in vain as well, and does not disturb them', () => {
    const bench = welcomed();
    bench.ask('c', 1, 'late', 'patient');
    bench.ask('c', 2, 'late', 'hurried', hurried);
    expect(bench.replies('c')).toEqual(['2 failure NO_WORKER']);
    bench.readyPacked('w', 'late');
    expect(bench.job('w').text).toBe('patient');
  });

  test('waits for a worker that is registered and busy', () => {
    const bench = welcomed();
    bench.ready('w', 'echo');
    bench.ask('c', 1, 'echo', '1', hurried);
    bench.ask('c', 2, 'echo', '2', hurried);
    bench.final('w', bench.job('w').ref, 'done');
    expect(bench.job('w').text).toBe('2');
    expect(bench.replies('c')).toEqual(['1 final done']);
  });
});

describe('priorities', () => {
  test('the highest is served first, plain requests at 4, clients in turns within one', () => {
    const bench = welcomed();
    bench.hello('d');
    bench.ask('c', 1, 'echo', 'low', { priority: 0 });
    bench.ask('c', 2, 'echo', 'c1', { priority: 9 });
    bench.ask('c', 3, 'echo', 'c2', { priority: 9 });
    bench.ask('d', 1, 'echo', 'd1', { priority: 9 });
    bench.ask('d', 2, 'echo', 'above plain', { priority: 5 });
    bench.request('plain', 'echo', 'plain');
    bench.ask('d', 3, 'echo', 'below plain', { priority: 3 });
    bench.readyPacked('w', 'echo', 100);
    const order = bench.jobs('w').map(({ text }) => text);
    expect(order).toEqual(['c1', 'd1', 'c2', 'above plain', 'plain', 'below plain', 'low']);
  });

  test('what a lost worker held goes before all, whatever its priority', () => {
    const bench = welcomed();
    bench.readyPacked('a', 'echo');
    bench.ask('c', 1, 'echo', 'was held', { priority: 0 });
    bench.ask('c', 2, 'echo', 'urgent', { priority: 9 });
    bench.gone('a');
    bench.readyPacked('b', 'echo', 2);
    expect(bench.jobs('b').map(({ text }) => text)).toEqual(['was held', 'urgent']);
  });
});

test('bounds are failures that say so at once, and can be tried again', () => {
  const bench = welcomed({ queueMax: 1 });
  bench.ask('c', 1, 'echo');
  bench.ask('c', 2, 'echo');
  expect(bench.sentToClient('c')).toMatchObject([
    { kind: 'failure', id: 2, origin: 'broker', code: 'QUEUE_FULL', retryable: true, service: 'echo' },
  ]);
  bench.ask('c', 2, 'other');
  expect(bench.replies('c')).toEqual([]);
});

test('requests that come together with the worker that serves them all are served in order', () => {
  const bench = welcomed();
  bench.together(() => {
    for (const id of [1, 2, 3]) bench.ask('c', id, 'echo', String(id));
    bench.readyPacked('w', 'echo', 2);
    for (const id of [4, 5]) bench.ask('c', id, 'echo', String(id));
  });
  expect(bench.jobs('w').map(({ text }) => text)).toEqual(['1', '2']);
});

test('everything that ends a packed request is counted, once', () => {
  const bench = welcomed({ attemptsMax: 1, queueMax: 2 });
  bench.readyPacked('w', 'echo', 3);
  const ids = { answered: 1, failed: 2, exhausted: 3, expired: 4, cancelled: 5, refused: 6, unserved: 7 };
  for (const id of [1, 2, 3]) bench.ask('c', id, 'echo');
  const [answered, failed] = bench.jobs('w');
  bench.ask('c', ids.expired, 'echo', 'x', { remainingMs: 10 });
  bench.ask('c', ids.cancelled, 'echo');
  bench.ask('c', ids.refused, 'echo');
  bench.ask('c', ids.unserved, 'nobody', 'x', { failFast: true });
  bench.cancel('c', ids.cancelled);
  bench.tickAfter(50);
  bench.final('w', answered!.ref, 'done');
  bench.failure('w', failed!.ref, 'BROKEN');
  bench.gone('w');
  bench.ask('c', 8, 'echo');
  bench.tell('c', requestOf(8, 'echo', 'in use'));
  const { counters } = bench.core;
  for (const end of Object.keys(ids)) expect([end, counters[end as keyof typeof ids]]).toEqual([end, 1]);
  expect(counters).toMatchObject({ requests: 8, withdrawn: 1, refusedDraining: 0, overflowed: 0 });
  bench.expectEmpty();
});

test('a worker that keeps what was cancelled keeps nothing of its body', () => {
  const bench = new Bench();
  bench.hello('c');
  bench.readyPacked('w', 'echo', 10);
  bench.ask('c', 1, 'echo', 'x'.repeat(1_000));
  const held = bench.core.workers.get('w')!.held.values()[0]!;
  expect(held.body.byteLength).toBe(1_000);
  bench.tell('c', { kind: 'cancel', id: 1 });
  expect([held.state, held.body.byteLength, bench.core.pendingBytes]).toEqual(['ended', 0, 0]);
});
