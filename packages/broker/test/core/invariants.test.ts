import { Bench } from './bench';

/** A core with a request that waits, one at a worker, and clients of two kinds. */
function busy(): Bench {
  const bench = new Bench();
  bench.hello('packed');
  bench.readyPacked('w', 'echo', 1);
  bench.ask('packed', 1, 'echo', 'in hand', { remainingMs: 1_000 });
  bench.ask('packed', 2, 'echo', 'waits', { remainingMs: 1_000 });
  bench.request('plain', 'nobody', 'waits');
  return bench;
}

test('tables that agree are let pass, from the first request to the last', () => {
  const bench = busy();
  bench.core.checkInvariants();
  bench.final('w', bench.job('w').ref, 'done');
  bench.core.checkInvariants();
  bench.gone('w');
  bench.core.checkInvariants();
  bench.gone('packed');
  bench.gone('plain');
  bench.core.checkInvariants();
});

test.each<[string, (bench: Bench) => void, RegExp]>([
  [
    'a worker is none of its service',
    ({ core }) => core.services.get('echo')!.workers.clear(),
    /none of its service/,
  ],
  [
    'a worker holds nothing of what it was given',
    ({ core }) => core.workers.get('w')!.held.clear(),
    /not among those/,
  ],
  [
    'credit is not what it was',
    ({ core }) => (core.workers.get('w')!.credit = 5),
    /not among those with credit/,
  ],
  [
    'a request is missing from its queue',
    ({ core }) => core.services.get('nobody')!.queue.shift(),
    /in no queue/,
  ],
  ['nobody watches a worker', ({ core }) => core.workers.get('w')!.watchNode.remove(), /nobody watches/],
  ['requests were counted that never came', ({ core }) => core.counters.requests++, /of 4 requests/],
])('is noticed: %s', (_what, tamper, message) => {
  const bench = busy();
  tamper(bench);
  expect(() => bench.core.checkInvariants()).toThrow(message);
});
