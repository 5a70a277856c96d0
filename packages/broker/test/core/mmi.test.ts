import { mmiBrokerSchema, mmiServiceSchema, mmiWorkerSchema } from '@majordomo/protocol';
import { z } from 'zod';
import { Bench, cost } from './bench';

/** A broker with a busy and an idle worker for `echo`, a queue for `late`, and 100 ms gone by. */
function populated(): Bench {
  const bench = new Bench();
  bench.ready('a', 'echo');
  bench.ready('b', 'echo');
  bench.request('c', 'echo', '12345');
  bench.request('c', 'late', '123');
  bench.now = 100;
  bench.heartbeat('a');
  bench.now = 150;
  return bench;
}

test('mmi.service says whether a worker is registered, busy ones included', () => {
  const bench = populated();
  bench.request('c', 'echo');
  expect(bench.manage('mmi.service', 'echo')).toEqual(['200']);
  expect(bench.manage('mmi.service', 'late')).toEqual(['404']);
  expect(bench.manage('mmi.service', 'unheard of')).toEqual(['404']);
  expect(bench.manage('mmi.service', '')).toEqual(['404']);
  expect(bench.manage('mmi.service', 'mmi.service')).toEqual(['404']);
});

test.each(['mmi.', 'mmi.nope', 'mmi.services.x'])('%s is not implemented', (name) => {
  expect(new Bench().manage(name, 'anything')).toEqual(['501']);
});

test('nor is what reads the same together with its argument as one that was asked with another', () => {
  const bench = new Bench();
  bench.ready('w', 'echo ');
  bench.together(() => {
    bench.request('c', 'mmi.workers', 'echo ');
    bench.request('c', 'mmi.workers echo', '');
  });
  expect(bench.replies('c')).toEqual([expect.stringMatching(/^final 200 /), 'final 501']);
});

test('mmix is a service like any other', () => {
  const bench = new Bench();
  bench.ready('w', 'mmix');
  bench.request('c', 'mmix', 'hello');
  expect(bench.job('w').text).toBe('hello');
});

test('a worker cannot register in the namespace of the broker', () => {
  const bench = new Bench();
  for (const name of ['mmi.service', 'mmi.mine', 'mmi.']) bench.ready('w', name);
  expect(bench.kinds('w')).toEqual(['disconnect', 'disconnect', 'disconnect']);
  expect(bench.core.workers.size).toBe(0);
});

test('mmi.services describes every service, or the one that was asked for', () => {
  const bench = populated();
  const echo = { service: 'echo', workers: 2, idle: 1, busy: 1, queued: 0, oldestWaitingMs: 0 };
  const late = { service: 'late', workers: 0, idle: 0, busy: 0, queued: 1, oldestWaitingMs: 150 };
  const [status, json] = bench.manage('mmi.services');
  expect(status).toBe('200');
  expect(z.array(mmiServiceSchema).parse(JSON.parse(json!))).toEqual([echo, late]);
  expect(JSON.parse(bench.manage('mmi.services', 'late')[1]!)).toEqual([late]);
  expect(bench.manage('mmi.services', 'unheard of')).toEqual(['404']);
});

test('mmi.workers describes every worker, or those of one service', () => {
  const bench = populated();
  bench.ready('z', 'other');
  const [status, json] = bench.manage('mmi.workers');
  expect(status).toBe('200');
  const workers = z.array(mmiWorkerSchema).parse(JSON.parse(json!));
  expect(workers.map(({ peer }) => peer)).toEqual(['61', '62', '7a']);
  expect(workers[0]).toEqual({
    service: 'echo',
    peer: '61',
    dialect: 'mdp/0.2',
    credit: 1,
    inFlight: 1,
    silentMs: 50,
    registeredMs: 150,
  });
  expect(JSON.parse(bench.manage('mmi.workers', 'other')[1]!)).toMatchObject([{ peer: '7a' }]);
  expect(bench.manage('mmi.workers', 'unheard of')).toEqual(['404']);
});

