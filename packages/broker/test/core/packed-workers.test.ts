import {
  DEFAULT_LIMITS,
  DISCONNECT,
  DRAINING,
  HEARTBEAT,
  Metadata,
  type BrokerToClient,
} from '@majordomo/protocol';
import { Bench, body, PACKED, requestOf } from './bench';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

/** A bench with a packed client that has asked `echo` for so many things, by ids and texts from 1. */
function asked(count: number, settings = {}): Bench {
  const bench = new Bench(settings);
  bench.hello('c');
  bench.replies('c');
  for (const id of numbers(count)) bench.ask('c', id, 'echo', String(id));
  return bench;
}

test('READY is answered with WELCOME, then come the requests', () => {
  const bench = asked(1);
  bench.ready('w', 'echo', { credit: 4, dialect: PACKED });
  expect(bench.sentToWorker('w')).toMatchObject([{ kind: 'welcome', heartbeatMs: 100 }, { kind: 'request' }]);
  expect(bench.seen('workerRegistered')).toMatchObject([{ dialect: 'packed', service: 'echo' }]);
});

test('a request says how it is to be served', () => {
  const bench = new Bench();
  const metadata = Metadata.of({ contentType: 'text/plain' });
  bench.hello('c');
  bench.ask('c', 9, 'echo', 'x', { remainingMs: 500, window: 3, priority: 8, metadata });
  bench.now = 100;
  bench.readyPacked('w', 'echo');
  expect(bench.sentToWorker('w')).toMatchObject([
    { ref: 1, remainingMs: 400, window: 3, priority: 8, attempt: 1, metadata },
  ]);
  const said = Metadata.of({ contentType: 'application/json' });
  bench.finalWith('w', 1, said, '{}');
  expect(bench.sentToClient('c').at(-1)).toMatchObject({ kind: 'final', id: 9, metadata: said });
});

test('a traced request tells its worker how long it has waited, and no other does', () => {
  const bench = new Bench();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  bench.hello('c');
  bench.ask('c', 1, 'echo', 'x', { metadata: Metadata.of({ traceparent }) });
  bench.ask('c', 2, 'echo', 'x', { metadata: Metadata.of({ contentType: 'text/plain' }) });
  bench.now = 100;
  bench.readyPacked('w', 'echo', 2);
  const told = bench
    .sentToWorker('w')
    .map((command) => (command.kind === 'request' ? command.metadata : undefined));
  expect(told.map((metadata) => metadata?.waitedMicros)).toEqual([100_000, undefined]);
  expect(told[0]?.traceparent).toBe(traceparent);
});

test('references are numbers of the session, and none that is held is given again', () => {
  const bench = asked(3);
  bench.readyPacked('a', 'echo', 2);
  bench.readyPacked('b', 'echo', 2);
  expect(bench.jobs('a').map(({ ref }) => ref)).toEqual([1, 2]);
  expect(bench.jobs('b').map(({ ref }) => ref)).toEqual([1]);
  bench.final('a', 1, 'done');
  bench.ask('c', 4, 'echo');
  bench.ask('c', 5, 'echo');
  expect([...bench.jobs('a'), ...bench.jobs('b')].map(({ ref }) => ref).sort()).toEqual([2, 3]);
});

