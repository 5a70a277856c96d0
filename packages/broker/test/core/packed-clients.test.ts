import { DISCONNECT, HEARTBEAT, mdp01, mdp02, NO_METADATA, REVISION } from '@majordomo/protocol';
import { INTERNED_MAX_IN_ALL, INTERNED_PER_SESSION_MAX } from '../../src/core/service-numbers';
import { Bench, INTRODUCTION, PACKED, requestOf, SETTINGS } from './bench';

/* In the bench a heartbeat is due every 100 ms, and 400 ms of silence are too many. */

test('HELLO is answered with WELCOME, which says what holds', () => {
  const bench = new Bench();
  bench.hello('c');
  expect(bench.sentToClient('c')).toEqual([
    {
      kind: 'welcome',
      ...INTRODUCTION,
      revision: REVISION,
      heartbeatMs: SETTINGS.heartbeatMs,
      internedMax: INTERNED_PER_SESSION_MAX,
      ...SETTINGS.limits,
    },
  ]);
  expect(bench.seen('clientWelcomed')).toEqual([{ type: 'clientWelcomed', peer: '63' }]);
  expect(bench.core.counters.clientsWelcomed).toBe(1);
  expect([bench.core.clientCount, bench.core.inSession('c')]).toEqual([1, true]);
});

test('a plain REQUEST in a packed session draws DISCONNECT and ends the session', () => {
  const bench = new Bench();
  bench.hello('c');
  bench.ask('c', 1, 'nobody');
  bench.request('c', 'nobody', 'plain', mdp02);
  expect(bench.replies('c')).toEqual(['welcome', 'disconnect']);
  expect(bench.seen('protocolError')).toMatchObject([{ detail: 'mdp/0.2 in a packed session' }]);
  bench.expectEmpty();
});

test('HELLO twice draws DISCONNECT and ends the session, and what it asked for', () => {
  const bench = new Bench();
  bench.hello('c');
  bench.ask('c', 1, 'nobody');
  bench.hello('c');
  expect(bench.replies('c')).toEqual(['welcome', 'disconnect']);
  expect(bench.seen('protocolError')).toMatchObject([{ detail: 'HELLO twice' }]);
  expect(bench.ended).toEqual(['c']);
  expect(bench.core.counters.withdrawn).toBe(1);
  bench.expectEmpty();
  bench.hello('c');
  expect(bench.replies('c')).toEqual(['welcome']);
});

test.each([
  ['REQUEST', requestOf(1, 'echo', 'x')],
  ['REQUEST', requestOf(1, 'mmi.service', 'x')],
  ['CANCEL', { kind: 'cancel', id: 1 }],
  ['WINDOW', { kind: 'window', id: 1, more: 5 }],
  ['HEARTBEAT', HEARTBEAT],
] as const)('%s of a client without a session draws DISCONNECT, and is not heard', (kind, command) => {
  const bench = new Bench();
  bench.tell('c', command);
  expect(bench.replies('c')).toEqual(['disconnect']);
  expect(bench.seen('protocolError')).toMatchObject([{ detail: `${kind} of a client without a session` }]);
  expect(bench.ended).toEqual(['c']);
  expect(bench.core.counters).toMatchObject({ protocolErrors: 1, requests: 0, managementRequests: 0 });
  bench.expectEmpty();
});

test('DISCONNECT of a client without a session is no error, and draws nothing', () => {
  const bench = new Bench();
  bench.tell('c', DISCONNECT);
  expect([bench.replies('c'), bench.ended, bench.core.counters.protocolErrors]).toEqual([[], ['c'], 0]);
});

test('DISCONNECT ends a session; what it asked for is withdrawn', () => {
  const bench = new Bench();
  bench.hello('c');
  bench.readyPacked('w', 'echo');
  bench.ask('c', 1, 'echo');
  bench.ask('c', 2, 'echo');
  bench.tell('c', DISCONNECT);
  expect([bench.replies('c'), bench.ended]).toEqual([['welcome'], ['c']]);
  expect(bench.kinds('w')).toEqual(['request', 'cancel']);
  expect(bench.seen('clientGone')).toMatchObject([{ withdrawn: 2 }]);
  expect([bench.core.clientCount, bench.core.pendingBytes]).toEqual([0, 0]);
  bench.ask('c', 3, 'echo');
  expect(bench.replies('c')).toEqual(['disconnect']);
});

