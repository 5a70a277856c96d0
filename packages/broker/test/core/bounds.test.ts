import { Body, mdp02, Metadata } from '@majordomo/protocol';
import { Bench, cost, requestOf } from './bench';

test.each([
  ['a service that nobody serves', false],
  ['a service whose worker is busy', true],
])('queueMax requests wait for %s and no more', (_name, served) => {
  const bench = new Bench({ queueMax: 2 });
  if (served) bench.ready('w', 'echo');
  if (served) bench.request('first', 'echo');
  for (const client of ['a', 'b', 'c']) bench.request(client, 'echo');
  expect([bench.replies('a'), bench.replies('b'), bench.replies('c')]).toEqual([
    [],
    [],
    ['failure QUEUE_FULL'],
  ]);
  expect(bench.seen('requestFailed')).toMatchObject([{ code: 'QUEUE_FULL', service: 'echo' }]);
  bench.request('d', 'other');
  expect(bench.replies('d')).toEqual([]);
});

test.each([
  ['queueMax', { queueMax: 0 }],
  ['queueBytesMax', { queueBytesMax: cost('four') - 1 }],
])('%s holds for the first request of a service as well', (_name, settings) => {
  const bench = new Bench(settings);
  bench.request('c', 'nobody', 'four');
  expect(bench.replies('c')).toEqual(['failure QUEUE_FULL']);
  expect(bench.core.services.size).toBe(0);
});

test('a request that a worker can take at once needs no place in the queue', () => {
  const bench = new Bench({ queueMax: 0, queueBytesMax: 0 });
  bench.ready('w', 'echo');
  bench.request('c', 'echo', 'at once');
  bench.request('c', 'echo', 'too late');
  expect(bench.job('w').text).toBe('at once');
  expect(bench.replies('c')).toEqual(['failure QUEUE_FULL']);
});

test('queueBytesMax bounds the bytes that wait for one service', () => {
  const bench = new Bench({ queueBytesMax: 2 * cost('12345') });
  bench.request('c', 'echo', '12345');
  bench.request('c', 'echo', '123456');
  bench.request('c', 'echo', '12345');
  bench.request('c', 'other', '123456');
  expect(bench.replies('c')).toEqual(['failure QUEUE_FULL']);
  expect(bench.core.pendingBytes).toBe(2 * cost('12345') + cost('123456'));
});

test('pendingBytesMax bounds what waits and what workers hold together', () => {
  const bench = new Bench({ pendingBytesMax: 2 * cost('12345') });
  bench.ready('w', 'echo');
  bench.request('c', 'echo', '12345');
  const { ref } = bench.job('w');
  bench.request('c', 'other', '12345');
  bench.request('c', 'third', '1');
  expect(bench.replies('c')).toEqual(['failure QUEUE_FULL']);
  bench.final('w', ref, 'a long reply is not held');
  expect(bench.core.pendingBytes).toBe(cost('12345'));
  bench.request('c', 'third', '1');
  expect(bench.core.pendingBytes).toBe(cost('12345') + cost('1'));
});

test('servicesMax bounds the services that are waited for or served', () => {
  const bench = new Bench({ servicesMax: 2 });
  bench.request('c', 'one');
  bench.ready('w', 'two');
  bench.request('c', 'three');
  expect(bench.replies('c')).toEqual(['failure QUEUE_FULL']);
  bench.ready('v', 'three');
  expect(bench.kinds('v')).toEqual(['disconnect']);
  bench.ready('u', 'one');
  expect(bench.kinds('u')).toEqual(['request']);
  bench.disconnect('w');
  bench.ready('v', 'three');
  expect([...bench.core.services.keys()]).toEqual(['one', 'three']);
});

test('workersMax bounds the workers that are registered', () => {
  const bench = new Bench({ workersMax: 1 });
  bench.ready('a', 'echo');
  bench.ready('b', 'echo');
  expect(bench.kinds('b')).toEqual(['disconnect']);
  expect(bench.core.counters).toMatchObject({ workersRegistered: 1, protocolErrors: 1 });
  bench.gone('a');
  bench.ready('b', 'echo');
  expect([...bench.core.workers.keys()]).toEqual(['b']);
});

