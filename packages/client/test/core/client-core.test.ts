import { Body, DEFAULT_LIMITS } from '@majordomo/protocol';
import { A, B, Harness, reply, texts, type OpenedLink } from './harness';

const bytes = (length: number) => new Uint8Array(length);

/** True for a link that stands and has a call under way. */
const carries = ({ closed, sent, answered }: OpenedLink): boolean => !closed && sent.length > answered;

describe('one call', () => {
  test('waits for its connection, is sent, and settles with its reply', () => {
    const bus = new Harness();
    const call = bus.submit();
    expect(bus.links).toHaveLength(1);
    expect(bus.last.sent).toEqual([]);
    bus.opened(bus.last);
    expect(bus.requests(bus.last).map(({ service, body }) => [service, ...texts(body)])).toEqual([
      ['echo', 'hello'],
    ]);
    expect(bus.outcomes.size).toBe(0);
    bus.final(bus.last, 'hello', '');
    expect(bus.reply(call)).toEqual(['hello', '']);
    expect(bus.core.pending).toBe(0);
  });

  test('reports a broker when its first connection stands and when its last is gone', () => {
    const bus = new Harness();
    bus.underWay();
    bus.underWay();
    expect(bus.events).toEqual([`up ${A}`]);
    for (const link of bus.open) bus.lost(link);
    expect(bus.events).toEqual([`up ${A}`, `down ${A}: connection closed`]);
  });

  test('its PARTIALs are gathered in front of the FINAL', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay();
    bus.partial(link, 'a', 'b');
    bus.partial(link, 'c');
    expect(bus.outcomes.size).toBe(0);
    bus.final(link, 'd');
    expect(bus.reply(call)).toEqual(['a', 'b', 'c', 'd']);
    expect(bus.partials.size).toBe(0);
  });
});

describe('the pool', () => {
  test('one call per socket, and more sockets as they are needed, up to the bound', () => {
    const bus = new Harness({ socketsMax: 3 });
    for (let n = 0; n < 5; n++) bus.submit();
    expect(bus.core.sockets).toBe(3);
    for (const link of bus.open) bus.opened(link);
    expect(bus.links.map(({ sent }) => sent.length)).toEqual([1, 1, 1]);
    bus.final(bus.links[1]!, 'x');
    bus.final(bus.links[1]!, 'x');
    expect(bus.links.map(({ sent }) => sent.length)).toEqual([1, 3, 1]);
    expect(bus.core.sockets).toBe(3);
  });

  test('calls go out in the order in which they came', () => {
    const bus = new Harness({ socketsMax: 1 });
    const calls = [1, 2, 3].map(() => bus.submit());
    bus.opened(bus.last);
    for (let n = 0; n < 3; n++) bus.final(bus.last, String(n));
    expect(calls.map((call) => bus.reply(call))).toEqual([['0'], ['1'], ['2']]);
  });

  test('an idle socket is used again, the one that was idle longest first', () => {
    const bus = new Harness();
    const [first, second] = [bus.underWay().link, bus.underWay().link];
    bus.final(second, 'x');
    bus.final(first, 'x');
    bus.submit();
    expect(second.sent).toHaveLength(2);
    expect(bus.links).toHaveLength(2);
  });

  test('a socket that was idle for its time is closed, not one that is in use', () => {
    const bus = new Harness({ idleSocketMs: 5_000 });
    const [idle, used] = [bus.underWay().link, bus.underWay({ timeoutMs: 60_000, retries: 0 }).link];
    bus.final(idle, 'x');
    bus.pass(4_999);
    expect(idle.closed).toBe(false);
    bus.pass(1);
    expect(idle.closed).toBe(true);
    expect(used.closed).toBe(false);
    expect(bus.core.sockets).toBe(1);
  });

  test('the clock may be as fine as it likes: an idle socket is closed by the tick that it asked for', () => {
    const bus = new Harness({ idleSocketMs: 3 });
    bus.now = 1021.1;
    expect(bus.now + 3 - bus.now).toBeLessThan(3);
    const { link } = bus.underWay();
    bus.final(link, 'x');
    bus.pass(4);
    expect(link.closed).toBe(true);
    expect(bus.core.nextWakeAt(bus.now)).toBe(Infinity);
  });

  test('a call that ends before its connection stands leaves the socket to others', () => {
    const bus = new Harness();
    const gone = bus.submit();
    bus.abort(gone);
    const { link } = { link: bus.last };
    const call = bus.submit();
    expect(bus.links).toHaveLength(1);
    bus.opened(link);
    bus.final(link, 'x');
    expect(bus.reply(call)).toEqual(['x']);
  });
});

