import { CAN_PROVE, DISCONNECT, DRAINING, HEARTBEAT, Metadata } from '@majordomo/protocol';
import { packedRequest, PackedWorld, welcome } from './fake-packed-effects';

describe('beginning', () => {
  test('READY leaves once, when the link is open; WELCOME registers', () => {
    const world = new PackedWorld();
    expect([world.session.state, world.session.nextWakeAt]).toEqual(['disconnected', Infinity]);
    world.start();
    expect([world.session.state, world.effects()]).toEqual(['connecting', ['openLink']]);
    world.open().open();
    expect([world.session.state, world.effects()]).toEqual(['greeting', ['send ready 3']]);
    world.receive(welcome());
    expect([world.session.state, world.effects()]).toEqual(['serving', ['registered']]);
  });

  test('a second start is refused', () => {
    const world = new PackedWorld().start();
    expect(() => world.start()).toThrow(expect.objectContaining({ code: 'STATE' }));
  });

  test('tries that fail wait longer and longer; only what comes behind WELCOME ends that', () => {
    const world = new PackedWorld().start();
    for (const failures of [1, 2, 3]) {
      world.effects();
      world.session.linkClosed('refused', world.now);
      expect(world.effects()).toEqual(['closeLink', 'lost']);
      world.pass(failures * 10 - 1);
      expect(world.effects()).toEqual([]);
      world.pass(1);
      expect(world.effects()).toEqual(['openLink']);
    }
    world.open().receive(DISCONNECT);
    world.pass(40);
    world.open().receive(welcome());
    world.session.linkClosed('connection closed', world.now);
    world.pass(50);
    world.open().receive(welcome());
    world.receive(HEARTBEAT);
    world.session.linkClosed('connection closed', world.now);
    expect(world.delaysAsked).toEqual([1, 2, 3, 4, 5, 1]);
  });

  test('a try that takes too long is given up', () => {
    const world = new PackedWorld().start();
    world.pass(999);
    expect(world.session.state).toBe('connecting');
    world.pass(1);
    expect(world.session.state).toBe('disconnected');
  });

  test('no WELCOME in time: lost, for a reason that says so', () => {
    const world = new PackedWorld().start().open();
    world.effects();
    world.pass(499);
    expect(world.effects()).toEqual([]);
    world.pass(1);
    expect(world.effects()).toEqual(['closeLink', 'lost']);
    expect(world.reasons).toEqual(['no WELCOME within 500 ms: the broker may not speak MDP/P1']);
  });

  test('commands other than WELCOME before it mean nothing, but DISCONNECT and REQUEST', () => {
    const world = new PackedWorld().start().open();
    world.effects();
    for (const command of [HEARTBEAT, DRAINING, { kind: 'cancel', ref: 1 } as const]) world.receive(command);
    expect([world.session.state, world.effects()]).toEqual(['greeting', []]);
    world.receive(packedRequest(1));
    expect(world.effects()).toEqual([
      'send disconnect',
      'closeLink flush',
      'violated unexpected_request',
      'lost',
    ]);
  });

  test('what comes before the link stands or after its end means nothing', () => {
    const world = new PackedWorld().start();
    world.effects();
    world.receive(welcome());
    world.session.refused('unknown_header', world.now);
    expect([world.session.state, world.effects()]).toEqual(['connecting', []]);
    world.open().receive(DISCONNECT);
    world.effects();
    world.receive(welcome());
    world.session.linkClosed('refused', world.now);
    expect([world.session.state, world.effects()]).toEqual(['disconnected', []]);
  });
});

test('a broker of a later revision, with capabilities of its own, is served all the same', () => {
  const world = new PackedWorld().serving({ revision: 200, capabilities: 0xffff_ffff });
  world.receive(packedRequest(1));
  world.finish(1);
  expect(world.effects()).toEqual(['startJob 1', 'send final 1 done']);
});

