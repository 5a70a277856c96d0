import { Body, encodeText, mdp01, mdp02OverReq, Metadata, type Dialect, type Ref } from '@majordomo/protocol';
import { PLAIN_WINDOW } from '../../src/core/replies';
import { Bench, cost, PACKED } from './bench';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n));

/** A stream under way: its client has opened a window, its worker holds the request. */
function streaming({ client = PACKED as Dialect, worker = PACKED as Dialect, window = 0, settings = {} }): {
  bench: Bench;
  ref: Ref;
} {
  const bench = new Bench(settings);
  if (worker.packed) bench.readyPacked('w', 'tail', 1);
  else bench.ready('w', 'tail', { dialect: worker });
  if (client.packed) {
    bench.hello('c');
    bench.replies('c');
    bench.ask('c', 1, 'tail', 'file', { window });
  } else {
    bench.request('c', 'tail', 'file', client);
  }
  return { bench, ref: bench.job('w').ref };
}

describe('a packed client and a packed worker', () => {
  test('the window is the client’s, to the PARTIAL', () => {
    const { bench, ref } = streaming({ window: 2 });
    bench.partial('w', ref, '0');
    bench.partial('w', ref, '1');
    expect(bench.replies('c')).toEqual(['1 partial 0', '1 partial 1']);
    bench.window('c', 1, 1);
    expect(bench.sentToWorker('w')).toEqual([{ kind: 'window', ref, more: 1 }]);
    bench.partial('w', ref, '2');
    bench.final('w', ref, 'end');
    expect(bench.replies('c')).toEqual(['1 partial 2', '1 final end']);
  });

  test('a PARTIAL beyond it draws DISCONNECT, reaches nobody, and the request goes to another', () => {
    const { bench, ref } = streaming({ window: 0 });
    bench.partial('w', ref, '0');
    expect(bench.kinds('w')).toEqual(['disconnect']);
    expect(bench.replies('c')).toEqual([]);
    expect(bench.seen('protocolError')).toMatchObject([{ detail: 'PARTIAL beyond the window' }]);
    bench.readyPacked('next', 'tail');
    expect(bench.sentToWorker('next')).toMatchObject([{ window: 0, attempt: 2 }]);
  });

  test('a worker that is lost behind a PARTIAL that was sent is the end: no other worker is given the request', () => {
    const { bench, ref } = streaming({ window: 2 });
    bench.partial('w', ref, '0');
    bench.gone('w');
    expect(bench.sentToClient('c')).toMatchObject([
      { kind: 'partial' },
      { kind: 'failure', id: 1, origin: 'broker', code: 'ATTEMPTS_EXHAUSTED', retryable: true },
    ]);
    bench.readyPacked('next', 'tail');
    expect(bench.sentToWorker('next')).toEqual([]);
    expect([bench.core.counters.exhausted, bench.core.pendingBytes]).toEqual([1, 0]);
  });

  test('a window of 0 lets the last reply through', () => {
    const { bench, ref } = streaming({});
    bench.final('w', ref, 'end');
    expect(bench.replies('c')).toEqual(['1 final end']);
  });

  test('what is opened while the request waits, its worker is told with it', () => {
    const bench = new Bench();
    bench.hello('c');
    bench.ask('c', 1, 'tail', 'file', { window: 3 });
    bench.window('c', 1, 4);
    bench.readyPacked('w', 'tail');
    expect(bench.sentToWorker('w')).toMatchObject([{ window: 7 }]);
  });

  test('a window grows no larger than what can be said, and nothing is granted beyond that', () => {
    const { bench, ref } = streaming({ window: 4_294_967_290 });
    bench.window('c', 1, 100);
    bench.window('c', 1, 100);
    expect(bench.sentToWorker('w')).toEqual([{ kind: 'window', ref, more: 5 }]);
  });

  test('WINDOW of what has ended, or was never asked, is ignored', () => {
    const { bench, ref } = streaming({});
    bench.final('w', ref, 'end');
    bench.window('c', 1, 5);
    bench.window('c', 2, 5);
    expect([bench.kinds('w'), bench.core.counters.protocolErrors]).toEqual([[], 0]);
  });

  test('what a stream says of itself passes through', () => {
    const { bench, ref } = streaming({ window: 1 });
    const metadata = Metadata.of({ contentType: 'text/csv' });
    bench.say('w', { kind: 'partial', ref, body: Body.of('a,b'), metadata });
    expect(bench.sentToClient('c')).toMatchObject([{ kind: 'partial', id: 1, metadata }]);
  });
});

