import type { DialectName } from '@majordomo/protocol';
import type { ClientCoreSettings } from '../../src/core/client-core';
import { A, B, Harness, reply, welcome, type OpenedLink } from './harness';

const auto = (settings: Partial<ClientCoreSettings> = {}) => new Harness({ protocol: 'auto', ...settings });

/** The connection of a link stands, and its broker turns out to speak something, or to answer nothing. */
function found(bus: Harness, link: OpenedLink, verdict: DialectName | 'silent'): void {
  bus.opened(link);
  bus.core.linkFound(link.id, verdict, bus.now);
  if (verdict === 'packed') bus.receive(link, welcome());
}

const answer = (bus: Harness, link: OpenedLink, text: string) => {
  const { id, service } = bus.requests(link).at(-1)!;
  bus.receive(link, reply('final', [text], { id, service: id === 0 ? service : '' }));
};

describe('a broker that was never asked', () => {
  test('is asked on one connection, however many calls wait', () => {
    const bus = auto();
    for (let n = 0; n < 5; n++) bus.submit();
    expect(bus.links.map(({ speak }) => speak)).toEqual(['auto']);
  });

  test('packed: the connection goes on as the session', () => {
    const bus = auto();
    const call = bus.submit();
    found(bus, bus.last, 'packed');
    expect(bus.last.sent.map(({ kind }) => kind)).toEqual(['hello', 'request']);
    answer(bus, bus.last, 'x');
    expect(bus.reply(call)).toEqual(['x']);
    expect(bus.events).toEqual([`up ${A}`]);
    expect(bus.links).toHaveLength(1);
  });

  test('packed, but no WELCOME follows: the connection failed', () => {
    const bus = auto({ connectTimeoutMs: 700 });
    bus.submit({ timeoutMs: 60_000 });
    bus.opened(bus.last);
    bus.core.linkFound(bus.last.id, 'packed', bus.now);
    bus.pass(700);
    expect(bus.links[0]!.closed).toBe(true);
  });

  test.each(['mdp/0.1', 'mdp/0.2'] as const)(
    '%s: its connection is closed, and plain sockets opened',
    (verdict) => {
      const bus = auto();
      const calls = [1, 2, 3].map(() => bus.submit());
      const asked = bus.last;
      found(bus, asked, verdict);
      expect(asked.closed).toBe(true);
      expect(bus.open.map(({ speak }) => speak)).toEqual([verdict, verdict, verdict]);
      for (const link of bus.open) bus.opened(link);
      for (const link of bus.open) answer(bus, link, 'x');
      expect(calls.map((call) => bus.reply(call))).toEqual([['x'], ['x'], ['x']]);
      expect(bus.events).toEqual([`up ${A}`]);
    },
  );

  test('a call that ends before the answer leaves a plain socket behind, that what was found is remembered by', () => {
    const bus = auto();
    bus.abort(bus.submit());
    found(bus, bus.last, 'mdp/0.1');
    expect(bus.open.map(({ speak }) => speak)).toEqual(['mdp/0.1']);
    bus.opened(bus.last);
    bus.submit();
    expect(bus.links).toHaveLength(2);
  });
});

describe('what was found', () => {
  /** A broker of 0.2 with one idle socket. */
  function plain(settings: Partial<ClientCoreSettings> = {}): Harness {
    const bus = auto(settings);
    bus.submit();
    found(bus, bus.last, 'mdp/0.2');
    answer(bus, bus.opened(bus.last), 'x');
    return bus;
  }

  test('is remembered while a connection stands: the last idle socket is kept', () => {
    const bus = plain({ idleSocketMs: 1_000 });
    bus.submit();
    bus.submit();
    bus.opened(bus.last);
    for (const link of bus.open) answer(bus, link, 'x');
    bus.pass(600_000);
    expect(bus.open).toHaveLength(1);
    bus.submit();
    bus.submit();
    expect(bus.open.map(({ speak }) => speak)).toEqual(['mdp/0.2', 'mdp/0.2']);
  });

  test('is forgotten with the last connection, so that a broker that is upgraded is found out', () => {
    const bus = plain();
    const call = bus.submit({ timeoutMs: 60_000 });
    bus.lost(bus.last);
    bus.pass(1_000);
    expect(bus.last.speak).toBe('auto');
    found(bus, bus.last, 'packed');
    answer(bus, bus.last, 'better');
    expect(bus.reply(call)).toEqual(['better']);
  });

  test('and a packed one that is replaced by a plain one, too', () => {
    const bus = auto();
    const call = bus.submit({ timeoutMs: 60_000 });
    found(bus, bus.last, 'packed');
    bus.lost(bus.last);
    bus.pass(1_000);
    found(bus, bus.last, 'mdp/0.2');
    answer(bus, bus.opened(bus.last), 'plain');
    expect(bus.reply(call)).toEqual(['plain']);
  });

  test('is remembered for a while when we closed the last connection', () => {
    const bus = plain();
    bus.submit({ timeoutMs: 900, retries: 1 });
    bus.pass(450);
    expect(bus.last.speak).toBe('mdp/0.2');
    bus.opened(bus.last);
    bus.pass(450);
    expect(bus.open).toEqual([]);
    bus.pass(29_000);
    bus.abort(bus.submit());
    expect(bus.last.speak).toBe('mdp/0.2');
    bus.lost(bus.last);
    bus.pass(1_000);
    bus.submit();
    expect(bus.last.speak).toBe('auto');
  });
});

