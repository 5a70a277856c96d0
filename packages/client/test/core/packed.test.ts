import {
  Body,
  CAN_PROVE,
  DEFAULT_LIMITS,
  HEARTBEAT,
  Metadata,
  type BrokerToClient,
  type Challenge,
  type ClientToBroker,
} from '@majordomo/protocol';
import type { ClientCoreSettings } from '../../src/core/client-core';
import { A, B, failure, Harness, reply, welcome, type CallOptions, type OpenedLink } from './harness';

const DRAINING: BrokerToClient = { kind: 'draining' };
const DISCONNECT: BrokerToClient = { kind: 'disconnect' };

/** A core that is told that its brokers are packed. */
const packed = (settings: Partial<ClientCoreSettings> = {}) =>
  new Harness({ protocol: 'packed', ...settings });

/** The connection of a link stands, and its broker answers HELLO. */
function greeted(bus: Harness, link: OpenedLink, more: Parameters<typeof welcome>[0] = {}): OpenedLink {
  bus.opened(link);
  bus.receive(link, welcome(more));
  return link;
}

/** A call on a session that stands. */
function underWay(bus: Harness, request: CallOptions = {}): { call: number; link: OpenedLink; id: number } {
  const call = bus.submit(request);
  const opening = bus.open.filter(({ sent }) => sent.length === 0);
  for (const link of opening) greeted(bus, link);
  const link = bus.open.find((each) => bus.requests(each).length > 0)!;
  return { call, link, id: lastId(bus, link) };
}

const lastId = (bus: Harness, link: OpenedLink): number => bus.requests(link).at(-1)!.id;
const final = (id: number, text: string) => reply('final', [text], { id, service: '' });
const partial = (id: number, text: string) => reply('partial', [text], { id, service: '' });
const sentOf = <Kind extends ClientToBroker['kind']>(link: OpenedLink, kind: Kind) =>
  link.sent.filter((command): command is Extract<ClientToBroker, { kind: Kind }> => command.kind === kind);