describe('several brokers', () => {
  test('sockets are spread over them in turn', () => {
    const bus = new Harness({ brokers: [A, B] });
    for (let n = 0; n < 4; n++) bus.submit();
    expect(bus.links.map(({ endpoint }) => endpoint)).toEqual([A, B, A, B]);
  });

  test('one that cannot be reached is passed over at once', () => {
    const bus = new Harness({ brokers: [A, B] });
    const call = bus.submit();
    bus.lost(bus.last, 'connection refused');
    expect(bus.last.endpoint).toBe(B);
    bus.final(bus.opened(bus.last), 'x');
    expect(bus.reply(call)).toEqual(['x']);
  });

  test('a call whose connection breaks goes to another broker, on a connection that stands there', () => {
    const bus = new Harness({ brokers: [A, B] });
    const [first, second] = [bus.underWay(), bus.underWay()];
    bus.final(second.link, 'x');
    bus.lost(first.link);
    expect(second.link.sent).toHaveLength(2);
    bus.final(second.link, 'again');
    expect(bus.reply(first.call)).toEqual(['again']);
  });

  test('a call that got no reply in its share of the time goes to another broker, not to an idle socket of this one', () => {
    const bus = new Harness({ brokers: [A, B] });
    const slow = bus.underWay();
    bus.underWay({ timeoutMs: 60_000, retries: 0 });
    const idle = bus.underWay();
    expect(idle.link.endpoint).toBe(A);
    bus.final(idle.link, 'x');
    bus.pass(300);
    expect(slow.link.closed).toBe(true);
    const fresh = bus.opened(bus.last);
    expect(fresh.endpoint).toBe(B);
    expect(fresh.sent).toHaveLength(1);
    expect(idle.link.sent).toHaveLength(1);
    bus.final(fresh, 'x');
    expect(bus.reply(slow.call)).toEqual(['x']);
  });

  test('one that left a call without reply is avoided by others too, until it answers or its time is over', () => {
    const bus = new Harness({ brokers: [A, B], suspectMs: 5_000 });
    const first = bus.underWay({ retries: 0 });
    bus.pass(900);
    expect(bus.error(first.call)?.code).toBe('TIMEOUT');
    for (let n = 0; n < 3; n++) bus.submit({ timeoutMs: 60_000, retries: 0 });
    expect(bus.open.map(({ endpoint }) => endpoint)).toEqual([B, B, B]);
    for (const link of bus.open) bus.opened(link);
    bus.pass(5_000);
    bus.submit();
    expect(bus.last.endpoint).toBe(A);
  });

  test('an idle socket of a doubtful broker is used rather than to wait for one that is down', () => {
    const bus = new Harness({ brokers: [A, B], backoffMs: () => 10_000 });
    const down = bus.submit();
    bus.abort(down);
    bus.lost(bus.last, 'connection refused');
    const good = bus.underWay({ service: 'echo' });
    expect(good.link.endpoint).toBe(B);
    const slow = bus.underWay({ timeoutMs: 300 });
    bus.final(good.link, 'x');
    bus.pass(100);
    expect(slow.link.closed).toBe(true);
    expect(good.link.sent).toHaveLength(2);
  });
});

