import { DISCONNECT, HEARTBEAT } from '@majordomo/protocol';
import { FakeWorld, bodyOf, request } from './fake-effects';

const REGISTRATION = ['send ready echo', 'registered'];

describe('connecting', () => {
  test('READY leaves once, when the link is open', () => {
    const world = new FakeWorld();
    expect([world.session.state, world.session.nextWakeAt]).toEqual(['disconnected', Infinity]);
    world.start();
    expect([world.session.state, world.effects()]).toEqual(['connecting', ['openLink']]);
    world.open();
    world.open();
    expect([world.session.state, world.effects()]).toEqual(['idle', REGISTRATION]);
  });

  test('a second start is refused', () => {
    const world = new FakeWorld().start();
    expect(() => world.start()).toThrow(expect.objectContaining({ code: 'STATE' }));
    world.session.close(world.now);
    expect(() => world.start()).toThrow(expect.objectContaining({ code: 'STATE' }));
  });

  test('tries that fail wait longer and longer', () => {
    const world = new FakeWorld().start();
    for (const failures of [1, 2, 3, 4]) {
      world.effects();
      world.session.linkClosed('refused', world.now);
      expect(world.effects()).toEqual(['closeLink', 'lost']);
      expect(world.session.nextWakeAt).toBe(world.now + failures * 10);
      world.pass(failures * 10 - 1);
      expect(world.effects()).toEqual([]);
      world.pass(1);
      expect(world.effects()).toEqual(['openLink']);
    }
  });

  test('a try that takes too long is given up', () => {
    const world = new FakeWorld().start();
    world.effects();
    world.pass(999);
    expect(world.effects()).toEqual([]);
    world.pass(1);
    expect(world.effects()).toEqual(['closeLink', 'lost']);
    expect(world.session.state).toBe('disconnected');
  });

  test('a broker that accepts and drops does not reset the backoff; one that was heard does', () => {
    const world = new FakeWorld().start();
    for (let round = 0; round < 3; round++) {
      world.open();
      world.session.linkClosed('connection closed', world.now);
      world.pass(1_000);
    }
    world.open();
    world.receive(DISCONNECT);
    world.pass(1_000);
    expect(world.delaysAsked).toEqual([1, 2, 3, 4]);
    world.open();
    world.receive(HEARTBEAT);
    world.session.linkClosed('connection closed', world.now);
    expect(world.delaysAsked).toEqual([1, 2, 3, 4, 1]);
  });

  test('commands before READY or after the end of a link mean nothing', () => {
    const world = new FakeWorld().start();
    world.effects();
    world.receive(request());
    world.receive(DISCONNECT);
    world.session.linkClosed('refused', world.now);
    world.effects();
    world.receive(request());
    world.session.linkClosed('refused', world.now);
    expect(world.effects()).toEqual([]);
    expect(world.session.state).toBe('disconnected');
  });
});

describe('heartbeats', () => {
  test('leave every interval, idle or busy', () => {
    const world = new FakeWorld({ liveness: 1_000 }).registered();
    world.pass(350);
    expect(world.effects()).toEqual(['send heartbeat', 'send heartbeat', 'send heartbeat']);
    world.receive(request());
    world.effects();
    world.pass(1_000);
    expect(world.effects()).toEqual(Array<string>(10).fill('send heartbeat'));
  });

  test('are not sent while other commands are', () => {
    const world = new FakeWorld().busy();
    for (let n = 0; n < 5; n++) {
      world.pass(99);
      world.session.partial(world.job, bodyOf(`${n}`), world.now);
    }
    expect(world.effects().filter((line) => line === 'send heartbeat')).toEqual([]);
    world.pass(100);
    expect(world.effects()).toEqual(['send heartbeat']);
  });

  test('a silent broker is lost after heartbeatMs × liveness', () => {
    const world = new FakeWorld().registered();
    world.pass(299);
    expect(world.effects()).toEqual(['send heartbeat', 'send heartbeat']);
    world.pass(1);
    expect(world.effects()).toEqual(['closeLink', 'lost']);
    world.pass(10);
    world.open();
    expect(world.effects()).toEqual(['openLink', ...REGISTRATION]);
  });

  test('every command but DISCONNECT is a sign of life', () => {
    const world = new FakeWorld().registered();
    for (const command of [HEARTBEAT, request(), HEARTBEAT]) {
      world.pass(299);
      world.receive(command);
    }
    world.pass(299);
    expect(world.effects()).not.toContain('lost');
    world.pass(1);
    expect(world.effects()).toContain('lost');
  });
});