describe('a session', () => {
  test('begins with HELLO, and carries nothing before WELCOME', () => {
    const bus = packed({ heartbeatMs: 1_234 });
    const call = bus.submit();
    expect(bus.last.speak).toBe('packed');
    bus.opened(bus.last);
    expect(bus.last.sent).toEqual([
      { kind: 'hello', revision: 1, heartbeatMs: 1_234, capabilities: 0, metadata: expect.any(Metadata) },
    ]);
    expect(bus.events).toEqual([]);
    bus.receive(bus.last, welcome());
    expect(bus.events).toEqual([`up ${A}`]);
    const [request] = bus.requests(bus.last);
    expect(request).toMatchObject({
      service: 'echo',
      remainingMs: 900,
      priority: 4,
      failFast: false,
      window: 1_024,
    });
    bus.receive(bus.last, final(request!.id, 'x'));
    expect(bus.reply(call)).toEqual(['x']);
    expect([bus.core.pending, bus.core.sockets]).toEqual([0, 1]);
  });

  test('carries many calls at once, answered in any order', () => {
    const bus = packed();
    const calls = Array.from({ length: 50 }, () => bus.submit());
    greeted(bus, bus.last);
    expect(bus.links).toHaveLength(1);
    const ids = bus.requests(bus.last).map(({ id }) => id);
    expect(new Set(ids).size).toBe(50);
    bus.receive(bus.last, ...[...ids].reverse().map((id) => final(id, String(id))));
    expect(calls.map((call) => bus.reply(call))).toEqual(ids.map((id) => [String(id)]));
  });

  test('no WELCOME in time: the connection failed, and says why', () => {
    const bus = packed({ connectTimeoutMs: 700 });
    const call = bus.submit({ timeoutMs: 900 });
    bus.pass(100);
    bus.opened(bus.last);
    bus.pass(699);
    expect(bus.last.closed).toBe(false);
    bus.pass(1);
    expect(bus.links[0]!.closed).toBe(true);
    bus.pass(100);
    expect(bus.error(call)?.message).toBe(
      `No reply from echo within 900 ms: no broker reachable for 100 ms (${A}: the broker does not answer in the packed dialect).`,
    );
  });

  test('both sides are heard: heartbeats go out when nothing else did', () => {
    const bus = packed();
    const { link, id } = underWay(bus);
    bus.receive(link, final(id, 'x'));
    bus.pass(999);
    expect(sentOf(link, 'heartbeat')).toHaveLength(0);
    bus.pass(1);
    expect(sentOf(link, 'heartbeat')).toHaveLength(1);
    bus.receive(link, HEARTBEAT);
    bus.pass(500);
    bus.submit({ timeoutMs: 60_000 });
    bus.pass(999);
    expect(sentOf(link, 'heartbeat')).toHaveLength(1);
    bus.receive(link, HEARTBEAT);
    bus.pass(1);
    expect(sentOf(link, 'heartbeat')).toHaveLength(2);
  });

  test('a broker that is silent for too long is lost', () => {
    const bus = packed({ liveness: 3 });
    const { call, link } = underWay(bus, { timeoutMs: 60_000 });
    bus.pass(2_999);
    expect(link.closed).toBe(false);
    bus.pass(1);
    expect(link.closed).toBe(true);
    expect(bus.events.at(-1)).toBe(`down ${A}: the broker was silent for 3000 ms`);
    bus.pass(100);
    const next = greeted(bus, bus.last);
    bus.receive(next, final(lastId(bus, next), 'x'));
    expect(bus.reply(call)).toEqual(['x']);
  });

  test('time in which this process did not run is nobody’s silence', () => {
    const bus = packed({ liveness: 3 });
    const { link } = underWay(bus, { timeoutMs: 600_000 });
    bus.now += 100_000;
    bus.core.tick(bus.now);
    expect(link.closed).toBe(false);
    bus.pass(2_000);
    expect(link.closed).toBe(true);
  });

  test('is kept while it is idle', () => {
    const bus = packed({ idleSocketMs: 5_000 });
    const { link, id } = underWay(bus);
    bus.receive(link, final(id, 'x'));
    for (let n = 0; n < 100; n++) {
      bus.pass(900);
      bus.receive(link, HEARTBEAT);
    }
    expect(link.closed).toBe(false);
  });

  test.each([
    ['DISCONNECT', (bus: Harness, link: OpenedLink) => bus.receive(link, DISCONNECT)],
    ['a connection that closes', (bus: Harness, link: OpenedLink) => bus.lost(link)],
  ])('%s ends it: what was under way goes out again, with a new id', (_, end) => {
    const bus = packed();
    const { call, link, id } = underWay(bus);
    end(bus, link);
    expect(link.closed).toBe(true);
    bus.pass(100);
    const next = greeted(bus, bus.last);
    expect(lastId(bus, next)).not.toBe(id);
    bus.receive(next, final(lastId(bus, next), 'again'));
    expect(bus.reply(call)).toEqual(['again']);
  });
});

test('what stands behind DISCONNECT, or comes after it, is not acted upon', () => {
  const bus = packed();
  const { call, link, id } = underWay(bus);
  bus.receive(link, DISCONNECT, final(id, 'late'), DRAINING);
  bus.receive(link, DISCONNECT);
  bus.receive(link, final(id, 'later'));
  expect([link.closed, bus.outcomes.size]).toEqual([true, 0]);
  expect(bus.events).toEqual([`up ${A}`, expect.stringContaining(`down ${A}`)]);
  bus.pass(100);
  const next = greeted(bus, bus.last);
  bus.receive(next, final(lastId(bus, next), 'again'));
  expect(bus.reply(call)).toEqual(['again']);
});

test('a broker of a later revision, with capabilities of its own, is spoken to all the same', () => {
  const bus = packed();
  const call = bus.submit();
  greeted(bus, bus.last, { revision: 200, capabilities: 0xffff_ffff });
  bus.receive(bus.last, final(lastId(bus, bus.last), 'x'));
  expect(bus.reply(call)).toEqual(['x']);
});