describe('a broker that is down', () => {
  test('is tried again after its wait, which grows, by one connection, and then serves all', () => {
    const bus = new Harness();
    const calls = [1, 2, 3].map(() => bus.submit({ timeoutMs: 60_000, retries: 0 }));
    expect(bus.links).toHaveLength(3);
    for (const link of bus.open) bus.lost(link, 'connection refused');
    expect(bus.core.sockets).toBe(0);
    bus.pass(99);
    expect(bus.links).toHaveLength(3);
    bus.pass(1);
    expect(bus.links).toHaveLength(4);
    bus.lost(bus.last, 'connection refused');
    bus.pass(199);
    expect(bus.links).toHaveLength(4);
    bus.pass(1);
    expect(bus.links).toHaveLength(5);
    bus.opened(bus.last);
    for (const link of bus.open) if (link.sent.length === 0) bus.opened(link);
    for (const link of bus.open) bus.final(link, 'x');
    expect(calls.map((call) => bus.reply(call))).toEqual([['x'], ['x'], ['x']]);
  });

  test('a pool of connections that break together is one failure, so that its return is not slept through', () => {
    const bus = new Harness({ socketsMax: 20 });
    const calls = Array.from({ length: 20 }, () => bus.underWay({ timeoutMs: 60_000 }).call);
    for (const link of bus.open) bus.lost(link);
    bus.pass(100);
    expect(bus.open).toHaveLength(1);
    bus.opened(bus.last);
    expect(bus.open).toHaveLength(20);
    for (const link of bus.open.slice(1)) bus.opened(link);
    for (const link of bus.open) bus.final(link, 'x');
    expect(calls.every((call) => bus.reply(call)?.[0] === 'x')).toBe(true);
  });

  test('a reply forgives all failures', () => {
    const bus = new Harness();
    const first = bus.submit({ timeoutMs: 60_000 });
    for (let n = 0; n < 3; n++) {
      bus.lost(bus.last, 'connection refused');
      bus.pass(1_000);
    }
    bus.final(bus.opened(bus.last), 'x');
    expect(bus.reply(first)).toEqual(['x']);
    bus.lost(bus.last);
    bus.submit();
    const before = bus.links.length;
    bus.pass(100);
    expect(bus.links).toHaveLength(before + 1);
  });

  test('a call that never found one says which and why', () => {
    const bus = new Harness({ brokers: [A, B] });
    const call = bus.submit({ timeoutMs: 1_000 });
    bus.lost(bus.last, 'connection refused or timed out');
    bus.pass(1_000);
    expect(bus.error(call)).toMatchObject({
      code: 'TIMEOUT',
      retryable: true,
      message: `No reply from echo within 1000 ms: no broker reachable for 1.0 s (${A}: no connection within 250 ms, ${B}: no connection within 250 ms).`,
    });
  });
});

describe('a broker that comes back', () => {
  /** Rounds of calls, as many at once as sockets are open, each answered. */
  const work = (bus: Harness, rounds: number, atOnce: number) => {
    for (let round = 0; round < rounds; round++) {
      const calls = Array.from({ length: atOnce }, () => bus.submit({ timeoutMs: 60_000 }));
      for (const link of bus.open) bus.opened(link);
      for (const link of bus.open) while (link.sent.length > link.answered) bus.final(link, 'x');
      for (const call of calls) expect(bus.reply(call)).toEqual(['x']);
      bus.pass(10);
    }
  };
  const linksTo = (bus: Harness, endpoint: string) => bus.open.filter((link) => link.endpoint === endpoint);

  test.each([100, 6])('gets its share of sockets and calls again, socketsMax %p', (socketsMax) => {
    const bus = new Harness({ brokers: [A, B], socketsMax });
    for (let n = 0; n < 6; n++) bus.submit({ timeoutMs: 60_000 });
    for (const link of linksTo(bus, B)) bus.lost(link, 'connection refused');
    for (const link of bus.open) if (link.endpoint === A) bus.opened(link);
    for (let turn = 0; turn < 6; turn++) {
      for (const link of linksTo(bus, A)) if (link.sent.length > link.answered) bus.final(link, 'x');
      for (const link of bus.open) bus.opened(link);
    }
    bus.pass(1_000);
    work(bus, 20, 6);
    const before = linksTo(bus, B).reduce((sum, link) => sum + link.sent.length, 0);
    work(bus, 10, 6);
    const after = linksTo(bus, B).reduce((sum, link) => sum + link.sent.length, 0);
    expect(linksTo(bus, B).length).toBeGreaterThanOrEqual(2);
    expect(bus.core.sockets).toBeLessThanOrEqual(socketsMax);
    expect(after - before).toBeGreaterThanOrEqual(20);
  });

  test('one that stays away costs the others no more than a socket at a time', () => {
    const bus = new Harness({ brokers: [A, B], socketsMax: 6 });
    for (let round = 0; round < 50; round++) {
      const call = bus.submit({ timeoutMs: 60_000 });
      for (const link of linksTo(bus, B)) bus.lost(link, 'connection refused');
      for (const link of linksTo(bus, A)) bus.opened(link);
      for (const link of linksTo(bus, A)) if (link.sent.length > link.answered) bus.final(link, 'x');
      expect(bus.reply(call)).toEqual(['x']);
      bus.pass(500);
    }
    expect(bus.links.filter(({ endpoint }) => endpoint === B).length).toBeLessThan(30);
  });
});