test('mmi.broker gives version, uptime, limits and counters', () => {
  const bench = populated();
  const [status, json] = bench.manage('mmi.broker');
  expect(status).toBe('200');
  const broker = mmiBrokerSchema.parse(JSON.parse(json!));
  expect(broker).toMatchObject({
    version: '1.2.3',
    memoryBytes: 4_096,
    uptimeMs: 150,
    services: 2,
    workers: 2,
    clients: 1,
    queued: 1,
    queuedBytes: cost('123'),
    inFlight: 1,
    draining: false,
    limits: { heartbeatMs: 100, attemptsMax: 3, framesMax: 1_024 },
    counters: { requests: 2, managementRequests: 1, dispatched: 1, workersRegistered: 2 },
    rejections: { truncated: 0 },
  });
  expect(bench.core.describe(bench.now)).toEqual(broker);
});

test('a reply about very many services or workers is bounded', () => {
  const bench = new Bench({ servicesMax: 20_000, workersMax: 20_000 });
  for (let n = 0; n < 10_005; n++) bench.ready(`w${n}`, `s${n}`);
  expect(JSON.parse(bench.manage('mmi.services')[1]!)).toHaveLength(10_000);
  expect(JSON.parse(bench.manage('mmi.workers')[1]!)).toHaveLength(10_000);
});

test('management requests are counted apart and never reach a queue', () => {
  const bench = new Bench({ queueMax: 0 });
  bench.manage('mmi.broker');
  expect(bench.core.counters).toMatchObject({ requests: 0, managementRequests: 1 });
  expect(bench.core.services.size).toBe(0);
});

describe('the cost of management', () => {
  const crowd = (workers: number): Bench => {
    const bench = new Bench({ servicesMax: 20_000, workersMax: 20_000 });
    for (let n = 0; n < workers; n++) bench.ready(`w${n}`, `s${n % 100}`);
    return bench;
  };
  const asked = (bench: Bench, name: string, argument = '') => {
    bench.request('manager', name, argument);
    const [reply] = bench.sentToClient('manager');
    return reply?.kind === 'final' ? reply.body : undefined;
  };

  test.each(['mmi.services', 'mmi.workers', 'mmi.broker'])(
    '%s is made once for all who ask in one turn',
    (name) => {
      const bench = crowd(5);
      bench.together(() => {
        const first = asked(bench, name);
        expect(first?.frames).toHaveLength(2);
        expect(asked(bench, name)).toBe(first);
        bench.request('other', name, '');
        expect(bench.sentToClient('other')).toMatchObject([{ body: first }]);
      });
      expect(asked(bench, name)).not.toBe(asked(bench, name));
    },
  );

  test('what is asked about mmi.broker makes no difference', () => {
    const bench = crowd(5);
    bench.together(() => {
      expect(asked(bench, 'mmi.broker', 'a')).toBe(asked(bench, 'mmi.broker', 'b'));
    });
  });

  test('a long list is reused for as many ms as it has hundreds of entries', () => {
    const bench = crowd(1_000);
    const first = asked(bench, 'mmi.workers');
    bench.disconnect('w0');
    bench.now = 9;
    expect(asked(bench, 'mmi.workers')).toBe(first);
    bench.tickAfter(1);
    expect(JSON.parse(bench.manage('mmi.workers')[1]!)).toHaveLength(999);
  });

  test('lists of many services add up: what is spent on them in any time is bounded', () => {
    const bench = crowd(1_000);
    const made = new Set<unknown>();
    for (bench.now = 0; bench.now < 100; bench.tickAfter(1)) {
      bench.together(() => {
        for (let n = 0; n < 100; n++) made.add(asked(bench, 'mmi.workers', `s${n}`));
      });
    }
    // Of ten workers each: a thousand lists are ten thousand looks, which is what 100 ms allow.
    expect(made.size).toBeLessThanOrEqual(1_100);
    expect(made.size).toBeGreaterThanOrEqual(900);
  });

  test('an argument that can be no name is not read', () => {
    const bench = crowd(1);
    expect(bench.manage('mmi.services', 's'.repeat(256))).toEqual(['404']);
    expect(bench.manage('mmi.workers', 's'.repeat(256))).toEqual(['404']);
    expect(bench.manage('mmi.service', 's'.repeat(256))).toEqual(['404']);
  });
});
