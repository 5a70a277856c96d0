import { Bench } from './bench';

describe('drain', () => {
  test('takes no more requests and no more workers, and lets those under way go on', () => {
    const bench = new Bench();
    bench.ready('w', 'echo');
    bench.request('c', 'echo', '1');
    bench.request('c', 'echo', '2');
    bench.core.drain();
    bench.request('c', 'echo', '3');
    expect(bench.replies('c')).toEqual(['failure BROKER_DRAINING']);
    bench.ready('v', 'echo');
    expect(bench.kinds('v')).toEqual(['disconnect']);
    for (const text of ['1', '2']) {
      expect(bench.core.drained).toBe(false);
      const job = bench.job('w');
      bench.final('w', job.ref, text);
    }
    expect(bench.core.drained).toBe(true);
    expect(bench.replies('c')).toEqual(['final 1', 'final 2']);
  });

  test('does not wait for requests that no worker serves', () => {
    const bench = new Bench();
    bench.request('c', 'nobody');
    bench.core.drain();
    expect(bench.core.drained).toBe(true);
  });

  test('does not wait for work that nobody wants any more', () => {
    const bench = new Bench();
    bench.ready('w', 'echo');
    bench.request('gone', 'echo');
    bench.core.drain();
    expect(bench.core.drained).toBe(false);
    bench.gone('gone');
    expect(bench.core.drained).toBe(true);
  });

  test('management goes on', () => {
    const bench = new Bench();
    bench.ready('w', 'echo');
    bench.core.drain();
    expect(bench.manage('mmi.service', 'echo')).toEqual(['200']);
  });
});

test('stop fails what is under way, sends every worker away and leaves nothing behind', () => {
  const bench = new Bench();
  bench.ready('busy', 'echo');
  bench.ready('idle', 'other');
  for (const service of ['echo', 'echo', 'nobody']) bench.request('c', service);
  bench.core.stop(bench.now);
  expect(bench.replies('c')).toEqual(Array(3).fill('failure BROKER_DRAINING'));
  expect([bench.kinds('busy'), bench.kinds('idle')]).toEqual([['request', 'disconnect'], ['disconnect']]);
  expect(bench.seen('workerLost').map(({ reason }) => reason)).toEqual(['broker_closing', 'broker_closing']);
  const { core } = bench;
  expect([core.workers.size, core.services.size, core.clientCount, core.pendingBytes]).toEqual([0, 0, 0, 0]);
});

test('the counters of how requests ended add up to the requests', () => {
  const bench = new Bench({ attemptsMax: 1, queueMax: 1 });
  bench.ready('w', 'echo');
  bench.request('answered', 'echo');
  bench.request('gone', 'echo');
  bench.request('refused', 'echo');
  bench.final('w', bench.job('w').ref, 'done');
  bench.gone('gone');
  bench.final('w', bench.job('w').ref, 'dropped');
  bench.request('exhausted', 'echo');
  bench.gone('w');
  bench.request('expired', 'nobody');
  bench.tickAfter(1_000);
  bench.request('waiting', 'nobody');
  bench.core.drain();
  bench.request('draining', 'echo');
  bench.core.stop(bench.now);
  expect(bench.core.counters).toEqual({
    requests: 7,
    managementRequests: 0,
    dispatched: 3,
    redispatched: 0,
    partials: 0,
    answered: 1,
    refused: 1,
    refusedDraining: 2,
    expired: 1,
    unserved: 0,
    cancelled: 0,
    failed: 0,
    overflowed: 0,
    exhausted: 1,
    withdrawn: 1,
    unauthorized: 0,
    limited: 0,
    unauthorizedManagement: 0,
    limitedManagement: 0,
    unauthorizedClients: 0,
    unauthorizedWorkers: 0,
    proofsRefused: 0,
    connectionsRefused: 0,
    handshakesMalformed: 0,
    repliesDropped: 1,
    clientsWelcomed: 0,
    workersRegistered: 1,
    workersLost: 1,
    protocolErrors: 0,
  });
});