describe('a broker that asks which key this is', () => {
  const challenge = { nonce: new Uint8Array(32).fill(7), routingId: Uint8Array.of(1, 2, 3) };
  const asking = { capabilities: CAN_PROVE, metadata: Metadata.challenge(challenge) };
  const proof = { kind: 'proof' as const, publicKey: new Uint8Array(32), mac: new Uint8Array(32) };

  test('gets the proof before anything else', () => {
    const asked: Challenge[] = [];
    const bus = packed({
      prove: (told) => {
        asked.push(told);
        return proof;
      },
    });
    const call = bus.submit();
    greeted(bus, bus.last, asking);
    expect(asked).toEqual([challenge]);
    expect(bus.last.sent.map(({ kind }) => kind)).toEqual(['hello', 'proof', 'request']);
    expect(sentOf(bus.last, 'hello')[0]?.capabilities).toBe(CAN_PROVE);
    bus.receive(bus.last, final(lastId(bus, bus.last), 'x'));
    expect(bus.reply(call)).toEqual(['x']);
  });

  test('and does not get one from a client without a key', () => {
    const bus = packed();
    bus.submit();
    greeted(bus, bus.last, asking);
    expect(bus.last.sent.map(({ kind }) => kind)).toEqual(['hello', 'request']);
  });

  test('but does not say what with is left', () => {
    const bus = packed({ prove: () => proof });
    bus.submit();
    const link = bus.last;
    greeted(bus, link, { capabilities: CAN_PROVE });
    expect(bus.events).toContainEqual(expect.stringContaining('asks for a proof'));
    expect(bus.requests(link)).toEqual([]);
  });

  test('and takes no other key: the calls fail at once, with its reason', () => {
    const bus = packed({ prove: () => proof });
    const call = bus.submit();
    greeted(bus, bus.last, asking);
    const reason = { code: 'UNAUTHORIZED', message: 'the policy does not have this key' };
    bus.receive(bus.last, { kind: 'disconnect', reason });
    expect(bus.error(call)).toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining('UNAUTHORIZED: the policy does not have this key'),
    });
  });

  test('and takes no other key is left to one that does', () => {
    const bus = packed({ brokers: [A, B] });
    const call = bus.submit();
    const [first, second] = bus.open as [OpenedLink, OpenedLink];
    bus.opened(first);
    bus.receive(first, { kind: 'disconnect', reason: { code: 'UNAUTHORIZED', message: 'no' } });
    greeted(bus, second);
    bus.receive(second, final(lastId(bus, second), 'x'));
    expect(bus.reply(call)).toEqual(['x']);
  });
});

describe('several brokers', () => {
  test('each has its session, and calls go to them in turn', () => {
    const bus = packed({ brokers: [A, B] });
    bus.submit();
    expect(bus.links.map(({ endpoint }) => endpoint)).toEqual([A, B]);
    for (const link of bus.open) greeted(bus, link);
    for (let n = 0; n < 9; n++) bus.submit();
    expect(bus.links.map((link) => bus.requests(link).length)).toEqual([5, 5]);
  });

  test('one that is lost: its calls go to the other at once, in their order', () => {
    const bus = packed({ brokers: [A, B] });
    bus.submit();
    for (const link of bus.open) greeted(bus, link);
    for (let n = 0; n < 6; n++) bus.submit({ service: `s${n}` });
    const [one, two] = bus.links;
    const moved = bus.requests(one!).map(({ service }) => service);
    const before = bus.requests(two!).length;
    bus.lost(one!);
    expect(
      bus
        .requests(two!)
        .slice(before)
        .map(({ service }) => service),
    ).toEqual(moved);
    bus.pass(100);
    expect(bus.last.endpoint).toBe(A);
  });

  test('one that comes back gets its session again under steady load', () => {
    const bus = packed({ brokers: [A, B] });
    bus.submit({ timeoutMs: 60_000 });
    const [one, two] = bus.links;
    bus.lost(one!, 'connection refused');
    greeted(bus, two!);
    bus.pass(100);
    expect(bus.last.endpoint).toBe(A);
    greeted(bus, bus.last);
    bus.submit();
    bus.submit();
    expect(bus.requests(bus.last)).toHaveLength(1);
  });

  test('one that left a call without any reply is avoided for a while, until it answers', () => {
    const bus = packed({ brokers: [A, B], suspectMs: 1_500 });
    bus.submit();
    for (const link of bus.open) greeted(bus, link);
    const silent = bus.links.find((link) => bus.requests(link).length === 1)!;
    bus.pass(950);
    const before = bus.requests(silent).length;
    for (let n = 0; n < 4; n++) bus.submit({ timeoutMs: 60_000 });
    expect(bus.requests(silent)).toHaveLength(before);
    bus.pass(1_500);
    for (let n = 0; n < 4; n++) bus.submit({ timeoutMs: 60_000 });
    expect(bus.requests(silent)).toHaveLength(before + 2);
  });

  test('its late reply shows that it lives', () => {
    const bus = packed({ brokers: [A, B] });
    bus.submit();
    for (const link of bus.open) greeted(bus, link);
    const slow = bus.links.find((link) => bus.requests(link).length === 1)!;
    bus.pass(950);
    bus.receive(slow, final(lastId(bus, slow), 'late'));
    for (let n = 0; n < 4; n++) bus.submit();
    expect(bus.requests(slow)).toHaveLength(3);
  });
});