describe('a host that is gone without a word', () => {
  test('is passed over after a while where there are other brokers', () => {
    const bus = new Harness({ brokers: [A, B] });
    const call = bus.submit({ timeoutMs: 2_000 });
    expect(bus.last.endpoint).toBe(A);
    bus.pass(249);
    expect(bus.links).toHaveLength(1);
    bus.pass(1);
    expect(bus.links.map(({ endpoint }) => endpoint)).toEqual([A, B]);
    bus.opened(bus.last);
    bus.final(bus.last, 'from b');
    expect(bus.reply(call)).toEqual(['from b']);
  });

  test('serves all the same when its connection stands at last', () => {
    const bus = new Harness({ brokers: [A, B] });
    const call = bus.submit({ timeoutMs: 2_000 });
    bus.pass(400);
    bus.opened(bus.links[0]!);
    bus.final(bus.links[0]!, 'from a');
    expect(bus.reply(call)).toEqual(['from a']);
  });

  test('is waited for where it is the only broker', () => {
    const bus = new Harness();
    bus.submit({ timeoutMs: 2_000 });
    bus.pass(1_999);
    expect(bus.links).toHaveLength(1);
  });

  test('does not fill the pool, however many wait', () => {
    const bus = new Harness({ brokers: [A, B], socketsMax: 50 });
    for (let n = 0; n < 10; n++) bus.submit({ timeoutMs: 2_000 });
    bus.pass(1_900);
    expect(bus.core.sockets).toBeLessThanOrEqual(12);
  });
});