describe('a broker that asks which key this is', () => {
  const challenge = { nonce: new Uint8Array(32).fill(7), routingId: Uint8Array.of(1, 2, 3) };
  const asking = { capabilities: CAN_PROVE, metadata: Metadata.challenge(challenge) };
  const proof = { kind: 'proof' as const, publicKey: new Uint8Array(32), mac: new Uint8Array(32) };

  test('gets the proof before anything else', () => {
    const world = new PackedWorld({ prove: (told) => (told.nonce[0] === 7 ? proof : undefined) });
    world.start().open().effects();
    world.receive(welcome(asking));
    expect([world.session.state, world.effects()]).toEqual(['serving', ['send proof', 'registered']]);
  });

  test('and does not get one from a worker without a key', () => {
    const world = new PackedWorld().start().open();
    world.effects();
    world.receive(welcome(asking));
    expect(world.effects()).toEqual(['registered']);
  });

  test('but does not say what with is left', () => {
    const world = new PackedWorld({ prove: () => proof }).start().open();
    world.effects();
    world.receive(welcome({ capabilities: CAN_PROVE }));
    expect(world.session.state).toBe('disconnected');
    expect(world.reasons).toEqual(['WELCOME asks for a proof and does not say what with']);
  });

  test('and sends it away says why', () => {
    const world = new PackedWorld({ prove: () => proof }).start().open();
    world.receive(welcome(asking));
    const reason = { code: 'UNAUTHORIZED', message: 'the key bob may not serve echo' };
    world.receive({ kind: 'disconnect', reason });
    expect(world.reasons).toEqual([
      'the broker said DISCONNECT (UNAUTHORIZED: the key bob may not serve echo)',
    ]);
  });
});

describe('standing aside', () => {
  test('the link is closed, and nothing happens until it is told to try again', () => {
    const world = new PackedWorld().start().open();
    world.effects();
    world.session.standAside();
    expect([world.session.state, world.effects()]).toEqual(['aside', ['closeLink']]);
    world.pass(1e9);
    expect(world.effects()).toEqual([]);
    world.session.again(true, world.now);
    world.session.again(true, world.now);
    world.pass(10);
    expect(world.effects()).toEqual(['openLink']);
  });

  test('a broker that was not heard is asked less and less often', () => {
    const world = new PackedWorld().start();
    for (let round = 0; round < 3; round++) {
      world.open().session.standAside();
      world.session.again(false, world.now);
      world.pass(1_00);
    }
    world.open().session.standAside();
    world.session.again(true, world.now);
    expect(world.delaysAsked).toEqual([1, 2, 3, 1]);
  });

  test('only who greets can stand aside', () => {
    const world = new PackedWorld().serving();
    world.session.standAside();
    world.session.again(true, world.now);
    expect(world.session.state).toBe('serving');
  });
});

describe('heartbeats', () => {
  test('leave at the interval of WELCOME, unless something else did', () => {
    const world = new PackedWorld({ liveness: 1_000 }).serving({ heartbeatMs: 40 });
    world.pass(119);
    expect(world.effects()).toEqual(['send heartbeat', 'send heartbeat']);
    world.session.flushed(world.now);
    world.pass(39);
    expect(world.effects()).toEqual([]);
    world.pass(1);
    expect(world.effects()).toEqual(['send heartbeat']);
  });

  test('a broker that is silent for its interval × liveness is lost, in mid-job as well', () => {
    const world = new PackedWorld().holding(1);
    world.pass(299);
    expect(world.effects()).toEqual(['send heartbeat', 'send heartbeat']);
    world.pass(1);
    expect(world.effects()).toEqual(['closeLink', 'abortJob 1 CONNECTION_LOST', 'lost']);
    world.pass(10);
    expect(world.effects()).toEqual(['openLink']);
  });

  test('every command is a sign of life', () => {
    const world = new PackedWorld().serving();
    for (const command of [HEARTBEAT, packedRequest(1), { kind: 'cancel', ref: 7 } as const, DRAINING]) {
      world.pass(299);
      world.receive(command);
    }
    expect(world.session.state).toBe('serving');
  });
});