describe('sending again', () => {
  test('not for silence, however long, while the broker lives', () => {
    const bus = packed();
    const { call, link } = underWay(bus, { timeoutMs: 900, retries: 2 });
    bus.pass(949);
    expect(bus.requests(link)).toHaveLength(1);
    expect(bus.error(call)).toBeUndefined();
    bus.pass(1);
    expect(bus.error(call)).toMatchObject({
      code: 'TIMEOUT',
      message:
        'No reply from echo within 900 ms: sent once, no reply; ' +
        'a worker has it and was not done in time, or the broker was too slow to say otherwise.',
    });
    expect(sentOf(link, 'cancel')).toHaveLength(1);
    expect(link.closed).toBe(false);
  });

  test('at most `retries` times, each with what is left of the time', () => {
    const bus = packed();
    const call = bus.submit({ timeoutMs: 5_000, retries: 2 });
    const remaining: number[] = [];
    for (let sends = 0; sends < 3; sends++) {
      greeted(bus, bus.last);
      remaining.push(bus.requests(bus.last)[0]!.remainingMs);
      bus.lost(bus.last);
      bus.pass(1_000);
    }
    expect(remaining).toEqual([5_000, 4_900, 4_800].map((ms, n) => (n === 0 ? ms : expect.any(Number))));
    expect(remaining[2]).toBeLessThan(remaining[1]!);
    expect(bus.error(call)).toMatchObject({ code: 'CONNECTION_LOST', retryable: true });
    expect(bus.error(call)?.message).toMatch(/; 3 connections were lost with it\.$/);
  });

  test('with retries: 0 the loss of the connection is an error that says so', () => {
    const bus = packed();
    const call = bus.submit({ timeoutMs: 5_000, retries: 0 });
    greeted(bus, bus.last);
    bus.lost(bus.last);
    expect(bus.error(call)).toMatchObject({ code: 'CONNECTION_LOST', retryable: true });
    expect(bus.error(call)?.message).toMatch(/had been sent; it is not sent again \(retries: 0\)\.$/);
  });

  test('not once its time is up, though its end is not known yet', () => {
    const bus = packed({ brokers: [A, B] });
    const { call, link } = underWay(bus, { timeoutMs: 500 });
    bus.pass(530);
    bus.lost(link);
    expect(bus.error(call)).toMatchObject({
      code: 'TIMEOUT',
      message: `No reply from echo within 500 ms: sent once, no reply; the connection to ${link.endpoint} was lost (connection closed).`,
    });
    expect(bus.open.flatMap((each) => bus.requests(each))).toEqual([]);
  });

  test('not for a refusal that comes once its time is up', () => {
    const bus = packed({ brokers: [A, B] });
    const { call, link, id } = underWay(bus, { timeoutMs: 500 });
    bus.pass(530);
    bus.receive(link, failure(id, 'BROKER_DRAINING', { retryable: true }));
    expect(bus.error(call)?.code).toBe('BROKER_DRAINING');
  });

  test('idempotent: false: never', () => {
    const bus = packed();
    const { call, link } = underWay(bus, { idempotent: false });
    bus.lost(link);
    expect(bus.error(call)).toMatchObject({ code: 'CONNECTION_LOST', retryable: false });
  });

  test('a stream of which something was read: never', () => {
    const bus = packed();
    const { call, link, id } = underWay(bus, { stream: true });
    bus.receive(link, partial(id, 'a'));
    bus.lost(link);
    expect(bus.error(call)?.message).toMatch(/part of its reply had been read\.$/);
  });

  test('its worker was lost in the middle of the reply: once more from the start, where nobody has read it', () => {
    const brokeOff = (id: number) => failure(id, 'ATTEMPTS_EXHAUSTED', { retryable: true });
    const bus = packed();
    const { call, link, id } = underWay(bus, { retries: 1 });
    bus.receive(link, partial(id, 'a'), brokeOff(id));
    const again = lastId(bus, link);
    expect(again).not.toBe(id);
    bus.receive(link, partial(again, 'b'), brokeOff(again));
    expect(bus.error(call)).toMatchObject({ code: 'ATTEMPTS_EXHAUSTED', retryable: true });
    const stream = underWay(bus, { retries: 1, stream: true });
    bus.receive(stream.link, partial(stream.id, 'a'), brokeOff(stream.id));
    expect(bus.error(stream.call)).toMatchObject({ code: 'ATTEMPTS_EXHAUSTED' });
  });

  test('what was gathered before is forgotten', () => {
    const bus = packed();
    const { call, link, id } = underWay(bus);
    bus.receive(link, partial(id, 'a'));
    bus.lost(link);
    bus.pass(100);
    const next = greeted(bus, bus.last);
    const again = lastId(bus, next);
    bus.receive(next, partial(again, 'a'), final(again, 'b'));
    expect(bus.reply(call)).toEqual(['a', 'b']);
  });
});