describe('silence during a job', () => {
  test('means nothing at a broker that heartbeats idle workers only', () => {
    const world = new FakeWorld().busy();
    world.pass(60_000);
    expect(world.effects()).not.toContain('lost');
    expect(world.session.finish(world.job, bodyOf('done'), world.now)).toBe(true);
    world.effects();
    world.pass(299);
    expect(world.effects()).not.toContain('lost');
    world.pass(1);
    expect(world.effects()).toContain('lost');
  });

  test('a heartbeat within the first interval of a job, sent just before it maybe, proves nothing', () => {
    const world = new FakeWorld().busy();
    world.pass(99);
    world.receive(HEARTBEAT);
    world.pass(60_000);
    expect(world.effects()).not.toContain('lost');
  });

  test('counts once the broker was heard a full interval into a job, in later jobs as well', () => {
    const world = new FakeWorld().busy();
    world.pass(100);
    world.receive(HEARTBEAT);
    world.session.finish(world.job, bodyOf(), world.now);
    world.receive(request());
    world.effects();
    world.pass(299);
    expect(world.effects()).not.toContain('lost');
    world.pass(1);
    expect(world.effects()).toEqual(['closeLink', 'abortJob 1', 'lost']);
    expect(world.abortCodes).toEqual(['CONNECTION_LOST']);
  });

  test('what was learnt holds for one conversation: a broker may be replaced', () => {
    const world = new FakeWorld().busy();
    world.pass(100);
    world.receive(HEARTBEAT);
    world.session.linkClosed('connection closed', world.now);
    world.pass(10);
    world.open();
    world.receive(request());
    world.effects();
    world.pass(60_000);
    expect(world.effects()).not.toContain('lost');
  });
});

describe('requests', () => {
  test('partials and the final carry the reference of their request', () => {
    const world = new FakeWorld().registered();
    world.receive(request('\xff\x00', 'a', 'b'));
    expect(world.session.state).toBe('busy');
    expect(world.session.partial(world.job, bodyOf('1'), world.now)).toBe(true);
    world.hasRoom = false;
    expect(world.session.partial(world.job, bodyOf('2'), world.now)).toBe(false);
    expect(world.session.finish(world.job, bodyOf('3', ''), world.now)).toBe(true);
    expect(world.effects()).toEqual([
      'startJob a|b',
      'send partial \xff\x00 1',
      'send partial \xff\x00 2',
      'send final \xff\x00 3|',
    ]);
    expect(world.session.state).toBe('idle');
  });

  test('a job ends once', () => {
    const world = new FakeWorld().busy();
    world.session.finish(world.job, bodyOf('x'), world.now);
    world.effects();
    expect(world.session.finish(world.job, bodyOf('x'), world.now)).toBe(false);
    expect(world.session.giveBack(world.job, world.now)).toBe(false);
    expect(world.session.partial(world.job, bodyOf('x'), world.now)).toBe(true);
    expect(world.effects()).toEqual([]);
  });

  test('the result of a job given up is dropped, even if the same reference came again', () => {
    const world = new FakeWorld().busy('c1');
    const late = world.job;
    world.session.linkClosed('connection closed', world.now);
    world.pass(10);
    world.open();
    world.receive(request('c1', 'work'));
    world.effects();
    expect(world.session.finish(late, bodyOf('late'), world.now)).toBe(false);
    expect(world.effects()).toEqual([]);
    expect(world.session.finish(world.job, bodyOf('mine'), world.now)).toBe(true);
    expect(world.effects()).toEqual(['send final c1 mine']);
  });

  test('a second REQUEST is a violation that makes the worker leave, so that both are redispatched', () => {
    const world = new FakeWorld().busy();
    world.receive(request('c2', 'more'));
    expect(world.effects()).toEqual(['send disconnect', 'closeLink flush', 'abortJob 0', 'violated', 'lost']);
    world.pass(10);
    expect(world.effects()).toEqual(['openLink']);
  });

  test('after DISCONNECT nothing more is sent, not even what waits', () => {
    const world = new FakeWorld().busy();
    world.receive(DISCONNECT);
    expect(world.effects()).toEqual(['closeLink', 'abortJob 0', 'lost']);
    world.session.finish(world.job, bodyOf('late'), world.now);
    world.pass(9);
    expect(world.effects()).toEqual([]);
    world.pass(1);
    expect(world.effects()).toEqual(['openLink']);
  });
});

