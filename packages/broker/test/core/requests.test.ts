import { DEFAULT_LIMITS, mdp01, mdp02OverReq, type Ref } from '@majordomo/protocol';
import { Bench, cost } from './bench';

describe('expiry', () => {
  test('a request expires when no worker has served its service for the time allowed', () => {
    const bench = new Bench();
    bench.request('c', 'nobody');
    bench.tickAfter(999);
    expect(bench.replies('c')).toEqual([]);
    bench.tickAfter(1);
    expect(bench.replies('c')).toEqual(['failure EXPIRED']);
    expect(bench.seen('requestExpired')).toMatchObject([{ service: 'nobody', waitedMs: 1_000 }]);
    expect(bench.core.services.size).toBe(0);
  });

  test('each request has its own time', () => {
    const bench = new Bench();
    bench.request('early', 'nobody');
    bench.now = 600;
    bench.request('late', 'nobody');
    bench.tickAfter(400);
    expect([bench.replies('early'), bench.replies('late')]).toEqual([['failure EXPIRED'], []]);
    bench.tickAfter(600);
    expect(bench.replies('late')).toEqual(['failure EXPIRED']);
  });

  test('what waits for a busy worker does not expire', () => {
    const bench = new Bench();
    bench.ready('w', 'slow');
    bench.request('c', 'slow', '1');
    bench.request('c', 'slow', '2');
    bench.tickAfter(9_000);
    expect(bench.replies('c')).toEqual([]);
  });

  test('the time begins when the last worker leaves', () => {
    const bench = new Bench();
    bench.ready('w', 'slow');
    bench.request('c', 'slow', '1');
    bench.request('c', 'slow', '2');
    bench.now = 5_000;
    bench.disconnect('w');
    bench.tickAfter(999);
    expect(bench.replies('c')).toEqual([]);
    bench.tickAfter(1);
    expect(bench.replies('c')).toEqual(['failure EXPIRED', 'failure EXPIRED']);
    expect(bench.core.pendingBytes).toBe(0);
  });

  test('a worker that comes in time stops the clock', () => {
    const bench = new Bench();
    bench.request('c', 'late');
    bench.now = 999;
    bench.ready('w', 'late');
    bench.tickAfter(300);
    bench.final('w', bench.job('w').ref, 'done');
    expect(bench.replies('c')).toEqual(['final done']);
  });
});

describe('departed clients', () => {
  test('what waits is withdrawn, and its place is free at once', () => {
    const bench = new Bench({ queueMax: 2 });
    for (const text of ['1', '2']) bench.request('gone', 'echo', text);
    bench.gone('gone');
    expect(bench.seen('clientGone')).toMatchObject([{ withdrawn: 2 }]);
    expect([bench.core.services.size, bench.core.clientCount, bench.core.pendingBytes]).toEqual([0, 0, 0]);
    bench.ready('w', 'echo');
    expect(bench.jobs('w')).toEqual([]);
  });

  test('a worker that holds a withdrawn request is freed by its reply, which is dropped and counted', () => {
    const bench = new Bench();
    bench.ready('w', 'echo');
    bench.request('gone', 'echo');
    const { ref } = bench.job('w');
    bench.gone('gone');
    bench.request('stays', 'echo', 'next');
    expect(bench.jobs('w')).toEqual([]);
    bench.partial('w', ref, 'for nobody');
    bench.final('w', ref, 'for nobody');
    expect(bench.replies('gone')).toEqual([]);
    expect(bench.job('w').text).toBe('next');
    expect(bench.core.counters).toMatchObject({ withdrawn: 1, repliesDropped: 1, protocolErrors: 0 });
    expect(bench.seen('replyDropped')).toHaveLength(1);
  });

  test('a withdrawn request is not given to another worker when its own is lost', () => {
    const bench = new Bench();
    bench.ready('a', 'echo');
    bench.request('gone', 'echo');
    bench.gone('gone');
    bench.gone('a');
    bench.ready('b', 'echo');
    expect(bench.jobs('b')).toEqual([]);
    expect(bench.core.counters).toMatchObject({ redispatched: 0, exhausted: 0 });
  });
});