describe('sending again', () => {
  test('the time is divided evenly over all attempts, each on a fresh socket', () => {
    const bus = new Harness();
    const { call, link: first } = bus.underWay({ timeoutMs: 900, retries: 2 });
    const used = [first];
    for (let attempt = 1; attempt < 3; attempt++) {
      bus.pass(299);
      expect(used.at(-1)!.closed).toBe(false);
      bus.pass(1);
      expect(used.at(-1)!.closed).toBe(true);
      used.push(bus.opened(bus.last));
      expect(used.at(-1)!.sent).toHaveLength(1);
    }
    bus.pass(299);
    expect(bus.outcomes.size).toBe(0);
    bus.pass(1);
    expect(new Set(used).size).toBe(3);
    expect(bus.error(call)).toMatchObject({
      code: 'TIMEOUT',
      message: 'No reply from echo within 900 ms: sent 3 times, no reply.',
    });
    expect(bus.open).toEqual([]);
  });

  test('time that went by without a connection is not had again', () => {
    const bus = new Harness();
    const call = bus.submit({ timeoutMs: 900, retries: 2 });
    bus.pass(600);
    const link = bus.opened(bus.last);
    bus.pass(100);
    expect(link.closed).toBe(true);
    bus.pass(200);
    expect(bus.error(call)?.code).toBe('TIMEOUT');
  });

  test('a late reply to the attempt before finds nobody', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay();
    bus.pass(300);
    bus.opened(bus.last);
    bus.final(link, 'late');
    expect(bus.outcomes.size).toBe(0);
    bus.final(bus.last, 'in time');
    expect(bus.reply(call)).toEqual(['in time']);
  });

  test('a PARTIAL shows that it is being worked on: it is not sent again for silence', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay();
    bus.partial(link, 'a');
    bus.pass(899);
    expect(link.closed).toBe(false);
    bus.final(link, 'b');
    expect(bus.reply(call)).toEqual(['a', 'b']);
  });

  test('what was gathered before the connection broke is forgotten', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay();
    bus.partial(link, 'a');
    bus.lost(link);
    bus.pass(100);
    bus.opened(bus.last);
    bus.partial(bus.last, 'a');
    bus.final(bus.last, 'b');
    expect(bus.reply(call)).toEqual(['a', 'b']);
  });

  test('a call that breaks connection after connection is given up', () => {
    const bus = new Harness({ brokers: [A, B], backoffMs: () => 10 });
    const call = bus.submit({ timeoutMs: 60_000 });
    for (let sends = 0; sends < 5; sends++) {
      expect(bus.error(call)).toBeUndefined();
      bus.opened(bus.last);
      expect(bus.last.sent).toHaveLength(1);
      bus.lost(bus.last);
      bus.pass(10);
    }
    expect(bus.error(call)).toMatchObject({ code: 'CONNECTION_LOST', retryable: true });
    expect(bus.error(call)?.message).toMatch(/; 5 connections were lost with it\.$/);
  });

  test.each([[[A]], [[A, B]]])(
    'connections that break together are one that a call has lost, however many it is sent on: %j',
    (brokers) => {
      const bus = new Harness({ brokers });
      const before = Array.from({ length: 12 }, () => bus.underWay({ retries: 0 }));
      for (const { link } of before) bus.final(link, 'x');
      const dead = bus.open;
      const call = bus.submit({ timeoutMs: 60_000 });
      // Their ends are heard of one after another, and the call goes from each to the next.
      for (let next = dead.find(carries); next; next = dead.find(carries)) bus.lost(next);
      expect(dead.filter(({ sent }) => sent.length > 1).length).toBeGreaterThan(5);
      expect(bus.error(call)).toBeUndefined();
      bus.pass(100);
      bus.final(bus.opened(bus.last), 'back');
      expect(bus.reply(call)).toEqual(['back']);
    },
  );

  test('all of many calls that got no reply at the same moment are sent again', () => {
    const bus = new Harness({ socketsMax: 10 });
    const calls = Array.from({ length: 10 }, () => bus.underWay().call);
    bus.pass(300);
    expect(bus.open).toHaveLength(10);
    for (const link of bus.open) bus.opened(link);
    for (const link of bus.open) bus.final(link, 'x');
    expect(calls.every((call) => bus.reply(call)?.[0] === 'x')).toBe(true);
  });
});

describe('idempotent: false', () => {
  test('waits the whole time on silence, and is never sent twice', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay({ idempotent: false, timeoutMs: 900, retries: 5 });
    bus.pass(899);
    expect(link.closed).toBe(false);
    bus.pass(1);
    expect(bus.error(call)).toMatchObject({
      code: 'TIMEOUT',
      message: 'No reply from echo within 900 ms: sent once, no reply.',
    });
    expect(bus.links).toHaveLength(1);
  });

  test('a connection that breaks ends it, for nobody knows how far it came', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay({ idempotent: false });
    bus.lost(link);
    expect(bus.error(call)).toMatchObject({
      code: 'CONNECTION_LOST',
      retryable: false,
      message: `The connection to ${A} was lost (connection closed) after the request to echo had been sent; it may not be sent twice (idempotent: false).`,
    });
    bus.pass(10_000);
    expect(bus.links).toHaveLength(1);
  });

  test('before it was sent it may wait for any broker', () => {
    const bus = new Harness();
    const call = bus.submit({ idempotent: false });
    bus.lost(bus.last, 'connection refused');
    bus.pass(100);
    bus.final(bus.opened(bus.last), 'x');
    expect(bus.reply(call)).toEqual(['x']);
  });
});