describe('requests', () => {
  test('any number in hand up to the credit, ended in any order, each once', () => {
    const world = new PackedWorld().serving();
    for (const ref of [5, 6, 7]) world.receive(packedRequest(ref));
    expect(world.effects()).toEqual(['startJob 5', 'startJob 6', 'startJob 7']);
    expect([world.finish(6), world.fail(5), world.finish(7)]).toEqual([true, true, true]);
    expect(world.effects()).toEqual(['send final 6 done', 'send failure 5 NO_GOOD', 'send final 7 done']);
    expect([world.finish(6), world.fail(6)]).toEqual([false, false]);
    world.partial(6);
    expect([world.session.held, world.effects()]).toEqual([0, []]);
  });

  test('a reference may come again once it is ended; the result of the first is dropped', () => {
    const world = new PackedWorld().holding(1);
    const first = world.job(1);
    world.session.linkClosed('connection closed', world.now);
    world.pass(10);
    world.open().receive(welcome());
    world.receive(packedRequest(1));
    world.effects();
    expect(world.session.fail(first, 'LATE', 'late', false)).toBe(false);
    expect(world.finish(1)).toBe(true);
    expect(world.effects()).toEqual(['send final 1 done']);
  });

  test.each([
    ['beyond the credit', [1, 2, 3], 4],
    ['with a reference in hand', [1], 1],
  ])('one %s: DISCONNECT, lost, a new link', (_what, held, ref) => {
    const world = new PackedWorld().holding(...held);
    world.receive(packedRequest(ref));
    expect(world.effects()).toEqual([
      'send disconnect',
      'closeLink flush',
      ...held.map((other) => `abortJob ${other} CONNECTION_LOST`),
      'violated unexpected_request',
      'lost',
    ]);
    world.pass(10);
    expect(world.effects()).toEqual(['openLink']);
  });

  test('partials use up the window, WINDOW opens it again', () => {
    const world = new PackedWorld().holding(1);
    world.partial(1);
    world.partial(1);
    expect(world.effects()).toEqual(['send partial 1 part', 'send partial 1 part']);
    expect(() => world.partial(1)).toThrow(expect.objectContaining({ code: 'STATE' }));
    world.receive({ kind: 'window', ref: 1, more: 3 });
    world.partial(1);
    expect(world.effects()).toEqual(['windowOpened 1 3', 'send partial 1 part']);
  });

  test('CANCEL aborts, and the job is still to be ended; for others it means nothing, and so does WINDOW', () => {
    const world = new PackedWorld().holding(1);
    world.receive({ kind: 'cancel', ref: 1 });
    world.receive({ kind: 'cancel', ref: 2 });
    world.receive({ kind: 'window', ref: 2, more: 1 });
    expect([world.session.held, world.effects()]).toEqual([1, ['abortJob 1 CANCELLED']]);
    expect(world.fail(1)).toBe(true);
    expect([world.session.held, world.effects()]).toEqual([0, ['send failure 1 NO_GOOD']]);
  });

  test('more references with the same low bits than places', () => {
    const world = new PackedWorld({ credit: 300 }).serving();
    const refs = Array.from({ length: 300 }, (_, n) => (n % 2 === 0 ? (n + 1) * 4_096 : n));
    for (const ref of refs) world.receive(packedRequest(ref));
    expect(world.session.held).toBe(300);
    for (const ref of refs.slice(0, 150).reverse()) expect(world.finish(ref)).toBe(true);
    world.session.linkClosed('gone', world.now);
    expect(world.effects().filter((line) => line.startsWith('abortJob'))).toHaveLength(150);
    for (const ref of refs) expect(world.finish(ref)).toBe(false);
  });
});

describe('deadlines', () => {
  test('each fires once, when its time is up', () => {
    const world = new PackedWorld({ liveness: 1_000 }).serving({ heartbeatMs: 10_000 });
    world.receive(packedRequest(1, { remainingMs: 50 }));
    world.receive(packedRequest(2));
    world.receive(packedRequest(3, { remainingMs: 20 }));
    world.effects();
    world.pass(19);
    expect(world.effects()).toEqual([]);
    world.pass(1);
    expect(world.effects()).toEqual(['abortJob 3 EXPIRED']);
    world.pass(30);
    expect(world.effects()).toEqual(['abortJob 1 EXPIRED']);
    world.pass(5_000);
    expect([world.session.held, world.effects()]).toEqual([3, []]);
  });

  test('that of a job that is done does not', () => {
    const world = new PackedWorld().serving();
    world.receive(packedRequest(1, { remainingMs: 50 }));
    world.finish(1);
    world.effects();
    world.pass(60);
    expect(world.effects()).toEqual([]);
  });
});