describe('credit', () => {
  test('so many requests are held at once and no more', () => {
    const bench = asked(10);
    bench.readyPacked('w', 'echo', 4);
    const jobs = bench.jobs('w');
    expect(jobs.map(({ text }) => text)).toEqual(['1', '2', '3', '4']);
    for (const { ref } of jobs.slice(0, 2)) bench.final('w', ref, 'done');
    expect(bench.jobs('w').map(({ text }) => text)).toEqual(['5', '6']);
  });

  test('raised, it lets more come at once', () => {
    const bench = asked(10);
    bench.readyPacked('w', 'echo', 1);
    bench.jobs('w');
    bench.credit('w', 5);
    expect(bench.jobs('w')).toHaveLength(4);
    bench.credit('w', 4_294_967_295);
    expect(bench.jobs('w')).toHaveLength(5);
  });

  test('lowered below what is held, it stops new ones until enough is answered', () => {
    const bench = asked(10);
    bench.readyPacked('w', 'echo', 4);
    const jobs = bench.jobs('w');
    bench.credit('w', 2);
    for (const [n, { ref }] of jobs.slice(0, 3).entries()) {
      bench.final('w', ref, 'done');
      expect(bench.jobs('w')).toHaveLength(n < 2 ? 0 : 1);
    }
  });

  test('of 0 pauses a worker, from READY on or later, without ending its session', () => {
    const bench = asked(2);
    bench.readyPacked('w', 'echo', 0);
    expect(bench.jobs('w')).toEqual([]);
    expect(bench.manage('mmi.service', 'echo')).toEqual(['200']);
    bench.credit('w', 1);
    const { ref } = bench.job('w');
    bench.credit('w', 0);
    bench.final('w', ref, 'done');
    expect(bench.jobs('w')).toEqual([]);
    bench.credit('w', 1);
    expect(bench.job('w').text).toBe('2');
  });

  test('what finds a worker without credit goes to another', () => {
    const bench = new Bench();
    bench.hello('c');
    bench.readyPacked('paused', 'echo', 0);
    bench.readyPacked('open', 'echo', 1);
    bench.ask('c', 1, 'echo');
    expect([bench.jobs('paused').length, bench.jobs('open').length]).toEqual([0, 1]);
  });

  test('the least recently used worker is next, as long as it has credit', () => {
    const bench = new Bench();
    bench.hello('c');
    bench.readyPacked('a', 'echo', 3);
    bench.readyPacked('b', 'echo', 1);
    for (const id of numbers(4)) bench.ask('c', id, 'echo', String(id));
    expect([bench.jobs('a'), bench.jobs('b')].map((jobs) => jobs.map(({ text }) => text))).toEqual([
      ['1', '3', '4'],
      ['2'],
    ]);
  });
});

describe('DRAINING', () => {
  test('is answered; nothing more is dispatched, and nothing is lost', () => {
    const bench = asked(3);
    bench.readyPacked('w', 'echo', 2);
    const held = bench.jobs('w');
    bench.say('w', DRAINING);
    expect(bench.kinds('w')).toEqual(['draining']);
    for (const { ref, text } of held) bench.final('w', ref, text);
    bench.credit('w', 10);
    expect(bench.jobs('w')).toEqual([]);
    bench.say('w', DISCONNECT);
    expect(bench.seen('workerLost')).toMatchObject([{ reason: 'disconnected', held: 0 }]);
    bench.readyPacked('next', 'echo');
    const { ref, text } = bench.job('next');
    bench.final('next', ref, text);
    expect(bench.replies('c')).toEqual(['1 final 1', '2 final 2', '3 final 3']);
    expect(bench.core.counters).toMatchObject({ dispatched: 3, redispatched: 0 });
  });

  test('of a worker that is cut off later costs an attempt only what it holds', () => {
    const bench = asked(2);
    bench.readyPacked('w', 'echo', 1);
    bench.say('w', DRAINING);
    bench.gone('w');
    bench.readyPacked('next', 'echo', 2);
    expect(bench.sentToWorker('next')).toMatchObject([{ attempt: 2 }, { attempt: 1 }]);
  });
});

test('a last reply and DISCONNECT that come together: the leaving worker is given nothing more', () => {
  const bench = asked(3);
  bench.readyPacked('w', 'echo', 1);
  const { ref } = bench.job('w');
  bench.together(() => {
    bench.final('w', ref, 'done');
    bench.say('w', DISCONNECT);
  });
  expect(bench.kinds('w')).toEqual([]);
  expect(bench.replies('c')).toEqual(['1 final done']);
  expect(bench.ended).toEqual(['w']);
  bench.readyPacked('next', 'echo', 2);
  expect(bench.sentToWorker('next')).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
});

test('replies that come together make room for as many requests, once they all have been heard', () => {
  const bench = asked(6);
  bench.readyPacked('w', 'echo', 3);
  const jobs = bench.jobs('w');
  bench.together(() => {
    for (const { ref } of jobs) {
      bench.final('w', ref, 'done');
      expect(bench.jobs('w')).toEqual([]);
    }
  });
  expect(bench.jobs('w').map(({ text }) => text)).toEqual(['4', '5', '6']);
});