describe('requests given back', () => {
  test('one is followed by a new registration at once', () => {
    const world = new FakeWorld().busy();
    expect(world.session.giveBack(world.job, world.now)).toBe(true);
    expect(world.effects()).toEqual(['send disconnect', 'closeLink flush', 'openLink']);
    world.open();
    expect(world.effects()).toEqual(REGISTRATION);
  });

  test('so are those after it: a bad request keeps no worker from its service', () => {
    const world = new FakeWorld().registered();
    for (let n = 0; n < 4; n++) {
      world.receive(request());
      world.session.giveBack(world.job, world.now);
      expect(world.session.state).toBe('connecting');
      world.open();
    }
    expect(world.delaysAsked).toEqual([]);
    expect(world.session.state).toBe('idle');
  });
});

describe('leaving', () => {
  test('idle: DISCONNECT and the end, at once', () => {
    const world = new FakeWorld().registered();
    world.session.leave(world.now);
    expect(world.effects()).toEqual(['send disconnect', 'closeLink flush', 'closed']);
    expect([world.session.state, world.session.nextWakeAt]).toEqual(['closed', Infinity]);
  });

  test('busy: the last request is finished first, under heartbeats', () => {
    const world = new FakeWorld().busy();
    world.session.leave(world.now);
    world.session.leave(world.now);
    world.pass(100);
    expect(world.effects()).toEqual(['send heartbeat']);
    world.session.partial(world.job, bodyOf('almost'), world.now);
    world.session.finish(world.job, bodyOf('done'), world.now);
    expect(world.effects()).toEqual([
      'send partial c1 almost',
      'send final c1 done',
      'send disconnect',
      'closeLink flush',
      'closed',
    ]);
  });

  test('busy: a request given back ends it too', () => {
    const world = new FakeWorld().busy();
    world.session.leave(world.now);
    expect(world.session.giveBack(world.job, world.now)).toBe(true);
    expect(world.effects()).toEqual(['send disconnect', 'closeLink flush', 'closed']);
  });

  test('busy: a broker lost meanwhile ends it, and there is no new link', () => {
    const world = new FakeWorld().busy();
    world.session.leave(world.now);
    world.session.linkClosed('connection closed', world.now);
    expect(world.effects()).toEqual(['closeLink', 'abortJob 0', 'lost', 'closed']);
    world.pass(100_000);
    expect(world.effects()).toEqual([]);
  });

  test('unconnected: there is nobody to say DISCONNECT to', () => {
    for (const world of [new FakeWorld(), new FakeWorld().start()]) {
      world.effects();
      world.session.leave(world.now);
      expect(world.effects()).toEqual(['closeLink', 'closed']);
    }
  });
});

describe('closing', () => {
  test('busy: the job is aborted, DISCONNECT said', () => {
    for (const leave of [false, true]) {
      const world = new FakeWorld().busy();
      if (leave) world.session.leave(world.now);
      world.session.close(world.now);
      expect(world.effects()).toEqual(['send disconnect', 'closeLink flush', 'abortJob 0', 'closed']);
      expect(world.abortCodes).toEqual(['CLOSED']);
      expect(world.session.finish(world.job, bodyOf('late'), world.now)).toBe(false);
    }
  });

  test('nothing follows the end', () => {
    const world = new FakeWorld().registered();
    world.session.close(world.now);
    world.effects();
    world.session.close(world.now);
    world.session.leave(world.now);
    world.session.tick(world.now + 1e9);
    world.open();
    world.receive(request());
    world.session.linkClosed('gone', world.now);
    expect(world.effects()).toEqual([]);
  });
});

test('a tick before its time does nothing', () => {
  const waiting = new FakeWorld().start();
  waiting.session.linkClosed('refused', waiting.now);
  for (const world of [new FakeWorld(), new FakeWorld().start(), new FakeWorld().busy(), waiting]) {
    world.effects();
    const { state } = world.session;
    world.session.tick(world.now);
    expect([world.session.state, world.effects()]).toEqual([state, []]);
  }
});