test('clientsMax bounds the sessions; one that ends makes room', () => {
  const bench = new Bench({ clientsMax: 2 });
  bench.hello('a', 'b', 'c');
  bench.request('plain', 'nobody');
  expect([bench.replies('a'), bench.replies('c')]).toEqual([['welcome'], ['disconnect']]);
  expect(bench.ended).toEqual(['c']);
  expect(bench.core.clientCount).toBe(3);
  bench.gone('a');
  bench.hello('c');
  expect(bench.replies('c')).toEqual(['welcome']);
});

test('numbers of services are granted up to a bound for all sessions, and given back', () => {
  const bench = new Bench({ clientsMax: 3_000 });
  const grantedTo = (client: string): number => {
    bench.hello(client);
    const [welcome] = bench.sentToClient(client);
    return welcome?.kind === 'welcome' ? welcome.internedMax : NaN;
  };
  let granted = 0;
  for (let n = 0; n < 2_000; n++) granted += grantedTo(`c${n}`);
  expect(granted).toBeLessThanOrEqual(INTERNED_MAX_IN_ALL);
  expect(granted).toBeGreaterThan(0.9 * INTERNED_MAX_IN_ALL);
  expect(grantedTo('late')).toBe(0);
  bench.ask('late', 1, 'nobody');
  expect(bench.replies('late')).toEqual([]);
  for (let n = 0; n < 2_000; n++) bench.gone(`c${n}`);
  expect(grantedTo('later')).toBe(INTERNED_PER_SESSION_MAX);
});

test('a worker is no client: its HELLO draws DISCONNECT and leaves it a worker', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.hello('w');
  expect(bench.replies('w')).toEqual(['disconnect']);
  expect(bench.core.workers.size).toBe(1);
});

test('a client in session is no worker', () => {
  const bench = new Bench();
  bench.hello('c');
  bench.ready('c', 'echo', { dialect: PACKED });
  expect(bench.kinds('c')).toEqual(['disconnect']);
  expect(bench.core.workers.size).toBe(0);
});

test('a plain client that begins a packed session leaves what it asked for before', () => {
  const bench = new Bench();
  bench.request('c', 'nobody', 'plain');
  bench.hello('c');
  expect(bench.replies('c')).toEqual(['welcome']);
  expect(bench.core.counters.withdrawn).toBe(1);
  bench.ask('c', 1, 'nobody', 'packed');
  bench.ready('w', 'nobody');
  expect(bench.job('w').text).toBe('packed');
});

describe('ids', () => {
  test('one that is in use draws DISCONNECT, whether its request waits or is held', () => {
    for (const served of [false, true]) {
      const bench = new Bench();
      if (served) bench.readyPacked('w', 'echo');
      bench.hello('c', 'other');
      bench.ask('c', 7, 'echo', 'first');
      bench.ask('other', 7, 'echo', 'of another session');
      bench.ask('c', 7, 'echo', 'second');
      expect(bench.replies('c')).toEqual(['welcome', 'disconnect']);
      expect(bench.replies('other')).toEqual(['welcome']);
      expect(bench.seen('protocolError')).toMatchObject([
        { detail: 'REQUEST with the id 7, which is in use' },
      ]);
      expect(bench.core.counters).toMatchObject({ requests: 2, withdrawn: 1 });
    }
  });

  test.each(['final', 'failure', 'cancel', 'expiry'])(
    'one whose request has ended (%s) can be used again',
    (how) => {
      const bench = new Bench();
      bench.hello('c');
      bench.readyPacked('w', 'echo', 2);
      bench.ask('c', 7, how === 'expiry' ? 'nobody' : 'echo', 'first');
      const ref = bench.jobs('w')[0]?.ref ?? 0;
      if (how === 'final') bench.final('w', ref, 'done');
      else if (how === 'failure') bench.failure('w', ref, 'BROKEN');
      else if (how === 'cancel') bench.cancel('c', 7);

      for (let n = 0; how === 'expiry' && n < 10; n++) {
        bench.tickAfter(100);
        bench.heartbeat('w');
        bench.tell('c', HEARTBEAT);
      }
      bench.replies('c');
      bench.ask('c', 7, 'echo', 'second');
      const job = bench.job('w');
      expect(job.text).toBe('second');
      bench.final('w', job.ref, 'second done');
      expect(bench.replies('c').at(-1)).toBe('7 final second done');
    },
  );

  test('management requests are answered under theirs', () => {
    const bench = new Bench();
    bench.hello('c');
    bench.ask('c', 9, 'mmi.service', 'echo');
    bench.ask('c', 9, 'mmi.service', 'echo');
    expect(bench.replies('c')).toEqual(['welcome', '9 final 404', '9 final 404']);
  });

  test('replies name the request, in whatever order they come', () => {
    const bench = new Bench();
    bench.hello('c');
    bench.readyPacked('w', 'echo', 3);
    for (const id of [11, 4_294_967_295, 5]) bench.ask('c', id, 'echo', `work ${id}`);
    const jobs = bench.jobs('w').reverse();
    for (const { ref, text } of jobs) bench.final('w', ref, text);
    expect(bench.replies('c')).toEqual([
      'welcome',
      '5 final work 5',
      '4294967295 final work 4294967295',
      '11 final work 11',
    ]);
  });
});

