import * as fc from 'fast-check';
import { FairQueue, type Waiting } from '../../src/core/fair-queue';

/** What the queue has to know of a request, and no more. */
interface Asked extends Waiting<Asked> {
  readonly client: Asker;
}

interface Asker {
  readonly lane: object;
}

function clients(count: number): Asker[] {
  return Array.from({ length: count }, (_, n) => ({ lane: { name: `client-${n}` } }));
}

function request(client: Asker, { bytes = 1, priority = 4, queuedAt = 0 } = {}): Asked {
  return { client, bytes, priority, queuedAt, place: undefined };
}

test('clients take turns, and each gets its requests in the order of their arrival', () => {
  const [greedy, modest] = clients(2) as [Asker, Asker];
  const many = [1, 2, 3, 4].map(() => request(greedy));
  const few = [1, 2].map(() => request(modest));
  const queue = new FairQueue<Asked>();
  for (const each of [...many, ...few]) queue.push(each);
  const order = Array.from({ length: 6 }, () => queue.shift());
  expect(order).toEqual([many[0], few[0], many[1], few[1], many[2], many[3]]);
  expect([queue.length, queue.bytes, queue.shift(), queue.oldest]).toEqual([0, 0, undefined, undefined]);
});

test('what comes back goes before all, in the order in which it came back', () => {
  const [client] = clients(1) as [Asker];
  const [waiting, first, second] = [request(client), request(client), request(client)];
  const queue = new FairQueue<Asked>();
  queue.push(waiting);
  queue.putBack(first);
  queue.putBack(second);
  expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([first, second, waiting]);
});

test('a request that is not there cannot be removed', () => {
  const [client] = clients(1) as [Asker];
  const queue = new FairQueue<Asked>();
  const there = request(client, { bytes: 7 });
  queue.push(there);
  expect(queue.remove(request(client))).toBe(false);
  expect(queue.bytes).toBe(7);
  expect([queue.remove(there), queue.remove(there)]).toEqual([true, false]);
  expect(queue.bytes).toBe(0);
});

test('the highest priority is served first, clients in turns within it, and what was put back before all', () => {
  const [one, two] = clients(2) as [Asker, Asker];
  const low = [0, 0, 0].map((priority) => request(one, { priority }));
  const middle = [request(one), request(one), request(two)];
  const high = [request(one, { priority: 9 }), request(two, { priority: 9 }), request(one, { priority: 9 })];
  const returned = request(two, { priority: 0 });
  const queue = new FairQueue<Asked>();
  for (const each of [...low, ...middle, ...high]) queue.push(each);
  queue.putBack(returned);
  const order = Array.from({ length: 10 }, () => queue.shift());
  expect(order).toEqual([returned, ...high, middle[0], middle[2], middle[1], ...low]);
  expect(queue.shift()).toBeUndefined();
});

test('a client whose lane ran empty goes behind those that waited meanwhile', () => {
  const [one, two, three] = clients(3) as [Asker, Asker, Asker];
  const queue = new FairQueue<Asked>();
  const [first, second, third, again] = [request(one), request(two), request(three), request(one)];
  queue.push(first);
  queue.push(second);
  queue.push(third);
  expect(queue.shift()).toBe(first);
  queue.push(again);
  expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([second, third, again]);
});

test('clients that come once and never again leave nothing that slows it down or breaks the order', () => {
  const queue = new FairQueue<Asked>();
  const stays = clients(1)[0]!;
  for (let n = 0; n < 5_000; n++) {
    const [kept, passing] = [request(stays), request({ lane: { n } }, { priority: n % 10 })];
    queue.push(kept);
    queue.push(passing);
    expect(new Set([queue.shift(), queue.shift()])).toEqual(new Set([kept, passing]));
  }
  expect([queue.length, queue.bytes, queue.oldest]).toEqual([0, 0, undefined]);
});

/** The same queue, written to be obvious: lanes in a plain array, walked through from the front. */
class NaiveQueue {
  returned: Asked[] = [];
  lanes: { client: Asker; priority: number; requests: Asked[] }[] = [];

  push(added: Asked): void {
    const { client, priority } = added;
    const lane = this.lanes.find((each) => each.client === client && each.priority === priority);
    if (lane) lane.requests.push(added);
    else this.lanes.push({ client, priority, requests: [added] });
  }

  shift(): Asked | undefined {
    if (this.returned.length > 0) return this.returned.shift();
    const highest = Math.max(...this.lanes.map(({ priority }) => priority));
    const lane = this.lanes.find(({ priority }) => priority === highest);
    if (!lane) return undefined;
    this.lanes = this.lanes.filter((each) => each !== lane);
    if (lane.requests.length > 1) this.lanes.push(lane);
    return lane.requests.shift();
  }

  remove(removed: Asked): void {
    this.returned = this.returned.filter((each) => each !== removed);
    for (const lane of this.lanes) lane.requests = lane.requests.filter((each) => each !== removed);
    this.lanes = this.lanes.filter(({ requests }) => requests.length > 0);
  }

  all(): Asked[] {
    return [...this.returned, ...this.lanes.flatMap(({ requests }) => requests)];
  }
}

test('does what a naive queue does, whatever comes', () => {
  const asked = { bytes: fc.nat({ max: 9 }), priority: fc.constantFrom(0, 4, 4, 4, 5, 9) };
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ push: fc.nat({ max: 3 }), ...asked }) },
    { weight: 1, arbitrary: fc.record({ putBack: fc.nat({ max: 3 }), ...asked }) },
    { weight: 3, arbitrary: fc.constant('shift' as const) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat({ max: 99 }) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const peers = clients(4);
      const queue = new FairQueue<Asked>();
      const naive = new NaiveQueue();
      for (const each of steps) {
        if (each === 'shift') {
          expect(queue.shift()).toBe(naive.shift());
        } else if ('push' in each) {
          const added = request(peers[each.push]!, each);
          queue.push(added);
          naive.push(added);
        } else if ('putBack' in each) {
          const added = request(peers[each.putBack]!, each);
          queue.putBack(added);
          naive.returned.push(added);
        } else {
          const there = naive.all();
          const removed = there[each.remove % Math.max(there.length, 1)];
          if (removed) expect(queue.remove(removed)).toBe(true);
          if (removed) naive.remove(removed);
        }
        const left = naive.all();
        expect(queue.length).toBe(left.length);
        expect(queue.bytes).toBe(left.reduce((sum, { bytes }) => sum + bytes, 0));
        if (left.length > 0) expect(left).toContain(queue.oldest);
        else expect(queue.oldest).toBeUndefined();
      }
    }),
    { numRuns: 500 },
  );
});

test('the oldest is the one that came first, also where a younger one was put back', () => {
  const [client] = clients(1);
  const queue = new FairQueue<Asked>();
  const first = request(client!, { queuedAt: 10 });
  const returned = request(client!, { queuedAt: 20 });
  queue.push(first);
  queue.putBack(returned);
  expect(queue.oldest).toBe(first);
  expect(queue.shift()).toBe(returned);
  expect(queue.oldest).toBe(first);
  queue.putBack(request(client!, { queuedAt: 5 }));
  expect(queue.oldest?.queuedAt).toBe(5);
});