describe('a broker that answers nothing', () => {
  test('is spoken to in 0.2 for now, and asked again later, beside the sockets that stand', () => {
    const bus = auto();
    const call = bus.submit({ timeoutMs: 60_000, retries: 0 });
    found(bus, bus.last, 'silent');
    expect(bus.events).toEqual([`silent ${A}`]);
    const socket = bus.opened(bus.last);
    expect(socket.speak).toBe('mdp/0.2');
    answer(bus, socket, 'x');
    expect(bus.reply(call)).toEqual(['x']);
    bus.pass(31_000);
    bus.submit();
    expect(bus.requests(socket)).toHaveLength(2);
    expect(bus.last.speak).toBe('auto');
    found(bus, bus.last, 'packed');
    bus.submit();
    expect(bus.requests(bus.last)).toHaveLength(1);
  });

  test('and leaves a call without reply is asked again at once: it may have been busy, and of RFC 7', () => {
    const bus = auto();
    const calls = [1, 2, 3].map(() => bus.submit({ timeoutMs: 3_000, retries: 2 }));
    found(bus, bus.last, 'silent');
    const guessed = [...bus.open];
    expect(guessed.map(({ speak }) => speak)).toEqual(['mdp/0.2', 'mdp/0.2', 'mdp/0.2']);
    const [one, two] = guessed;
    bus.opened(one!);
    bus.opened(two!);
    bus.pass(1_000);
    expect(bus.last.speak).toBe('auto');
    found(bus, bus.last, 'mdp/0.1');
    expect(new Set(bus.open.map(({ speak }) => speak))).toEqual(new Set(['mdp/0.1']));
    for (const link of bus.open) bus.opened(link);
    for (const link of bus.open) answer(bus, link, 'x');
    expect(calls.map((call) => bus.reply(call))).toEqual([['x'], ['x'], ['x']]);
  });

  test('but has answered in what was guessed is asked no sooner for a call without reply', () => {
    const bus = auto();
    bus.submit();
    found(bus, bus.last, 'silent');
    answer(bus, bus.opened(bus.last), 'x');
    bus.submit({ timeoutMs: 1_000, retries: 0 });
    bus.pass(1_000);
    bus.submit();
    expect(bus.last.speak).toBe('mdp/0.2');
  });
});

describe('several brokers', () => {
  test('are asked at the same time, and the first that answers serves', () => {
    const bus = auto({ brokers: [A, B] });
    const call = bus.submit();
    expect(bus.links.map(({ endpoint, speak }) => [endpoint, speak])).toEqual([
      [A, 'auto'],
      [B, 'auto'],
    ]);
    const [one, two] = bus.links;
    found(bus, two!, 'packed');
    answer(bus, two!, 'x');
    expect(bus.reply(call)).toEqual(['x']);
    bus.pass(600);
    found(bus, one!, 'mdp/0.2');
    bus.opened(bus.last);
    expect(bus.events).toEqual([`up ${B}`, `up ${A}`]);
  });

  test('one packed, one plain: both get calls', () => {
    const bus = auto({ brokers: [A, B] });
    bus.submit();
    const [one, two] = bus.links;
    found(bus, one!, 'packed');
    found(bus, two!, 'mdp/0.2');
    const socket = bus.opened(bus.last);
    for (let n = 0; n < 20; n++) {
      bus.submit();
      for (const link of [one!, socket]) {
        if (bus.requests(link).length > link.answered) {
          answer(bus, link, 'x');
          link.answered++;
        }
      }
    }
    expect(bus.requests(socket).length).toBeGreaterThan(5);
    expect(bus.requests(one!).length).toBeGreaterThan(5);
  });
});