describe('liveness', () => {
  test('a message without any command is a sign of life, of clients and of workers', () => {
    const bench = new Bench();
    bench.hello('c');
    bench.readyPacked('w', 'echo');
    for (let round = 0; round < 20; round++) {
      bench.tickAfter(50);
      for (const peer of ['c', 'w']) {
        bench.core.beginMessage(peer, 20, bench.now);
        bench.core.endMessage();
      }
    }
    expect([bench.core.inSession('c'), bench.core.workers.has('w')]).toEqual([true, true]);
  });

  test('a client that is silent is sent away, what it asked for withdrawn', () => {
    const bench = new Bench();
    bench.hello('c');
    bench.ask('c', 1, 'nobody');
    bench.tickAfter(399);
    expect(bench.core.clientCount).toBe(1);
    bench.tickAfter(1);
    expect(bench.replies('c')).toEqual(['welcome', 'heartbeat', 'disconnect']);
    expect([bench.ended, bench.core.counters.withdrawn]).toEqual([['c'], 1]);
    bench.expectEmpty();
  });

  test.each([
    HEARTBEAT,
    requestOf(1, 'nobody', ''),
    { kind: 'cancel', id: 9 },
    { kind: 'window', id: 9, more: 1 },
  ] as const)('%s is a sign of life', (command) => {
    const bench = new Bench();
    bench.hello('c');
    bench.now = 300;
    bench.tell('c', command);
    bench.tickAfter(399);
    expect(bench.core.clientCount).toBe(1);
    bench.tickAfter(1);
    expect(bench.core.clientCount).toBe(0);
  });

  test('those behind a live one are given up too', () => {
    const bench = new Bench();
    bench.hello('a', 'alive', 'b');
    bench.now = 200;
    bench.tell('alive', HEARTBEAT);
    bench.tickAfter(200);
    expect(bench.ended).toEqual(['a', 'b']);
    expect(bench.core.inSession('alive')).toBe(true);
  });

  test('a client is heartbeated every interval; a plain one never', () => {
    const bench = new Bench();
    bench.hello('c');
    bench.request('plain', 'nobody');
    for (let n = 0; n < 3; n++) bench.tickAfter(100);
    expect(bench.replies('c')).toEqual(['welcome', 'heartbeat', 'heartbeat', 'heartbeat']);
    expect(bench.replies('plain')).toEqual([]);
  });

  test('a plain client may be silent for as long as its request takes', () => {
    const bench = new Bench();
    bench.ready('w', 'slow');
    bench.request('plain', 'slow');
    bench.tickAfter(9_000);
    bench.final('w', bench.job('w').ref, 'done');
    expect(bench.replies('plain')).toEqual(['final done']);
  });
});

test('an invalid message ends the session of a packed client', () => {
  const bench = new Bench();
  bench.hello('c');
  bench.ask('c', 1, 'nobody');
  bench.core.reject('c', { reason: 'bad_id', detail: 'request ids start at 1' }, bench.now);
  expect(bench.replies('c')).toEqual(['welcome', 'disconnect']);
  expect([bench.ended, bench.core.rejections.bad_id]).toEqual([['c'], 1]);
});

test('a connection that closes ends the session without a word', () => {
  const bench = new Bench();
  bench.hello('c');
  bench.ask('c', 1, 'nobody');
  bench.gone('c');
  expect([bench.replies('c'), bench.ended]).toEqual([['welcome'], ['c']]);
  bench.expectEmpty();
});

test.each(['client', 'worker'] as const)('a %s whose message begins no session is sent away', (half) => {
  const bench = new Bench();
  bench.core.refuseStranger('p', half, PACKED);
  expect([...bench.replies('p'), ...bench.kinds('p')]).toEqual(['disconnect']);
  expect(bench.seen('protocolError')).toMatchObject([{ detail: `a message of a ${half} without a session` }]);
  expect(bench.ended).toEqual(['p']);
});