describe('a packed client and a plain worker', () => {
  test('what is beyond the window is held, and released in order as it opens, the last reply behind it', () => {
    const { bench, ref } = streaming({ worker: mdp01, window: 1 });
    for (const part of numbers(5)) bench.partial('w', ref, part);
    expect(bench.replies('c')).toEqual(['1 partial 0']);
    expect(bench.core.pendingBytes).toBe(cost('file') + 4 * (1 + 256));
    bench.window('c', 1, 2);
    expect(bench.replies('c')).toEqual(['1 partial 1', '1 partial 2']);
    bench.final('w', ref, 'end');
    expect(bench.replies('c')).toEqual([]);
    bench.window('c', 1, 1);
    expect(bench.replies('c')).toEqual(['1 partial 3']);
    bench.window('c', 1, 1);
    expect(bench.replies('c')).toEqual(['1 partial 4', '1 final end']);
    expect([bench.core.pendingBytes, bench.core.counters.answered]).toEqual([0, 1]);
  });

  test('its worker is free as soon as it has answered, also where its client is behind', () => {
    const { bench, ref } = streaming({ worker: mdp01 });
    bench.partial('w', ref, '0');
    bench.final('w', ref, 'end');
    bench.ask('c', 2, 'tail', 'next');
    expect(bench.job('w').text).toBe('next');
    bench.gone('w');
    bench.window('c', 1, 9);
    expect(bench.replies('c')).toEqual(['1 partial 0', '1 final end']);
  });

  test('what was sent on is not held again: a window that is open stays open', () => {
    const { bench, ref } = streaming({ worker: mdp01 });
    bench.partial('w', ref, '0');
    bench.window('c', 1, 3);
    for (const part of ['1', '2', '3']) bench.partial('w', ref, part);
    expect(bench.replies('c')).toEqual(['1 partial 0', '1 partial 1', '1 partial 2']);
  });

  test('1,024 are held and no more: the next one is STREAM_OVERFLOW, and what was held is given up', () => {
    const { bench, ref } = streaming({ worker: mdp01 });
    for (const part of numbers(1_024)) bench.partial('w', ref, part);
    expect(bench.replies('c')).toEqual([]);
    bench.partial('w', ref, 'too many');
    expect(bench.sentToClient('c')).toMatchObject([
      { kind: 'failure', id: 1, origin: 'broker', code: 'STREAM_OVERFLOW', retryable: true },
    ]);
    expect([bench.core.pendingBytes, bench.core.counters.overflowed]).toEqual([0, 1]);
    bench.partial('w', ref, 'and more');
    bench.final('w', ref, 'end');
    expect([bench.replies('c'), bench.core.counters.repliesDropped]).toEqual([[], 1]);
    expect(bench.core.workers.size).toBe(1);
  });

  test.each(['partial', 'final'] as const)(
    'bytes held are bounded with all others: a %s too much',
    (kind) => {
      const settings = { pendingBytesMax: cost('file') + 2 * 256 + 1_000 };
      const { bench, ref } = streaming({ worker: mdp01, settings });
      bench.partial('w', ref, 'x'.repeat(600));
      if (kind === 'partial') bench.partial('w', ref, 'x'.repeat(600));
      else bench.final('w', ref, 'x'.repeat(600));
      expect(bench.replies('c')).toEqual(['1 failure STREAM_OVERFLOW']);
      expect(bench.core.pendingBytes).toBe(0);
    },
  );

  test.each(['cancel', 'gone'])('what is held goes with its request: %s', (how) => {
    for (const answered of [false, true]) {
      const { bench, ref } = streaming({ worker: mdp01 });
      bench.partial('w', ref, 'held');
      if (answered) bench.final('w', ref, 'held');
      if (how === 'cancel') bench.cancel('c', 1);
      else bench.gone('c');
      expect([bench.replies('c'), bench.core.pendingBytes]).toEqual([[], 0]);
    }
  });

  test('what a lost worker left and nobody has seen is forgotten; another starts anew', () => {
    const { bench, ref } = streaming({ worker: mdp01 });
    for (const part of numbers(3)) bench.partial('w', ref, part);
    bench.gone('w');
    expect(bench.core.pendingBytes).toBe(cost('file'));
    bench.window('c', 1, 5);
    bench.readyPacked('next', 'tail');
    expect(bench.sentToWorker('next')).toMatchObject([{ window: 5 }]);
    bench.final('next', 1, 'end');
    expect(bench.replies('c')).toEqual(['1 final end']);
  });
});