describe('FAILURE', () => {
  test('reaches a packed client as it is, and frees the worker', () => {
    const bench = asked(2);
    bench.readyPacked('w', 'echo');
    bench.failure('w', bench.job('w').ref, 'OUT_OF_PAPER', 'tray 2', true);
    expect(bench.sentToClient('c')).toEqual<BrokerToClient[]>([
      {
        kind: 'failure',
        id: 1,
        service: 'echo',
        origin: 'worker',
        code: 'OUT_OF_PAPER',
        message: 'tray 2',
        retryable: true,
      },
    ]);
    expect(bench.seen('workerFailed')).toMatchObject([{ service: 'echo', code: 'OUT_OF_PAPER' }]);
    expect(bench.job('w').text).toBe('2');
    expect(bench.core.counters).toMatchObject({ failed: 1, answered: 0 });
  });

  test('ends the request of a plain client, to which its dialect has no words for it', () => {
    const bench = new Bench();
    bench.readyPacked('w', 'echo');
    bench.request('plain', 'echo');
    bench.failure('w', bench.job('w').ref, 'BROKEN');
    expect(bench.replies('plain')).toEqual(['failure BROKEN']);
    expect([bench.core.counters.failed, bench.core.clientCount, bench.core.pendingBytes]).toEqual([1, 0, 0]);
  });
});

test.each(['final', 'partial', 'failure'] as const)(
  '%s with a made up reference draws DISCONNECT',
  (kind) => {
    const bench = asked(1);
    bench.readyPacked('w', 'echo');
    bench.job('w');
    if (kind === 'final') bench.final('w', 2_000, 'forged');
    else if (kind === 'partial') bench.partial('w', 2_000, 'forged');
    else bench.failure('w', 2_000, 'FORGED');
    expect(bench.kinds('w')).toEqual(['disconnect']);
    expect([bench.replies('c'), bench.ended]).toEqual([[], ['w']]);
  },
);

test('a worker cannot answer for another: its references are its own', () => {
  const bench = asked(2);
  bench.readyPacked('honest', 'echo');
  bench.readyPacked('other', 'echo');
  bench.final('other', 1, 'of the other');
  expect(bench.replies('c')).toEqual(['2 final of the other']);
  bench.final('other', 1, 'forged');
  expect(bench.kinds('other')).toEqual(['request', 'disconnect']);
  expect(bench.replies('c')).toEqual([]);
});

test('READY twice draws DISCONNECT, and what was held goes to another in the order in which it came', () => {
  const bench = asked(200);
  bench.readyPacked('w', 'echo', 100);
  bench.jobs('w');
  bench.ready('w', 'echo', { dialect: PACKED });
  expect(bench.kinds('w')).toEqual(['disconnect']);
  expect(bench.ended).toEqual(['w']);
  bench.readyPacked('next', 'echo', 1_000);
  expect(bench.jobs('next').map(({ text }) => Number(text))).toEqual(numbers(200));
});

test('a worker that changes to a plain dialect draws DISCONNECT in its own', () => {
  const bench = asked(0);
  bench.readyPacked('w', 'echo');
  bench.ready('w', 'echo');
  expect(bench.kinds('w')).toEqual(['disconnect']);
  expect(bench.seen('protocolError')).toMatchObject([{ detail: 'mdp/0.2 in a session of packed' }]);
});