describe('streams', () => {
  test('PARTIALs are handed on as they come, and each starts the clock anew', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay({ stream: true, timeoutMs: 900 });
    for (const part of ['a', 'b', 'c']) {
      bus.partial(link, part);
      bus.pass(899);
    }
    bus.final(link, 'end');
    expect(bus.partials.get(call)).toEqual(['a', 'b', 'c']);
    expect(bus.reply(call)).toEqual(['end']);
  });

  test('one that stops says so', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay({ stream: true, timeoutMs: 900 });
    bus.partial(link, 'a');
    bus.pass(900);
    expect(bus.error(call)?.message).toBe(
      'No reply from echo within 900 ms: the stream stopped before its end.',
    );
    expect(link.closed).toBe(true);
  });

  test('before the first PARTIAL it is sent again, after it never', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay({ stream: true });
    bus.lost(link);
    bus.pass(100);
    const second = bus.opened(bus.last);
    expect(second.sent).toHaveLength(1);
    bus.partial(second, 'a');
    bus.lost(second);
    expect(bus.error(call)).toMatchObject({ code: 'CONNECTION_LOST', retryable: true });
    expect(bus.error(call)?.message).toMatch(/part of its reply had been read\.$/);
  });

  test('a reader that is behind pauses the socket and stops the clock, until it has caught up', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay({ stream: true, timeoutMs: 900 });
    bus.keepsUp = false;
    bus.partial(link, 'a');
    expect(link.paused).toBe(true);
    expect(bus.core.nextWakeAt(bus.now)).toBe(Infinity);
    bus.pass(1_000_000);
    bus.resume(call);
    expect(link.paused).toBe(false);
    bus.resume(call);
    bus.pass(899);
    expect(bus.outcomes.size).toBe(0);
    bus.pass(1);
    expect(bus.error(call)?.code).toBe('TIMEOUT');
  });

  test('a paused one ends like any other', () => {
    const bus = new Harness();
    bus.keepsUp = false;
    const [first, second, third] = [1, 2, 3].map(() => bus.underWay({ stream: true }));
    for (const { link } of [first!, second!, third!]) bus.partial(link, 'a');
    bus.lost(first!.link);
    bus.abort(second!.call);
    bus.core.close();
    expect([first, second, third].map((each) => bus.error(each!.call)?.code)).toEqual([
      'CONNECTION_LOST',
      'ABORTED',
      'CLOSED',
    ]);
    for (const { call } of [first!, second!, third!]) bus.resume(call);
    expect(bus.core.nextWakeAt(bus.now)).toBe(Infinity);
  });
});

describe('abort', () => {
  test('under way: the socket goes, for a late reply on it would be taken for another', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay();
    bus.abort(call, 'my reason');
    expect(link.closed).toBe(true);
    expect(bus.error(call)).toMatchObject({ code: 'ABORTED', cause: 'my reason', retryable: false });
    bus.abort(call);
    expect(bus.outcomes.size).toBe(1);
  });

  test('waiting: nothing is sent', () => {
    const bus = new Harness({ socketsMax: 1 });
    const { link } = bus.underWay();
    const waiting = bus.submit();
    const next = bus.submit();
    bus.abort(waiting);
    bus.final(link, 'one');
    bus.final(link, 'two');
    expect(bus.reply(next)).toEqual(['two']);
    expect(link.sent).toHaveLength(2);
  });

  test('a waiting call takes the place of one that was aborted', () => {
    const bus = new Harness({ socketsMax: 1 });
    const { call } = bus.underWay();
    const waiting = bus.submit();
    bus.abort(call);
    bus.final(bus.opened(bus.last), 'x');
    expect(bus.reply(waiting)).toEqual(['x']);
  });
});