describe('failures', () => {
  test.each([
    ['QUEUE_FULL', 'QueueFullError', 'QUEUE_FULL', true],
    ['NO_WORKER', 'NoWorkerError', 'NO_WORKER', true],
    ['EXPIRED', 'ExpiredError', 'EXPIRED', true],
    ['CANCELLED', 'CancelledError', 'CANCELLED', false],
    ['ATTEMPTS_EXHAUSTED', 'MajordomoError', 'ATTEMPTS_EXHAUSTED', false],
    ['STREAM_OVERFLOW', 'MajordomoError', 'STREAM_OVERFLOW', false],
  ] as const)('%s of the broker is a %s', (code, name, expected, retryable) => {
    const bus = packed();
    const { call, link, id } = underWay(bus);
    bus.receive(link, failure(id, code, { retryable, message: 'for a reason' }));
    expect(bus.error(call)).toMatchObject({
      name,
      code: expected,
      retryable,
      message: 'The request to echo failed: for a reason.',
    });
    expect(link.closed).toBe(false);
  });

  test('a code that nobody knows here is told in words', () => {
    const bus = packed();
    const { call, link, id } = underWay(bus);
    bus.receive(link, failure(id, 'OUT_OF_PAPER', { message: 'load tray 2' }));
    expect(bus.error(call)).toMatchObject({
      code: 'FAILED',
      message: 'The request to echo failed (OUT_OF_PAPER): load tray 2.',
    });
  });

  test('those of the worker carry its code and its words', () => {
    const bus = packed();
    const { call, link, id } = underWay(bus);
    bus.receive(link, failure(id, 'QUEUE_FULL', { origin: 'worker', message: 'mine', retryable: true }));
    expect(bus.error(call)).toMatchObject({
      name: 'WorkerFailedError',
      code: 'WORKER_FAILED',
      workerCode: 'QUEUE_FULL',
      message: 'mine',
      retryable: true,
    });
  });
});

