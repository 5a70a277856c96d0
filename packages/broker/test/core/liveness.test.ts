import { mdp01 } from '@majordomo/protocol';
import { Bench } from './bench';

/* In the bench a heartbeat is due every 100 ms, and 400 ms of silence are too many. */

test('a worker is heartbeated every interval in which it was sent nothing else', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.tickAfter(99);
  expect(bench.kinds('w')).toEqual([]);
  bench.tickAfter(1);
  expect(bench.kinds('w')).toEqual(['heartbeat']);
  bench.now += 50;
  bench.request('c', 'echo');
  bench.tickAfter(99);
  expect(bench.kinds('w')).toEqual(['request']);
  bench.tickAfter(1);
  expect(bench.kinds('w')).toEqual(['heartbeat']);
});

test('a busy worker is heartbeated too', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.request('c', 'echo');
  for (let n = 0; n < 20; n++) bench.tickAfter(100);
  expect(bench.kinds('w')).toEqual(['request', ...Array<string>(20).fill('heartbeat')]);
});

test('an idle worker that is silent is given up, without a word to it', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.tickAfter(399);
  expect(bench.core.workers.size).toBe(1);
  bench.sentToWorker('w');
  bench.tickAfter(1);
  expect(bench.seen('workerLost')).toMatchObject([{ reason: 'silent', held: 0 }]);
  expect(bench.kinds('w')).toEqual([]);
  expect(bench.core.services.size).toBe(0);
});

test('every expired worker is purged, those behind a live one included', () => {
  const bench = new Bench();
  for (const worker of ['a', 'alive', 'b', 'c']) bench.ready(worker, 'echo');
  bench.now = 300;
  bench.heartbeat('alive');
  bench.tickAfter(100);
  expect([...bench.core.workers.keys()]).toEqual(['alive']);
  bench.request('client', 'echo');
  expect(bench.job('alive').text).toBe('work');
});

test.each(['heartbeat', 'partial', 'final'] as const)('a %s counts as a sign of life', (kind) => {
  const bench = new Bench();
  bench.ready('w', 'echo', { credit: 2 });
  bench.request('c', 'echo');
  const { ref } = bench.job('w');
  bench.now = 150;
  bench.heartbeat('w');
  bench.now = 500;
  if (kind === 'heartbeat') bench.heartbeat('w');
  else if (kind === 'partial') bench.partial('w', ref, 'some');
  else bench.final('w', ref, 'all');
  bench.tickAfter(399);
  expect(bench.core.workers.size).toBe(1);
  bench.tickAfter(1);
  expect(bench.core.workers.size).toBe(0);
});

test('a busy worker that cannot heartbeat keeps its job until the job deadline', () => {
  const bench = new Bench();
  bench.ready('w', 'slow');
  bench.now = 350;
  bench.request('c', 'slow');
  bench.job('w');
  bench.tickAfter(9_999);
  expect(bench.core.workers.size).toBe(1);
  bench.tickAfter(1);
  expect(bench.seen('workerLost')).toMatchObject([{ reason: 'job_deadline', held: 1 }]);
});

test('PARTIALs move the job deadline', () => {
  const bench = new Bench();
  bench.ready('w', 'slow');
  bench.request('c', 'slow');
  const { ref } = bench.job('w');
  for (let n = 0; n < 5; n++) {
    bench.tickAfter(9_000);
    bench.partial('w', ref, String(n));
  }
  expect(bench.core.workers.size).toBe(1);
  bench.tickAfter(10_000);
  expect(bench.core.workers.size).toBe(0);
});

test('after its reply a worker is held to the heartbeat interval again', () => {
  const bench = new Bench();
  bench.ready('w', 'slow');
  bench.request('c', 'slow');
  bench.now = 5_000;
  bench.final('w', bench.job('w').ref, 'done');
  bench.tickAfter(400);
  expect(bench.seen('workerLost')).toMatchObject([{ reason: 'silent' }]);
});

test('a worker seen heartbeating at work is held to it, in this job and the next', () => {
  const bench = new Bench();
  bench.ready('w', 'slow');
  bench.request('c', 'slow', '1');
  bench.now = 100;
  bench.heartbeat('w');
  bench.tickAfter(399);
  expect(bench.core.workers.size).toBe(1);
  bench.final('w', bench.job('w').ref, 'done');
  bench.request('c', 'slow', '2');
  bench.tickAfter(399);
  expect(bench.core.workers.size).toBe(1);
  bench.tickAfter(1);
  expect(bench.seen('workerLost')).toMatchObject([{ reason: 'silent', held: 1 }]);
});

test('a heartbeat that crosses a request on its way proves nothing', () => {
  const bench = new Bench();
  bench.ready('w', 'slow', { dialect: mdp01 });
  bench.request('c', 'slow');
  bench.now = 99;
  bench.heartbeat('w', mdp01);
  bench.tickAfter(5_000);
  expect(bench.core.workers.size).toBe(1);
});

test('being given a request does not renew the silence of a worker known to heartbeat at work', () => {
  const bench = new Bench();
  bench.ready('w', 'slow', { credit: 5 });
  bench.request('c', 'slow');
  bench.now = 100;
  bench.heartbeat('w');
  for (const at of [300, 499]) {
    bench.now = at;
    bench.request('c', 'slow');
  }
  bench.tickAfter(1);
  expect(bench.seen('workerLost')).toMatchObject([{ reason: 'silent', held: 3 }]);
});

test('one tick after a long pause does all that was due, once', () => {
  const bench = new Bench();
  bench.ready('idle', 'a');
  bench.ready('busy', 'b');
  bench.request('c', 'b');
  bench.request('c', 'nobody');
  bench.tickAfter(9_000);
  expect(bench.seen('workerLost')).toMatchObject([{ reason: 'silent' }]);
  expect(bench.kinds('busy')).toEqual(['request', 'heartbeat']);
  expect(bench.replies('c')).toEqual(['failure EXPIRED']);
});