test('empty frames are not free', () => {
  const bench = new Bench({ pendingBytesMax: 10_000 });
  const body = new Body(Array.from({ length: 30 }, () => new Uint8Array(0)));
  for (let n = 0; n < 5; n++) bench.tell('c', { ...requestOf(0, 'echo', ''), body }, mdp02);
  expect(bench.core.counters.refused).toBe(4);
  expect(bench.core.pendingBytes).toBe(1_024 + 30 * 256);
});

test('attributes are not free', () => {
  const bench = new Bench({ pendingBytesMax: 3 * 5_000 });
  const metadata = Metadata.of({ contentType: 'x'.repeat(4_000) });
  const bytes = cost('') + metadata.bytes.length;
  bench.hello('c');
  for (const id of [1, 2, 3]) bench.ask('c', id, 'echo', '', { metadata });
  expect(bench.replies('c')).toEqual(['welcome', '3 failure QUEUE_FULL']);
  expect(bench.core.pendingBytes).toBe(2 * bytes);
  bench.cancel('c', 2);
  expect(bench.core.pendingBytes).toBe(bytes);
});

describe('a client that fills a queue', () => {
  const crowded = (settings = {}) => {
    const bench = new Bench({ queueMax: 10, ...settings });
    bench.hello('greedy', 'meek');
    for (let id = 1; id <= 12; id++) bench.ask('greedy', id, 'echo', String(id));
    for (const client of ['greedy', 'meek']) bench.sentToClient(client);
    return bench;
  };

  test('does not keep others out: its newest requests make room until both have as much', () => {
    const bench = crowded();
    for (let id = 1; id <= 6; id++) bench.ask('meek', id, 'echo', `meek ${id}`);
    expect(bench.sentToClient('greedy')).toMatchObject(
      [10, 9, 8, 7, 6].map((id) => ({ kind: 'failure', id, code: 'QUEUE_FULL', retryable: true })),
    );
    expect(bench.sentToClient('meek')).toMatchObject([{ id: 6, code: 'QUEUE_FULL' }]);
    expect(bench.core.counters.refused).toBe(2 + 6);
    bench.readyPacked('w', 'echo', 10);
    expect(bench.sentToWorker('w')).toHaveLength(10);
  });

  test('nor plain clients, which are admitted at once and served in their turn', () => {
    const bench = crowded();
    bench.request('plain', 'echo', 'mine');
    bench.readyPacked('w', 'echo', 2);
    expect(bench.sentToWorker('w').map((job) => (job.kind === 'request' ? job.body.text() : ''))).toEqual([
      '1',
      'mine',
    ]);
  });

  test('is not asked to make room for requests of a lower priority than its own', () => {
    const bench = crowded();
    bench.ask('meek', 1, 'echo', 'low', { priority: 3 });
    expect(bench.sentToClient('meek')).toMatchObject([{ id: 1, code: 'QUEUE_FULL' }]);
    bench.ask('meek', 2, 'echo', 'high', { priority: 9 });
    expect(bench.sentToClient('greedy')).toMatchObject([{ id: 10, code: 'QUEUE_FULL' }]);
  });

  test('makes room for larger requests with several of its own, a few at the most', () => {
    const bench = crowded({ queueBytesMax: 10 * cost('12'), queueMax: 100 });
    bench.ask('meek', 1, 'echo', 'x'.repeat(2 * cost('12')));
    expect(bench.sentToClient('greedy')).toMatchObject([{ id: 10 }, { id: 9 }, { id: 8 }]);
    expect(bench.sentToClient('meek')).toEqual([]);
  });

  test('gives way to none that does not fit all the same', () => {
    const bench = crowded({
      queueBytesMax: 10 * cost('12'),
      pendingBytesMax: 11 * cost('12'),
      queueMax: 100,
    });
    for (const [id, costs] of [5, 10, 11].entries())
      bench.ask('meek', id + 1, 'echo', 'x'.repeat(costs * cost('12')));
    expect(bench.sentToClient('meek').map((told) => 'code' in told && told.code)).toEqual(
      Array.from({ length: 3 }, () => 'QUEUE_FULL'),
    );
    expect(bench.sentToClient('greedy')).toEqual([]);
    expect(bench.core.services.get('echo')?.queue.length).toBe(10);
  });
});