describe.each([
  ['mdp/0.1', mdp01],
  ['mdp/0.2 over REQ', mdp02OverReq],
])('PARTIALs for a client of %s', (_name, dialect) => {
  test('are gathered in order into its one reply', () => {
    const bench = new Bench();
    bench.ready('w', 'tail');
    bench.request('c', 'tail', 'file', dialect);
    const { ref } = bench.job('w');
    bench.partial('w', ref, '1', '2');
    bench.partial('w', ref, '3');
    expect(bench.replies('c')).toEqual([]);
    bench.final('w', ref, '4');
    expect(bench.replies('c')).toEqual(['final 1 2 3 4']);
    expect(bench.core.pendingBytes).toBe(0);
  });

  test('are forgotten when their worker is lost', () => {
    const bench = new Bench();
    bench.ready('a', 'tail');
    bench.request('c', 'tail', 'file', dialect);
    bench.partial('a', bench.job('a').ref, 'half');
    expect(bench.core.pendingBytes).toBe(cost('file') + 'half'.length + 256);
    bench.gone('a');
    expect(bench.core.pendingBytes).toBe(cost('file'));
    bench.ready('b', 'tail');
    const { ref } = bench.job('b');
    bench.partial('b', ref, 'whole');
    bench.final('b', ref, 'end');
    expect(bench.replies('c')).toEqual(['final whole end']);
  });
});

test('PARTIALs go to a client of mdp/0.2 as they come', () => {
  const bench = new Bench();
  bench.ready('w', 'tail');
  bench.request('c', 'tail');
  const { ref } = bench.job('w');
  bench.partial('w', ref, '1');
  expect(bench.replies('c')).toEqual(['partial 1']);
  bench.partial('w', ref, '2', '3');
  bench.final('w', ref, '4');
  expect(bench.replies('c')).toEqual(['partial 2 3', 'final 4']);
  expect(bench.core.counters).toMatchObject({ partials: 2, answered: 1 });
});

describe('more PARTIALs than one reply can hold', () => {
  const limits = { ...DEFAULT_LIMITS, framesMax: 4, messageBytesMax: 100 };

  function gathering(settings = {}): { bench: Bench; ref: Ref } {
    const bench = new Bench({ limits, ...settings });
    bench.ready('w', 'tail');
    bench.request('c', 'tail', 'file', mdp01);
    return { bench, ref: bench.job('w').ref };
  }

  test.each([
    ['frames', ['1', '2', '3', '4', '5'], {}],
    ['bytes', ['x'.repeat(60), 'x'.repeat(60)], {}],
    [
      'bytes that the broker may hold',
      ['x'.repeat(20), 'x'.repeat(20)],
      { pendingBytesMax: cost('file') + 2 * 256 + 39 },
    ],
  ])('end the request: too many %s', (_what, parts, settings) => {
    const { bench, ref } = gathering(settings);
    for (const part of parts) bench.partial('w', ref, part);
    expect(bench.replies('c')).toEqual(['failure QUEUE_FULL']);
    expect(bench.core.pendingBytes).toBe(0);
    bench.final('w', ref, 'end');
    expect(bench.replies('c')).toEqual([]);
    expect(bench.core.counters).toMatchObject({ refused: 1, answered: 0, repliesDropped: 1 });
    bench.request('c', 'tail', 'again');
    expect(bench.job('w').text).toBe('again');
  });

  test('and so does a last reply for which no room is left', () => {
    const { bench, ref } = gathering();
    for (const part of ['1', '2', '3', '4']) bench.partial('w', ref, part);
    bench.final('w', ref, '5');
    expect(bench.replies('c')).toEqual(['failure QUEUE_FULL']);
    expect(bench.core.pendingBytes).toBe(0);
  });

  test('exactly as many are fine', () => {
    const { bench, ref } = gathering();
    for (const part of ['1', '2', '3']) bench.partial('w', ref, part);
    bench.final('w', ref, '4');
    expect(bench.replies('c')).toEqual(['final 1 2 3 4']);
  });
});
