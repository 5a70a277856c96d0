import { Agenda, TIME_STEP_MS } from '../../src/sim/agenda';
import { Network, type Connection, type PeerEnd, type RouterEnd, type Weather } from '../../src/sim/network';
import { minimal } from '../../src/sim/hunt';
import { scenarios } from '../../src/sim/mutants/scenarios';
import type { Plan } from '../../src/sim/plan';
import { makePlan } from '../../src/sim/planner';
import { Random } from '../../src/sim/random';
import { runPlan } from '../../src/sim/run';
import { shrink } from '../../src/sim/shrink';

describe('randomness', () => {
  test('is that of the seed and the purpose', () => {
    const draw = (seed: number, purpose: string) => {
      const random = new Random(seed, purpose);
      return [random.u32(), random.u32(), random.u32()];
    };
    expect(draw(1, 'a')).toEqual(draw(1, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
  });

  test('is spread evenly', () => {
    const random = new Random(5, 'spread');
    const counts = Array.from({ length: 10 }, () => 0);
    for (let each = 0; each < 10_000; each++) counts[random.between(0, 9)]!++;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});

describe('the agenda', () => {
  test('goes by time, and at one time by the order of planning', () => {
    const agenda = new Agenda();
    const said: string[] = [];
    agenda.at(5, () => said.push('c'));
    agenda.at(1, () => said.push('a'));
    agenda.at(5, () => said.push('d'));
    const off = agenda.at(2, () => said.push('never'));
    agenda.at(1, () => agenda.in(1, () => said.push(`b at ${agenda.now}`)));
    off.off = true;
    agenda.runUntil(4);
    expect([said, agenda.now]).toEqual([['a', 'b at 2'], 4]);
    agenda.runUntil(5);
    expect(said).toEqual(['a', 'b at 2', 'c', 'd']);
  });

  test('notices what goes round in circles', () => {
    const agenda = new Agenda();
    const again = (): void => void agenda.in(0, again);
    again();
    expect(() => agenda.runUntil(1)).toThrow(/time does not go on/);
  });
});

const WEATHER: Weather = { leastMs: 1, spreadMs: 4, stragglers: 0.2, stragglerMs: 50, heldMax: 10 };

/** A connection between a peer and a router, and what each of them hears. */
function connected(seed = 1) {
  const agenda = new Agenda();
  const network = new Network(agenda, WEATHER, new Random(seed, 'network'));
  const atPeer: string[] = [];
  const atRouter: string[] = [];
  const peer: PeerEnd = {
    opened: () => atPeer.push('opened'),
    message: ([frame]) => atPeer.push(String(frame![0])),
    closed: (reason) => atPeer.push(reason),
  };
  let standing: Connection | undefined;
  const router: RouterEnd = {
    name: 'router',
    accept: (connection) => (standing = connection),
    message: (_connection, [frame]) => atRouter.push(String(frame![0])),
    departed: () => atRouter.push('departed'),
  };
  const connection = network.connect('peer', peer, router);
  agenda.runUntil(200);
  expect(standing).toBe(connection);
  return { agenda, network, connection, peer, router, atPeer, atRouter };
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, each) => String(each));
const frame = (number: number): Uint8Array[] => [new Uint8Array([number])];

describe('the network', () => {
  test('keeps the order of one connection, whatever each message takes', () => {
    const { agenda, connection, atPeer, atRouter } = connected();
    for (let each = 0; each < 50; each++) {
      connection.send(frame(each));
      connection.sendToPeer(frame(each));
    }
    agenda.runUntil(1_000);
    expect(atRouter).toEqual(numbers(50));
    expect(atPeer).toEqual(['opened', ...numbers(50)]);
    expect(agenda.now % TIME_STEP_MS).toBe(0);
  });

  test('loses a suffix of what is under way when a connection breaks, and tells both sides', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { agenda, connection, atPeer, atRouter } = connected(seed);
      for (let each = 0; each < 20; each++) connection.send(frame(each));
      agenda.runUntil(agenda.now + 10);
      connection.break('broken', 100, 100);
      agenda.runUntil(1_000);
      expect(atPeer).toEqual(['opened', 'broken']);
      expect(atRouter.at(-1)).toBe('departed');
      expect(atRouter.slice(0, -1)).toEqual(numbers(atRouter.length - 1));
    }
  });

  test('tells nobody of what breaks without a word', () => {
    const { agenda, connection, atPeer, atRouter } = connected();
    connection.break('broken', Infinity, Infinity);
    connection.send(frame(1));
    connection.sendToPeer(frame(1));
    agenda.runUntil(10_000);
    expect([atPeer, atRouter]).toEqual([['opened'], []]);
  });

  test('holds back what a partition lies in the way of, and hands it over in order', () => {
    const { agenda, network, connection, atRouter } = connected();
    network.partition('*', 'router');
    for (let each = 0; each < 9; each++) connection.send(frame(each));
    agenda.runUntil(1_000);
    expect(atRouter).toEqual([]);
    network.heal('*', 'router', false);
    expect(atRouter).toEqual(numbers(9));
  });

  test('lets nobody in behind a partition, nor where nobody listens', () => {
    const { agenda, network, peer, router, atPeer } = connected();
    network.connect('other', peer, undefined);
    agenda.runUntil(agenda.now + 200);
    network.partition('other', 'router');
    network.connect('other', peer, router);
    agenda.runUntil(agenda.now + 1_000);
    expect(atPeer).toEqual([
      'opened',
      'connection refused or timed out',
      expect.stringContaining('no connection within'),
    ]);
  });

  test('delivers what was sent before a router closed, and then the end', () => {
    const { agenda, connection, atPeer } = connected();
    connection.sendToPeer(frame(7));
    connection.closeByRouter();
    agenda.runUntil(1_000);
    expect(atPeer).toEqual(['opened', '7', 'connection closed']);
  });
});

describe('shrinking', () => {
  test('leaves what a failure needs, and nothing else', () => {
    const plan = makePlan(3);
    const [, needed] = plan.calls;
    const smallest = shrink(plan, (each) => each.calls.some(({ number }) => number === needed!.number));
    expect(smallest.calls.map(({ number }) => number)).toEqual([needed!.number]);
    expect([smallest.faults, smallest.foreign, smallest.clients, smallest.workers]).toEqual([[], [], [], []]);
    expect(smallest.brokers).toHaveLength(1);
  });

  test('keeps what has to be there together', () => {
    const plan = makePlan(9);
    const pair = [plan.calls[0]!, plan.calls.at(-1)!].map(({ number }) => number);
    const smallest = shrink(plan, ({ calls }) =>
      pair.every((number) => calls.some((call) => call.number === number)),
    );
    expect(smallest.calls.map(({ number }) => number)).toEqual(pair);
  });

  test('a world that fails is shrunk, and has its event log', () => {
    const { plan } = scenarios().find(({ name }) => name === 'a broker that is gone without a word')!;
    const extra = plan.calls.map((call) => ({ ...call, number: call.number + 1 }));
    // A world that says that it is calm and is not.
    const failing: Plan = { ...plan, calm: true, calls: [...plan.calls, ...extra] };
    const failure = runPlan(failing);
    expect(failure?.check).toBe('heartbeat');
    const smallest = minimal(failing, failure!);
    expect(smallest.failure?.check).toBe('heartbeat');
    expect(smallest.plan.faults).toHaveLength(1);
    expect(smallest.plan.calls.length).toBeLessThan(failing.calls.length);
    expect(smallest.lines.join('\n')).toMatch(/fault: cut/);
  });
});