describe('what a broker should not send', () => {
  const unasked = reply('final', ['?']);
  const strange = reply('final', ['?'], { service: 'other' });

  test('a reply of another service: the socket is closed and the call sent again', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay();
    bus.receive(link, strange);
    expect(link.closed).toBe(true);
    expect(bus.events).toContain(`rejected ${A}: a reply of other to a request to echo`);
    bus.pass(100);
    bus.final(bus.opened(bus.last), 'x');
    expect(bus.reply(call)).toEqual(['x']);
  });

  test('a message that is not understood: the same', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay();
    bus.core.refused(link.id, { detail: 'header 0x00' }, bus.now);
    expect(link.closed).toBe(true);
    bus.pass(100);
    bus.final(bus.opened(bus.last), 'x');
    expect(bus.reply(call)).toEqual(['x']);
  });

  test('a reply that nobody asked for: the socket is closed', () => {
    const bus = new Harness();
    const { link } = bus.underWay();
    bus.final(link, 'x');
    bus.final(link, 'y');
    expect(link.closed).toBe(true);
    expect(bus.events).toContain(`rejected ${A}: a final that nobody asked for`);
    const opening = bus.submit();
    bus.pass(100);
    bus.receive(bus.last, unasked);
    expect(bus.last.closed).toBe(true);
    expect(bus.outcomes.has(opening)).toBe(false);
  });

  test('a broker that does nothing else is not asked again and again', () => {
    const bus = new Harness();
    const call = bus.submit({ timeoutMs: 10_000 });
    for (let n = 0; n < 5; n++) {
      bus.opened(bus.last);
      const before = bus.links.length;
      bus.receive(bus.last, strange);
      expect(bus.links).toHaveLength(before);
      bus.pass(5_000);
    }
    expect(bus.error(call)?.code).toMatch(/^(CONNECTION_LOST|TIMEOUT)$/);
    expect(bus.links.length).toBeLessThanOrEqual(5);
  });

  test('idempotent: false is not sent again for it', () => {
    const bus = new Harness();
    const { call, link } = bus.underWay({ idempotent: false });
    bus.receive(link, strange);
    expect(bus.error(call)?.code).toBe('CONNECTION_LOST');
  });
});

describe('bounds', () => {
  test('one call too many is refused, and taken once another has ended', () => {
    const bus = new Harness({ pendingMax: 2 });
    bus.submit();
    const { link } = bus.underWay();
    expect(() => bus.submit()).toThrow(
      expect.objectContaining({
        code: 'QUEUE_FULL',
        retryable: true,
        message: '2 requests are pending already (pendingMax).',
      }),
    );
    bus.final(link, 'x');
    bus.submit();
    expect(bus.core.pending).toBe(2);
  });

  test('where no broker can be reached, a full queue says that too', () => {
    const bus = new Harness({ pendingMax: 1 });
    bus.submit();
    bus.lost(bus.last, 'connection refused');
    expect(() => bus.submit()).toThrow(
      `1 requests are pending already (pendingMax): no broker reachable for 0 ms (${A}: connection refused).`,
    );
  });

  const limits = { framesMax: 8, frameBytesMax: 100, messageBytesMax: 250 };

  test.each([
    ['frames', Array.from({ length: 6 }, () => bytes(1))],
    ['bytes in one frame', [bytes(101)]],
    ['bytes in all', [bytes(90), bytes(90), bytes(60)]],
  ])('a body of too many %s is refused before anything is sent', (_, body) => {
    const bus = new Harness({ limits });
    expect(() => bus.submit({ body: new Body(body) })).toThrow(
      expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }),
    );
    expect(bus.core.pending).toBe(0);
    expect(bus.links).toEqual([]);
  });

  test('a body that fits with its envelope is taken', () => {
    const bus = new Harness({ limits });
    bus.submit({ body: new Body([bytes(100), bytes(100), bytes(39), bytes(0), bytes(0)]) });
    expect(bus.core.pending).toBe(1);
  });

  test.each([
    ['frames', () => [bytes(0), bytes(0), bytes(0), bytes(0)]],
    ['bytes', () => [bytes(100)]],
  ])('PARTIALs of too many %s end the call and its socket', (_, part) => {
    const bus = new Harness({ limits });
    const { call, link } = bus.underWay();
    for (let n = 0; n < 3; n++) bus.receive(link, reply('partial', part()));
    expect(bus.error(call)?.code).toBe('MESSAGE_TOO_LARGE');
    expect(bus.error(call)?.message).toContain('Use stream().');
    expect(link.closed).toBe(true);
  });

  test('the FINAL counts too', () => {
    const bus = new Harness({ limits });
    const { call, link } = bus.underWay();
    bus.receive(link, reply('partial', [bytes(150)]));
    bus.receive(link, reply('final', [bytes(150)]));
    expect(bus.error(call)?.code).toBe('MESSAGE_TOO_LARGE');
  });

  test('a stream has no such bound', () => {
    const bus = new Harness({ limits });
    const { call, link } = bus.underWay({ stream: true });
    for (let n = 0; n < 10; n++) {
      bus.receive(link, reply('partial', [bytes(300)]));
    }
    bus.final(link, 'end');
    expect(bus.reply(call)).toEqual(['end']);
  });
});