describe('a broker that is draining', () => {
  test('gets no new calls, ends those it has, and is left', () => {
    const bus = packed({ brokers: [A, B] });
    bus.submit();
    for (const link of bus.open) greeted(bus, link);
    bus.submit();
    const [one, two] = bus.links;
    const id = lastId(bus, one!);
    bus.receive(one!, DRAINING);
    for (let n = 0; n < 4; n++) bus.submit();
    expect(bus.requests(one!)).toHaveLength(1);
    expect(bus.requests(two!)).toHaveLength(5);
    expect(one!.closed).toBe(false);
    bus.receive(one!, final(id, 'last'));
    expect(one!.closed).toBe(true);
    expect(bus.events.at(-1)).toBe(`down ${A}: the broker is draining`);
    bus.pass(1_000);
    expect(bus.last.endpoint).toBe(A);
  });

  test('with nothing in hand it is left at once', () => {
    const bus = packed();
    const { link, id } = underWay(bus);
    bus.receive(link, final(id, 'x'), DRAINING);
    expect(link.closed).toBe(true);
  });

  test('the last of its calls may end by being given up', () => {
    const bus = packed();
    const { call, link } = underWay(bus);
    bus.receive(link, DRAINING);
    bus.abort(call);
    expect(sentOf(link, 'cancel')).toHaveLength(1);
    expect(link.closed).toBe(true);
  });

  test('BROKER_DRAINING: an idempotent call goes to the other', () => {
    const bus = packed({ brokers: [A, B] });
    const call = bus.submit();
    for (const link of bus.open) greeted(bus, link);
    const refusing = bus.links.find((link) => bus.requests(link).length > 0)!;
    const other = bus.links.find((link) => link !== refusing)!;
    bus.receive(refusing, failure(lastId(bus, refusing), 'BROKER_DRAINING', { retryable: true }));
    bus.receive(other, final(lastId(bus, other), 'x'));
    expect(bus.reply(call)).toEqual(['x']);
    expect(refusing.closed).toBe(true);
  });

  test('BROKER_DRAINING: or later to the same, when it is back', () => {
    const bus = packed();
    const { call, link, id } = underWay(bus, { timeoutMs: 5_000 });
    bus.receive(link, failure(id, 'BROKER_DRAINING', { retryable: true }));
    bus.pass(100);
    const next = greeted(bus, bus.last);
    bus.receive(next, final(lastId(bus, next), 'x'));
    expect(bus.reply(call)).toEqual(['x']);
  });

  test('BROKER_DRAINING: what may be done once only is sent on where no worker was given it', () => {
    const bus = packed({ brokers: [A, B] });
    const call = bus.submit({ idempotent: false });
    for (const link of bus.open) greeted(bus, link);
    const refusing = bus.links.find((link) => bus.requests(link).length > 0)!;
    const other = bus.links.find((link) => link !== refusing)!;
    bus.receive(refusing, failure(lastId(bus, refusing), 'BROKER_DRAINING', { retryable: true }));
    bus.receive(other, final(lastId(bus, other), 'x'));
    expect(bus.reply(call)).toEqual(['x']);
  });

  test.each([
    ['a worker may have done it', { idempotent: false }, false],
    ['its retries are none', { idempotent: false, retries: 0 }, true],
    ['its retries are none, though it is idempotent', { retries: 0 }, true],
  ])('BROKER_DRAINING: a call learns it at once where %s', (_why, options, retryable) => {
    const bus = packed({ brokers: [A, B] });
    const { call, link, id } = underWay(bus, options);
    bus.receive(link, failure(id, 'BROKER_DRAINING', { retryable }));
    expect(bus.error(call)).toMatchObject({ code: 'BROKER_DRAINING', retryable });
  });

  test('BROKER_DRAINING: what may be done once only is refused no more often than its retries say', () => {
    const bus = packed({ brokers: [A, B] });
    const call = bus.submit({ idempotent: false, retries: 1 });
    for (const link of bus.open) greeted(bus, link);
    for (const link of [...bus.links].sort(
      (one, two) => bus.requests(two).length - bus.requests(one).length,
    )) {
      bus.receive(link, failure(lastId(bus, link), 'BROKER_DRAINING', { retryable: true }));
    }
    expect(bus.error(call)).toMatchObject({ code: 'BROKER_DRAINING' });
  });
});

describe('a worker that is lost in the middle of a reply', () => {
  const lost = { retryable: true };

  test('a call that gathers goes again, and its reply holds nothing of the first', () => {
    const bus = packed();
    const { call, link, id } = underWay(bus);
    bus.receive(link, partial(id, 'old'), failure(id, 'ATTEMPTS_EXHAUSTED', lost));
    const again = lastId(bus, link);
    expect(again).not.toBe(id);
    bus.receive(link, partial(again, 'new'), final(again, 'end'));
    expect(bus.reply(call)).toEqual(['new', 'end']);
  });

  test.each([
    ['may be done once only', { idempotent: false }],
    ['has no retries', { retries: 0 }],
  ])('a call that gathers fails where it %s', (_what, options) => {
    const bus = packed();
    const { call, link, id } = underWay(bus, options);
    bus.receive(link, partial(id, 'old'), failure(id, 'ATTEMPTS_EXHAUSTED', lost));
    expect(bus.error(call)).toMatchObject({ code: 'ATTEMPTS_EXHAUSTED', retryable: true });
  });

  test('a stream that was read from fails, and is not sent again', () => {
    const bus = packed();
    const { call, link, id } = underWay(bus, { stream: true });
    bus.receive(link, partial(id, 'old'), failure(id, 'ATTEMPTS_EXHAUSTED', lost));
    expect(bus.error(call)).toMatchObject({ code: 'ATTEMPTS_EXHAUSTED', retryable: true });
    expect(bus.requests(link)).toHaveLength(1);
  });

  test('a call whose attempts are used up is not sent again', () => {
    const bus = packed();
    const { call, link, id } = underWay(bus);
    bus.receive(link, failure(id, 'ATTEMPTS_EXHAUSTED'));
    expect(bus.error(call)).toMatchObject({ code: 'ATTEMPTS_EXHAUSTED', retryable: false });
  });
});