describe('credit', () => {
  test('is told when it changes', () => {
    const world = new PackedWorld().serving();
    world.session.setCredit(3);
    world.session.setCredit(5);
    world.session.setCredit(1);
    expect(world.effects()).toEqual(['send credit 5', 'send credit 1']);
  });

  test('a change before WELCOME is told after it, one while there is no link with READY', () => {
    const world = new PackedWorld();
    world.session.setCredit(4);
    world.start().open();
    world.session.setCredit(6);
    world.receive(welcome());
    expect(world.effects()).toEqual(['openLink', 'send ready 4', 'send credit 6', 'registered']);
  });

  test('requests that were under way when it was lowered are taken', () => {
    const world = new PackedWorld().serving();
    world.session.setCredit(1);
    for (const ref of [1, 2, 3]) world.receive(packedRequest(ref));
    expect(world.session.held).toBe(3);
    world.receive(packedRequest(4));
    expect(world.session.state).toBe('disconnected');
  });
});

describe('leaving', () => {
  test('DRAINING, then whatever was under way, then the end', () => {
    const world = new PackedWorld().holding(1);
    world.session.leave();
    world.session.leave();
    expect([world.session.state, world.effects()]).toEqual(['draining', ['send draining']]);
    world.receive(packedRequest(2));
    world.finish(1);
    world.receive(DRAINING);
    expect([world.session.state, world.effects()]).toEqual(['leaving', ['startJob 2', 'send final 1 done']]);
    world.session.leave();
    world.fail(2);
    expect(world.effects()).toEqual([
      'send failure 2 NO_GOOD',
      'send disconnect',
      'closeLink flush',
      'closed',
    ]);
  });

  test('with nothing in hand it waits for the answer all the same', () => {
    const world = new PackedWorld().serving();
    world.session.leave();
    expect(world.effects()).toEqual(['send draining']);
    world.receive(DRAINING);
    expect(world.effects()).toEqual(['send disconnect', 'closeLink flush', 'closed']);
  });

  test('a REQUEST after the answer is a violation', () => {
    const world = new PackedWorld().holding(1);
    world.session.leave();
    world.receive(DRAINING);
    world.effects();
    world.receive(packedRequest(2));
    expect(world.effects()).toEqual([
      'send disconnect',
      'closeLink flush',
      'abortJob 1 CONNECTION_LOST',
      'violated unexpected_request',
      'lost',
      'closed',
    ]);
  });

  test('a broker lost meanwhile ends it, and there is no new link', () => {
    for (const answered of [true, false]) {
      const world = new PackedWorld().holding(1);
      world.session.leave();
      if (answered) world.receive(DRAINING);
      world.effects();
      world.session.linkClosed('connection closed', world.now);
      expect(world.effects()).toEqual(['closeLink', 'abortJob 1 CONNECTION_LOST', 'lost', 'closed']);
      world.pass(1e6);
      expect(world.effects()).toEqual([]);
    }
  });

  test('before WELCOME there is nobody to say anything to', () => {
    const aside = new PackedWorld().start().open();
    aside.session.standAside();
    for (const world of [
      new PackedWorld(),
      new PackedWorld().start(),
      new PackedWorld().start().open(),
      aside,
    ]) {
      world.effects();
      world.session.leave();
      expect([world.session.state, world.effects()]).toEqual(['closed', ['closeLink', 'closed']]);
    }
  });
});

describe('closing', () => {
  test('the jobs are aborted, DISCONNECT said', () => {
    for (const leave of [false, true]) {
      const world = new PackedWorld().holding(1, 2);
      if (leave) world.session.leave();
      world.effects();
      world.session.close();
      world.session.close();
      expect(world.effects()).toEqual([
        'send disconnect',
        'closeLink flush',
        'abortJob 1 CLOSED',
        'abortJob 2 CLOSED',
        'closed',
      ]);
      expect(world.finish(1)).toBe(false);
    }
  });

  test('a message that is not understood, or a second WELCOME, ends the session, and a new one follows', () => {
    const world = new PackedWorld().serving();
    world.session.refused('truncated', world.now);
    expect(world.effects()).toEqual(['send disconnect', 'closeLink flush', 'lost']);
    world.pass(10);
    world.open().receive(welcome());
    world.effects();
    world.receive(welcome());
    expect(world.effects()).toContain('violated unexpected_command');
  });
});