describe('time', () => {
  test('a call that waits for a socket ends in time, and says what it waited for', () => {
    const bus = new Harness({ socketsMax: 1 });
    bus.underWay({ timeoutMs: 60_000, retries: 0 });
    const waiting = bus.submit({ timeoutMs: 500 });
    bus.pass(500);
    expect(bus.error(waiting)?.message).toBe(
      'No reply from echo within 500 ms: every socket was taken (socketsMax 1).',
    );
  });

  test('a call whose connection does not come to stand says so', () => {
    const bus = new Harness();
    bus.underWay({ timeoutMs: 60_000, retries: 0 });
    const waiting = bus.submit({ timeoutMs: 500 });
    bus.pass(500);
    expect(bus.error(waiting)?.message).toBe(
      'No reply from echo within 500 ms: no connection stood in time.',
    );
  });

  test('a clock that jumps far ahead ends what is over, once', () => {
    const bus = new Harness({ socketsMax: 2 });
    const calls = Array.from({ length: 5 }, () => bus.submit());
    bus.opened(bus.last);
    bus.now += 1_000_000;
    bus.core.tick(bus.now);
    expect(calls.map((call) => bus.error(call)?.code)).toEqual(Array(5).fill('TIMEOUT'));
    expect(bus.core.pending).toBe(0);
    bus.pass(1_000_000);
    expect(bus.core.sockets).toBeLessThanOrEqual(1);
  });

  test('with nothing under way there is nothing to wake for', () => {
    const bus = new Harness();
    expect(bus.core.nextWakeAt(bus.now)).toBe(Infinity);
    const { link } = bus.underWay();
    expect(bus.core.nextWakeAt(bus.now)).toBe(bus.now + 300);
    bus.final(link, 'x');
    expect(bus.core.nextWakeAt(bus.now)).toBe(bus.now + 30_000);
    bus.pass(30_000);
    expect(bus.core.nextWakeAt(bus.now)).toBe(Infinity);
    expect(bus.core.sockets).toBe(0);
  });

  test('a broker that is down is waited for only where a call waits for it', () => {
    const bus = new Harness();
    const call = bus.submit();
    bus.lost(bus.last, 'connection refused');
    expect(bus.core.nextWakeAt(bus.now)).toBe(bus.now + 100);
    bus.abort(call);
    expect(bus.core.nextWakeAt(bus.now)).toBe(Infinity);
  });
});

describe('close', () => {
  test('rejects what is pending, closes every socket and takes nothing more', () => {
    const bus = new Harness({ socketsMax: 2 });
    const { call: sent } = bus.underWay();
    const [opening, waiting] = [bus.submit(), bus.submit()];
    bus.core.close();
    for (const call of [sent, opening, waiting]) expect(bus.error(call)?.code).toBe('CLOSED');
    expect(bus.open).toEqual([]);
    expect(bus.core.pending).toBe(0);
    expect(bus.core.sockets).toBe(0);
    expect(bus.core.nextWakeAt(bus.now)).toBe(Infinity);
    expect(() => bus.submit()).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    bus.core.close();
  });

  test('what the links still report changes nothing', () => {
    const bus = new Harness();
    const { link } = bus.underWay();
    bus.core.close();
    bus.core.linkOpened(link.id, bus.now);
    bus.final(link, 'x');
    bus.core.refused(link.id, { detail: '?' }, bus.now);
    bus.core.linkClosed(link.id, 'closed', bus.now);
    bus.core.tick(bus.now + 1_000_000);
    expect(bus.links).toHaveLength(1);
    expect(bus.outcomes.size).toBe(1);
    expect(bus.events).toEqual([`up ${A}`]);
  });
});

test('the limits of a client hold in full by default', () => {
  const bus = new Harness();
  const empties = (count: number) => new Body(Array.from({ length: count }, () => bytes(0)));
  bus.submit({ body: empties(DEFAULT_LIMITS.framesMax - 3) });
  expect(() => bus.submit({ body: empties(DEFAULT_LIMITS.framesMax - 2) })).toThrow(
    expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }),
  );
});