describe('cancellation', () => {
  test('the broker is told, and what crosses it is ignored', () => {
    const bus = packed();
    const { call, link, id } = underWay(bus);
    bus.abort(call, 'enough');
    expect(bus.error(call)).toMatchObject({ name: 'AbortError', code: 'ABORTED', cause: 'enough' });
    expect(sentOf(link, 'cancel')).toEqual([{ kind: 'cancel', id }]);
    const next = bus.submit();
    bus.receive(link, partial(id, 'late'), final(id, 'late'), failure(id, 'CANCELLED'));
    bus.receive(link, final(lastId(bus, link), 'mine'));
    expect(bus.reply(next)).toEqual(['mine']);
    expect([link.closed, bus.events]).toEqual([false, [`up ${A}`]]);
  });

  test('before it was sent nobody is told', () => {
    const bus = packed();
    const call = bus.submit();
    bus.abort(call);
    greeted(bus, bus.last);
    expect(bus.last.sent.map(({ kind }) => kind)).toEqual(['hello']);
  });

  test('the deadline: a request that was not sent has no grace', () => {
    const bus = packed();
    const call = bus.submit({ timeoutMs: 500 });
    bus.pass(500);
    expect(bus.error(call)?.code).toBe('TIMEOUT');
  });

  test('what a busy process did not end in time is not sent either', () => {
    const bus = packed();
    const call = bus.submit({ timeoutMs: 500 });
    bus.now += 600;
    greeted(bus, bus.last);
    expect(bus.error(call)?.code).toBe('TIMEOUT');
    expect(bus.requests(bus.last)).toEqual([]);
  });

  test('an EXPIRED that comes within the grace says more than a timeout', () => {
    const bus = packed();
    const { call, link, id } = underWay(bus, { timeoutMs: 500 });
    bus.pass(530);
    bus.receive(link, failure(id, 'EXPIRED', { retryable: true }));
    expect(bus.error(call)?.code).toBe('EXPIRED');
  });
});

describe('streams', () => {
  test('have the window that their reader has room for, and no deadline but the next message’s', () => {
    const bus = packed({ streamBufferMax: 4 });
    const { call, link, id } = underWay(bus, { stream: true, timeoutMs: 500 });
    expect(bus.requests(link)[0]).toMatchObject({ window: 4, remainingMs: 0 });
    for (const text of ['a', 'b']) {
      bus.pass(499);
      bus.receive(link, partial(id, text));
      expect(sentOf(link, 'window')).toEqual([]);
      bus.taken(call);
    }
    expect(sentOf(link, 'window')).toEqual([{ kind: 'window', id, more: 2 }]);
    bus.pass(500);
    expect(bus.error(call)?.message).toMatch(/the stream stopped before its end\.$/);
    expect(sentOf(link, 'cancel')).toEqual([{ kind: 'cancel', id }]);
  });

  test('a reader that is behind stops the clock, not the socket', () => {
    const bus = packed({ streamBufferMax: 2 });
    const { call, link, id } = underWay(bus, { stream: true, timeoutMs: 500 });
    bus.keepsUp = false;
    bus.receive(link, partial(id, 'a'), partial(id, 'b'));
    for (let n = 0; n < 10; n++) {
      bus.pass(900);
      bus.receive(link, HEARTBEAT);
    }
    expect(bus.outcomes.size).toBe(0);
    bus.taken(call);
    bus.keepsUp = true;
    bus.resume(call);
    bus.pass(499);
    expect(link.paused).toBe(false);
    bus.receive(link, final(id, 'end'));
    expect(bus.reply(call)).toEqual(['end']);
  });

  test('more PARTIALs than the window: the session cannot be trusted', () => {
    const bus = packed({ streamBufferMax: 2 });
    const { call, link, id } = underWay(bus, { stream: true });
    bus.receive(link, ...['a', 'b', 'c'].map((text) => partial(id, text)));
    expect(link.closed).toBe(true);
    expect(bus.events).toContain(`rejected ${A}: more PARTIALs of request ${id} than its window`);
    expect(bus.partials.get(call)).toEqual(['a', 'b']);
  });

  test('a request that is no stream gathers, and grants as it does', () => {
    const bus = packed();
    const { call, link, id } = underWay(bus);
    for (let n = 0; n < 2; n++) {
      bus.receive(link, ...Array.from({ length: 511 }, () => partial(id, 'x')));
      expect(sentOf(link, 'window')).toHaveLength(n);
      bus.receive(link, partial(id, 'x'));
      expect(sentOf(link, 'window')).toHaveLength(n + 1);
    }
    expect(sentOf(link, 'window').map(({ more }) => more)).toEqual([512, 512]);
    bus.abort(call);
  });

  test('PARTIALs that are more than one reply may hold: cancelled', () => {
    const bus = packed({ limits: { ...DEFAULT_LIMITS, framesMax: 3 } });
    const { call, link, id } = underWay(bus);
    bus.receive(link, ...['a', 'b', 'c', 'd'].map((text) => partial(id, text)));
    expect(bus.error(call)?.code).toBe('MESSAGE_TOO_LARGE');
    expect(sentOf(link, 'cancel')).toEqual([{ kind: 'cancel', id }]);
    expect(link.closed).toBe(false);
  });
});