describe('a client of mdp/0.2 and a packed worker', () => {
  const client = { client: { name: 'mdp/0.2', partials: true, packed: false } as Dialect };

  test('the broker opens the window, and opens it again as PARTIALs leave', () => {
    const { bench, ref } = streaming(client);
    const half = PLAIN_WINDOW / 2;
    for (const part of numbers(half - 1)) bench.partial('w', ref, part);
    expect(bench.kinds('w')).toEqual([]);
    bench.partial('w', ref, 'half');
    expect(bench.sentToWorker('w')).toEqual([{ kind: 'window', ref, more: half }]);
    expect(bench.replies('c')).toHaveLength(half);
  });

  test('a worker that is lost behind a PARTIAL is the end, of which the client is not told', () => {
    const { bench, ref } = streaming(client);
    bench.partial('w', ref, '0');
    bench.gone('w');
    bench.readyPacked('next', 'tail');
    expect(bench.sentToWorker('next')).toEqual([]);
    expect(bench.seen('requestFailed')).toMatchObject([{ code: 'ATTEMPTS_EXHAUSTED' }]);
    expect([bench.core.counters.exhausted, bench.core.pendingBytes]).toEqual([1, 0]);
  });

  test('the first request says how large the window is', () => {
    const bench = new Bench();
    bench.readyPacked('w', 'tail');
    bench.request('c', 'tail', 'file');
    expect(bench.sentToWorker('w')).toMatchObject([{ window: PLAIN_WINDOW }]);
  });

  test('a client that reads slowly is waited for, and its worker with it', () => {
    const { bench, ref } = streaming(client);
    bench.congested.add('c');
    for (const part of numbers(PLAIN_WINDOW)) bench.partial('w', ref, part);
    expect(bench.kinds('w')).toEqual([]);
    bench.tickAfter(10);
    expect(bench.kinds('w')).toEqual([]);
    bench.congested.clear();
    bench.tickAfter(10);
    expect(bench.sentToWorker('w')).toEqual([{ kind: 'window', ref, more: PLAIN_WINDOW }]);
    bench.tickAfter(10);
    expect(bench.kinds('w')).toEqual([]);
  });

  test('a worker that does not wait for it draws DISCONNECT', () => {
    const { bench, ref } = streaming(client);
    bench.congested.add('c');
    for (const part of numbers(PLAIN_WINDOW + 1)) bench.partial('w', ref, part);
    expect(bench.kinds('w')).toEqual(['disconnect']);
  });

  test.each(['answered', 'gone'])('one that was waited for and is no more (%s) is forgotten', (how) => {
    const { bench, ref } = streaming(client);
    bench.congested.add('c');
    for (const part of numbers(PLAIN_WINDOW)) bench.partial('w', ref, part);
    if (how === 'answered') bench.final('w', ref, 'end');
    else bench.gone('c');
    bench.sentToWorker('w');
    bench.congested.clear();
    bench.tickAfter(10);
    expect(bench.kinds('w')).toEqual([]);
  });
});

test.each([
  ['mdp/0.1', mdp01],
  ['mdp/0.2 over REQ', mdp02OverReq],
])(
  'PARTIALs of a packed worker for a client of %s are gathered, its window opened as they are',
  (_name, client) => {
    const limits = { framesMax: 1_000, frameBytesMax: 1_000, messageBytesMax: 10_000 };
    const { bench, ref } = streaming({ client, settings: { limits } });
    const parts = numbers(3 * PLAIN_WINDOW);
    for (const part of parts) bench.partial('w', ref, part);
    expect(bench.sentToWorker('w')).toEqual(Array(6).fill({ kind: 'window', ref, more: PLAIN_WINDOW / 2 }));
    bench.final('w', ref, 'end');
    expect(bench.replies('c')).toEqual([`final ${parts.join(' ')} end`]);
    expect(bench.core.pendingBytes).toBe(0);
  },
);

test('a worker that took over from one that waited is granted what it has used, and nothing where that is nothing', () => {
  const { bench, ref } = streaming({ client: mdp01 });
  bench.congested.add('c');
  for (const part of numbers(PLAIN_WINDOW)) bench.partial('w', ref, part);
  bench.gone('w');
  bench.readyPacked('next', 'tail');
  expect(bench.sentToWorker('next')).toMatchObject([{ kind: 'request', window: PLAIN_WINDOW }]);
  bench.congested.clear();
  bench.tickAfter(10);
  expect(bench.kinds('next')).toEqual([]);
});

test('what one reply cannot hold ends the request; its packed worker is opened no window any more', () => {
  const limits = { framesMax: PLAIN_WINDOW / 2, frameBytesMax: 1_000, messageBytesMax: 10_000 };
  const { bench, ref } = streaming({ client: mdp01, settings: { limits } });
  for (const part of numbers(PLAIN_WINDOW)) bench.partial('w', ref, part);
  expect(bench.replies('c')).toEqual(['failure QUEUE_FULL']);
  expect(bench.sentToWorker('w').filter(({ kind }) => kind === 'window').length).toBeLessThanOrEqual(1);
  bench.final('w', ref, 'end');
  expect([bench.core.counters.repliesDropped, bench.core.pendingBytes]).toEqual([1, 0]);
});

test('what is held does not keep the message alive that it came in', () => {
  const { bench, ref } = streaming({ worker: mdp01 });
  const body = new Body([encodeText('held')]);
  const detach = jest.spyOn(body, 'detach');
  bench.say('w', { kind: 'partial', ref, body, metadata: Metadata.of({}) });
  expect(detach).toHaveBeenCalled();
});
