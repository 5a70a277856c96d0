import { Bench } from './bench';

test('a request goes to a worker, and its reply to the client that asked', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.request('c', 'echo', 'hello');
  const { ref, text } = bench.job('w');
  expect(text).toBe('hello');
  bench.final('w', ref, 'hello', 'back');
  expect(bench.replies('c')).toEqual(['final hello back']);
});

test('requests wait for a service that has no worker yet, and are served in order', () => {
  const bench = new Bench();
  for (const text of ['1', '2', '3']) bench.request('c', 'late', text);
  bench.ready('w', 'late');
  for (const text of ['1', '2', '3']) {
    const job = bench.job('w');
    expect(job.text).toBe(text);
    bench.final('w', job.ref, `done ${text}`);
  }
  expect(bench.replies('c')).toEqual(['final done 1', 'final done 2', 'final done 3']);
});

test('a plain worker gets one request at a time', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  for (const text of ['1', '2']) bench.request('c', 'echo', text);
  const first = bench.job('w');
  bench.final('w', first.ref, 'done');
  expect(bench.job('w').text).toBe('2');
});

test('the worker that has been idle longest is next', () => {
  const bench = new Bench();
  for (const worker of ['a', 'b', 'c']) bench.ready(worker, 'echo');
  const served: string[] = [];
  for (let n = 0; n < 7; n++) {
    bench.request('client', 'echo');
    for (const worker of ['a', 'b', 'c']) {
      for (const { ref } of bench.jobs(worker)) {
        served.push(worker);
        bench.final(worker, ref, 'done');
      }
    }
  }
  expect(served).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a']);
});

test('a worker that finishes goes behind those that were idle before it', () => {
  const bench = new Bench();
  bench.ready('a', 'echo');
  bench.ready('b', 'echo');
  bench.request('client', 'echo', '1');
  const first = bench.job('a');
  bench.ready('c', 'echo');
  bench.final('a', first.ref, 'done');
  for (const text of ['2', '3', '4']) bench.request('client', 'echo', text);
  expect([bench.job('b').text, bench.job('c').text, bench.job('a').text]).toEqual(['2', '3', '4']);
});

test('a worker with credit gets as many requests as it has credit for, spread over all workers', () => {
  const bench = new Bench();
  bench.ready('big', 'echo', { credit: 3 });
  bench.ready('small', 'echo');
  for (const text of ['1', '2', '3', '4', '5']) bench.request('c', 'echo', text);
  const big = bench.jobs('big');
  expect(big.map(({ text }) => text)).toEqual(['1', '3', '4']);
  expect(bench.job('small').text).toBe('2');
  bench.final('big', big[1]!.ref, 'done');
  expect(bench.job('big').text).toBe('5');
});

test('clients are served in turns, however many requests one of them has queued', () => {
  const bench = new Bench();
  for (let n = 0; n < 100; n++) bench.request('greedy', 'echo', 'greedy');
  bench.request('modest', 'echo', 'modest');
  bench.ready('w', 'echo');
  const order: string[] = [];
  for (let n = 0; n < 3; n++) {
    const { ref, text } = bench.job('w');
    order.push(text);
    bench.final('w', ref, 'done');
  }
  expect(order).toEqual(['greedy', 'modest', 'greedy']);
});

test('a service without workers holds up no other', () => {
  const bench = new Bench();
  for (let n = 0; n < 50; n++) bench.request('c', 'stuck');
  bench.ready('w', 'free');
  bench.request('c', 'free', 'quick');
  bench.final('w', bench.job('w').ref, 'quick');
  expect(bench.replies('c')).toEqual(['final quick']);
});

test.each(['disconnected', 'connection_closed', 'silent'])(
  'what a lost worker (%s) held goes to another before all that waits',
  (how) => {
    const bench = new Bench();
    bench.ready('a', 'echo', { credit: 2 });
    for (const text of ['1', '2', '3', '4']) bench.request('c', 'echo', text);
    expect(bench.jobs('a').map(({ text }) => text)).toEqual(['1', '2']);
    if (how === 'disconnected') bench.disconnect('a');
    else if (how === 'connection_closed') bench.gone('a');
    else bench.tickAfter(10_000);
    expect(bench.seen('workerLost')).toMatchObject([
      { reason: how === 'silent' ? 'job_deadline' : how, held: 2 },
    ]);
    bench.ready('b', 'echo', { credit: 4 });
    expect(bench.jobs('b').map(({ text }) => text)).toEqual(['1', '2', '3', '4']);
    expect(bench.seen('requestRedispatched')).toMatchObject([{ attempts: 2 }, { attempts: 2 }]);
    expect(bench.core.counters).toMatchObject({ dispatched: 6, redispatched: 2 });
  },
);

test('a request whose workers were lost too often fails, and nobody gets it again', () => {
  const bench = new Bench({ attemptsMax: 2 });
  bench.request('c', 'deadly');
  for (const worker of ['a', 'b']) {
    bench.ready(worker, 'deadly');
    bench.job(worker);
    bench.gone(worker);
  }
  expect(bench.replies('c')).toEqual(['failure ATTEMPTS_EXHAUSTED']);
  bench.ready('c', 'deadly');
  expect(bench.jobs('c')).toEqual([]);
  expect(bench.core.counters).toMatchObject({ exhausted: 1, dispatched: 2, redispatched: 1 });
  expect(bench.core.pendingBytes).toBe(0);
});

test('what one worker held is not given to another that is found gone with it', () => {
  const bench = new Bench({ attemptsMax: 2 });
  for (const worker of ['a', 'b', 'c']) bench.ready(worker, 'echo');
  bench.request('client', 'echo');
  bench.gone('a', 'b', 'client of nothing');
  expect([bench.jobs('a').length, bench.jobs('b').length, bench.jobs('c').length]).toEqual([1, 0, 1]);
});

test('each dispatch has a reference of its own, so a late reply of a lost worker matches nothing', () => {
  const bench = new Bench();
  bench.ready('a', 'echo');
  bench.request('c', 'echo');
  const lost = bench.job('a');
  bench.gone('a');
  bench.ready('b', 'echo');
  const again = bench.job('b');
  expect(again.ref).not.toBe(lost.ref);
  bench.final('a', lost.ref, 'late');
  expect(bench.replies('c')).toEqual([]);
  expect(bench.kinds('a')).toEqual(['disconnect']);
  bench.final('b', again.ref, 'right');
  expect(bench.replies('c')).toEqual(['final right']);
});

test('references start with the prefix of this broker', () => {
  const bench = new Bench({ referencePrefix: 'run-7-' });
  bench.ready('w', 'echo');
  bench.request('c', 'echo');
  expect(bench.job('w').ref).toMatch(/^run-7-./);
});