describe('what a broker should not send', () => {
  test.each<[string, BrokerToClient, string]>([
    ['a reply that nobody can have asked for', final(77, '?'), 'a final of request 77'],
    ['a failure that nobody can have asked for', failure(77, 'EXPIRED'), 'a failure of request 77'],
    ['a second WELCOME', welcome(), 'a second WELCOME'],
  ])('%s: the session is closed and its calls sent again', (_, command, detail) => {
    const bus = packed();
    const { call, link } = underWay(bus);
    bus.receive(link, command);
    expect(link.closed).toBe(true);
    expect(bus.events).toContainEqual(expect.stringContaining(`rejected ${A}: ${detail}`));
    bus.pass(100);
    const next = greeted(bus, bus.last);
    bus.receive(next, final(lastId(bus, next), 'x'));
    expect(bus.reply(call)).toEqual(['x']);
  });

  test.each<[BrokerToClient]>([[final(1, '?')], [HEARTBEAT]])('before WELCOME: %j', (command) => {
    const bus = packed();
    bus.submit();
    bus.opened(bus.last);
    bus.receive(bus.last, command);
    expect(bus.last.closed).toBe(true);
    expect(bus.events).toEqual([
      `rejected ${A}: a ${command.kind} before WELCOME`,
      `down ${A}: a ${command.kind} before WELCOME`,
    ]);
  });

  test('a reply on another connection than that of its call', () => {
    const bus = packed({ brokers: [A, B] });
    bus.submit();
    for (const link of bus.open) greeted(bus, link);
    const asked = bus.links.find((link) => bus.requests(link).length > 0)!;
    const other = bus.links.find((link) => link !== asked)!;
    bus.receive(other, final(lastId(bus, asked), '?'));
    expect([other.closed, asked.closed, bus.outcomes.size]).toEqual([true, false, 0]);
  });
});

describe('limits', () => {
  const small = { framesMax: 100, frameBytesMax: 50, messageBytesMax: 50 };

  test('a body beyond those of the broker is refused and never sent', () => {
    const bus = packed();
    const call = bus.submit({ body: new Body([new Uint8Array(51)]) });
    const fits = bus.submit({ body: new Body([new Uint8Array(50)]) });
    const link = greeted(bus, bus.last, small);
    expect(bus.error(call)?.message).toBe(
      `A request to echo by way of ${A} of 51 bytes: at most 50 (limits).`,
    );
    expect(bus.requests(link)).toHaveLength(1);
    bus.receive(link, final(lastId(bus, link), 'x'));
    expect(bus.reply(fits)).toEqual(['x']);
  });

  test('and so is one that is asked for when the session stands', () => {
    const bus = packed();
    greeted(bus, (bus.submit(), bus.last), small);
    expect(bus.error(bus.submit({ body: Body.of('x'.repeat(51)) }))?.code).toBe('MESSAGE_TOO_LARGE');
  });
});

test('a session counts towards socketsMax', () => {
  const bus = packed({ brokers: [A, B], socketsMax: 1 });
  bus.submit();
  expect(bus.links).toHaveLength(1);
});

test('close rejects what is pending and closes every session', () => {
  const bus = packed({ brokers: [A, B] });
  const { call } = underWay(bus);
  bus.core.close();
  expect(bus.error(call)?.code).toBe('CLOSED');
  expect(bus.open).toEqual([]);
  expect(bus.core.nextWakeAt(bus.now)).toBe(Infinity);
});