describe('liveness', () => {
  test('a worker that is silent is sent away, busy or idle, and its requests go to another', () => {
    for (const busy of [0, 1]) {
      const bench = new Bench();
      bench.request('plain', busy ? 'echo' : 'other');
      bench.readyPacked('w', 'echo');
      expect(bench.jobs('w')).toHaveLength(busy);
      bench.tickAfter(399);
      bench.sentToWorker('w');
      bench.tickAfter(1);
      expect(bench.kinds('w')).toEqual(['disconnect']);
      expect(bench.seen('workerLost')).toMatchObject([{ reason: 'silent', held: busy }]);
      expect(bench.ended).toEqual(['w']);
    }
  });

  test('one that is given requests all the time is given up when it is silent all the same', () => {
    const bench = new Bench();
    bench.readyPacked('w', 'echo', 1_000);
    for (let n = 0; n < 39; n++) {
      bench.request('plain', 'echo');
      bench.tickAfter(10);
    }
    expect(bench.core.workers.size).toBe(1);
    bench.tickAfter(10);
    expect(bench.seen('workerLost')).toMatchObject([{ reason: 'silent', held: 39 }]);
  });

  test('HEARTBEAT, CREDIT, DRAINING and replies are signs of life', () => {
    const bench = asked(1);
    bench.readyPacked('w', 'echo', 2);
    const { ref } = bench.job('w');
    const signs = [
      () => bench.say('w', HEARTBEAT),
      () => bench.credit('w', 1),
      () => bench.say('w', DRAINING),
      () => bench.final('w', ref, 'done'),
    ];
    for (const sign of signs) {
      bench.tickAfter(300);
      bench.tell('c', HEARTBEAT);
      sign();
    }
    bench.tickAfter(399);
    expect(bench.core.workers.size).toBe(1);
  });

  test('a worker is heartbeated every interval in which it was sent nothing else', () => {
    const bench = new Bench();
    bench.readyPacked('w', 'echo');
    bench.tickAfter(100);
    bench.now += 50;
    bench.request('plain', 'echo');
    bench.tickAfter(99);
    expect(bench.kinds('w')).toEqual(['heartbeat', 'request']);
    bench.tickAfter(1);
    expect(bench.kinds('w')).toEqual(['heartbeat']);
  });
});

test('a packed worker is lost with its requests: each goes to another until its attempts are used up', () => {
  const bench = asked(2, { attemptsMax: 2 });
  for (const [n, worker] of ['a', 'b'].entries()) {
    bench.readyPacked(worker, 'echo', 2);
    expect(bench.sentToWorker(worker)).toMatchObject([{ attempt: n + 1 }, { attempt: n + 1 }]);
    bench.gone(worker);
  }
  expect(bench.sentToClient('c')).toMatchObject([
    { kind: 'failure', id: 1, origin: 'broker', code: 'ATTEMPTS_EXHAUSTED', retryable: false },
    { kind: 'failure', id: 2, origin: 'broker', code: 'ATTEMPTS_EXHAUSTED', retryable: false },
  ]);
  expect(bench.core.counters).toMatchObject({ exhausted: 2, dispatched: 4 });
});

describe('a worker that says what it takes', () => {
  const limits = { framesMax: 2, frameBytesMax: 5, messageBytesMax: 8 };
  const stated = Metadata.of({ limits });

  test('what is larger than its worker says it takes fails, and is given to nobody', () => {
    const bench = asked(0);
    bench.readyPacked('w', 'echo', 5, stated);
    bench.ask('c', 1, 'echo', '123456');
    bench.tell('c', { ...requestOf(2, 'echo', ''), body: body('1', '2', '3') });
    bench.tell('c', { ...requestOf(3, 'echo', ''), body: body('12345', '1234') });
    expect(bench.sentToClient('c')).toMatchObject(
      [1, 2, 3].map((id) => ({ kind: 'failure', id, code: 'MESSAGE_TOO_LARGE', retryable: false })),
    );
    bench.tell('c', { ...requestOf(4, 'echo', ''), body: body('12345', '123') });
    expect(bench.sentToWorker('w')).toMatchObject([{ kind: 'request', attempt: 1 }]);
    expect(bench.core.counters).toMatchObject({ refused: 3, dispatched: 1, workersLost: 0 });
    expect(bench.core.pendingBytes).toBe(8 + 1_024 + 2 * 256);
  });

  test('it holds for what has waited, and those behind it are served', () => {
    const bench = asked(0);
    bench.ask('c', 1, 'echo', '123456');
    bench.ask('c', 2, 'echo', '12345');
    bench.readyPacked('w', 'echo', 1, stated);
    expect(bench.sentToClient('c')).toMatchObject([{ id: 1, code: 'MESSAGE_TOO_LARGE' }]);
    expect(bench.sentToWorker('w')).toMatchObject([{ kind: 'request' }]);
  });

  test('limits that are no tighter than those of the broker are not looked at', () => {
    const bench = asked(0);
    bench.readyPacked('w', 'echo', 1, Metadata.of({ limits: DEFAULT_LIMITS }));
    expect(bench.core.workers.get('w')?.limits).toBeUndefined();
  });
});
