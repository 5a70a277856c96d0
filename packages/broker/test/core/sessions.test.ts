import { DISCONNECT, mdp01, mdp02 } from '@majordomo/protocol';
import { Bench } from './bench';

test('a second READY draws DISCONNECT, and the worker is one no more', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.request('c', 'echo');
  bench.ready('w', 'echo');
  expect(bench.kinds('w')).toEqual(['request', 'disconnect']);
  expect(bench.seen('workerLost')).toMatchObject([{ reason: 'protocol_error', held: 1 }]);
  expect(bench.core.workers.size).toBe(0);
  bench.ready('other', 'echo');
  expect(bench.job('other').text).toBe('work');
});

test('a second READY for another service is no better', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.ready('w', 'other');
  expect(bench.kinds('w')).toEqual(['disconnect']);
  expect([...bench.core.services.keys()]).toEqual([]);
});

test.each(['heartbeat', 'partial', 'final'] as const)(
  '%s from a worker that is not registered draws DISCONNECT',
  (kind) => {
    const bench = new Bench();
    if (kind === 'heartbeat') bench.heartbeat('stranger');
    else if (kind === 'partial') bench.partial('stranger', 'ref-1', 'made up');
    else bench.final('stranger', 'ref-1', 'made up');
    expect(bench.kinds('stranger')).toEqual(['disconnect']);
    expect(bench.core.counters.protocolErrors).toBe(1);
    expect(bench.seen('protocolError')).toHaveLength(1);
  },
);

test('DISCONNECT before READY is allowed, and the broker says nothing', () => {
  const bench = new Bench();
  bench.disconnect('w');
  expect(bench.kinds('w')).toEqual([]);
  expect(bench.core.counters.protocolErrors).toBe(0);
});

test('after its DISCONNECT a worker is sent nothing more', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.disconnect('w');
  bench.request('c', 'echo');
  bench.tickAfter(300);
  expect(bench.kinds('w')).toEqual([]);
});

test('after a DISCONNECT of the broker a worker is sent nothing more, until it registers again', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.ready('w', 'echo');
  bench.request('c', 'echo');
  bench.tickAfter(300);
  expect(bench.kinds('w')).toEqual(['disconnect']);
  bench.ready('w', 'echo');
  expect(bench.kinds('w')).toEqual(['request']);
});

test('a reply with a reference that the worker does not hold draws DISCONNECT', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.final('w', 'ref-1', 'nobody asked');
  expect(bench.kinds('w')).toEqual(['disconnect']);
  expect(bench.core.workers.size).toBe(0);
});

test('a worker cannot answer for another', () => {
  const bench = new Bench();
  bench.ready('honest', 'echo');
  bench.request('c', 'echo');
  const { ref } = bench.job('honest');
  bench.ready('liar', 'echo');
  bench.final('liar', ref, 'forged');
  expect(bench.kinds('liar')).toEqual(['disconnect']);
  expect(bench.replies('c')).toEqual([]);
  bench.final('honest', ref, 'true');
  expect(bench.replies('c')).toEqual(['final true']);
});

test('a second reply to the same request draws DISCONNECT and reaches nobody', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.request('c', 'echo');
  const { ref } = bench.job('w');
  bench.final('w', ref, 'one');
  bench.final('w', ref, 'two');
  expect(bench.kinds('w')).toEqual(['disconnect']);
  expect(bench.replies('c')).toEqual(['final one']);
});

test('a worker that changes its dialect in mid-session draws DISCONNECT in its own dialect', () => {
  const bench = new Bench();
  bench.ready('w', 'echo', { dialect: mdp01 });
  bench.say('w', { kind: 'heartbeat' }, mdp02);
  expect(bench.kinds('w')).toEqual(['disconnect']);
  expect(bench.seen('protocolError')).toMatchObject([{ detail: 'mdp/0.2 in a session of mdp/0.1' }]);
});

test('a DISCONNECT in the wrong dialect ends the session all the same', () => {
  const bench = new Bench();
  bench.ready('w', 'echo', { dialect: mdp01 });
  bench.say('w', DISCONNECT, mdp02);
  expect(bench.core.workers.size).toBe(0);
});

test('an invalid message makes a worker no worker, and costs a client nothing', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.request('c', 'echo');
  const rejection = { reason: 'truncated', detail: 'no service frame' } as const;
  bench.core.reject('c', rejection, bench.now);
  bench.core.reject('w', rejection, bench.now);
  expect(bench.kinds('w')).toEqual(['request', 'disconnect']);
  expect(bench.seen('workerLost')).toMatchObject([{ reason: 'invalid_message', held: 1 }]);
  expect(bench.core.rejections.truncated).toBe(2);
  bench.ready('other', 'echo');
  bench.final('other', bench.job('other').ref, 'done');
  expect(bench.replies('c')).toEqual(['final done']);
});

test('one peer can be a client and a worker at once', () => {
  const bench = new Bench();
  bench.ready('both', 'echo');
  bench.request('both', 'echo', 'to myself');
  bench.final('both', bench.job('both').ref, 'from myself');
  expect(bench.replies('both')).toEqual(['final from myself']);
  bench.request('both', 'nobody');
  bench.gone('both');
  expect([bench.core.workers.size, bench.core.clientCount, bench.core.services.size]).toEqual([0, 0, 0]);
});

test('a peer that was never seen may go', () => {
  const bench = new Bench();
  bench.gone('nobody');
  expect(bench.events).toEqual([]);
});

test('events name peers in hex', () => {
  const bench = new Bench();
  bench.ready('\x00\xffw', 'echo', { dialect: mdp01 });
  expect(bench.events).toEqual([
    { type: 'workerRegistered', peer: '00ff77', service: 'echo', dialect: 'mdp/0.1' },
  ]);
});