describe('a broker that drains', () => {
  test('tells packed clients, refuses what is new by name, and finishes what is under way', () => {
    const bench = new Bench();
    bench.hello('c', 'idle');
    bench.readyPacked('w', 'echo');
    bench.ask('c', 1, 'echo');
    bench.core.drain();
    bench.ask('c', 2, 'echo');
    bench.hello('late');
    expect(bench.core.drained).toBe(false);
    bench.final('w', bench.job('w').ref, 'done');
    expect(bench.core.drained).toBe(true);
    expect(bench.replies('c')).toEqual(['welcome', 'draining', '2 failure BROKER_DRAINING', '1 final done']);
    expect([bench.replies('idle'), bench.replies('late')]).toEqual([['welcome', 'draining'], ['disconnect']]);
    bench.core.stop(bench.now);
    expect([bench.replies('c'), bench.kinds('w')]).toEqual([['disconnect'], ['disconnect']]);
    expect(bench.ended).toEqual(['late', 'w', 'c', 'idle']);
    bench.expectEmpty();
  });

  test('waits for a client that has not read all of its stream', () => {
    const bench = new Bench();
    bench.hello('c');
    bench.ready('plain', 'tail');
    bench.ask('c', 1, 'tail');
    const { ref } = bench.job('plain');
    bench.partial('plain', ref, 'one');
    bench.final('plain', ref, 'end');
    bench.gone('plain');
    bench.core.drain();
    expect(bench.core.drained).toBe(false);
    bench.window('c', 1, 1);
    expect(bench.core.drained).toBe(true);
    expect(bench.replies('c')).toEqual(['welcome', 'draining', '1 partial one', '1 final end']);
  });

  test('that stops says of each request whether a worker may have done it', () => {
    const bench = new Bench();
    bench.hello('c');
    bench.readyPacked('w', 'lost');
    bench.ask('c', 1, 'lost');
    bench.gone('w');
    bench.ask('c', 2, 'never-served');
    bench.readyPacked('other', 'held');
    bench.ask('c', 3, 'held');
    bench.replies('c');
    bench.core.stop(bench.now);
    const failures = bench.sentToClient('c').filter((command) => command.kind === 'failure');
    expect(failures.sort((one, two) => one.id - two.id)).toMatchObject([
      { id: 1, code: 'BROKER_DRAINING', retryable: false },
      { id: 2, code: 'BROKER_DRAINING', retryable: true },
      { id: 3, code: 'BROKER_DRAINING', retryable: false },
    ]);
  });

  test('that stops fails what is left before it says DISCONNECT', () => {
    const bench = new Bench();
    bench.hello('c');
    bench.readyPacked('w', 'echo');
    for (const id of [1, 2]) bench.ask('c', id, 'echo');
    bench.core.stop(bench.now);
    const [welcome, ...rest] = bench.replies('c');
    expect([welcome, rest.pop()]).toEqual(['welcome', 'disconnect']);
    expect(rest.sort()).toEqual(['1 failure BROKER_DRAINING', '2 failure BROKER_DRAINING']);
    bench.expectEmpty();
  });
});

describe.each([mdp01, mdp02])(
  'a question of a probe that crossed the WELCOME: HEARTBEAT of $name',
  (dialect) => {
    test('is ignored, of a client and of a worker', () => {
      const bench = new Bench();
      bench.hello('c');
      bench.readyPacked('w', 'echo');
      for (const peer of ['c', 'w']) bench.heartbeat(peer, dialect);
      expect([bench.replies('c'), bench.kinds('c'), bench.kinds('w')]).toEqual([['welcome'], [], []]);
      expect([bench.core.counters.protocolErrors, bench.ended]).toEqual([0, []]);
      expect([bench.core.clientCount, bench.core.workers.size]).toEqual([1, 1]);
    });

    test.each(['ready', 'final'] as const)('all else draws DISCONNECT: %s', (kind) => {
      const bench = new Bench();
      bench.hello('c');
      bench.readyPacked('w', 'echo');
      for (const peer of ['c', 'w']) {
        if (kind === 'ready') bench.ready(peer, 'echo', { dialect });
        else
          bench.say(
            peer,
            { kind, ref: 'ref-1', body: requestOf(1, '', '').body, metadata: NO_METADATA },
            dialect,
          );
      }
      expect([bench.kinds('c'), bench.kinds('w')]).toEqual([['disconnect'], ['disconnect']]);
      expect(bench.core.counters.protocolErrors).toBe(2);
    });
  },
);
