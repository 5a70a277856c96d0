import { mdp02 } from '@majordomo/protocol';
import * as fc from 'fast-check';
import { FairQueue } from '../../src/core/fair-queue';
import type { ClientRecord, RequestRecord, ServiceRecord } from '../../src/core/records';

const service = {} as ServiceRecord;

function clients(count: number): ClientRecord[] {
  return Array.from({ length: count }, (_, n) => ({ peer: `client-${n}`, requests: new Set() }));
}

function request(client: ClientRecord, bytes = 1): RequestRecord {
  const fresh = { state: 'queued', attempts: 0, gathered: [], gatheredBytes: 0 } as const;
  return { ...fresh, client, service, dialect: mdp02, body: [], bytes, queuedAt: 0, gathered: [] };
}

test('clients take turns, and each gets its requests in the order of their arrival', () => {
  const [greedy, modest] = clients(2) as [ClientRecord, ClientRecord];
  const many = [1, 2, 3, 4].map(() => request(greedy));
  const few = [1, 2].map(() => request(modest));
  const queue = new FairQueue();
  for (const each of [...many, ...few]) queue.push(each);
  const order = Array.from({ length: 6 }, () => queue.shift());
  expect(order).toEqual([many[0], few[0], many[1], few[1], many[2], many[3]]);
  expect([queue.length, queue.bytes, queue.shift(), queue.oldest]).toEqual([0, 0, undefined, undefined]);
});

test('what comes back goes before all, in the order in which it came back', () => {
  const [client] = clients(1) as [ClientRecord];
  const [waiting, first, second] = [request(client), request(client), request(client)];
  const queue = new FairQueue();
  queue.push(waiting);
  queue.putBack(first);
  queue.putBack(second);
  expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([first, second, waiting]);
});

test('a request that is not there cannot be removed', () => {
  const [client] = clients(1) as [ClientRecord];
  const queue = new FairQueue();
  const there = request(client, 7);
  queue.push(there);
  expect(queue.remove(request(client))).toBe(false);
  expect(queue.bytes).toBe(7);
  expect([queue.remove(there), queue.remove(there)]).toEqual([true, false]);
  expect(queue.bytes).toBe(0);
});

/** The same queue, written to be obvious: lanes in a plain array, walked through from the front. */
class NaiveQueue {
  returned: RequestRecord[] = [];
  lanes: { client: ClientRecord; requests: RequestRecord[] }[] = [];

  push(added: RequestRecord): void {
    const lane = this.lanes.find(({ client }) => client === added.client);
    if (lane) lane.requests.push(added);
    else this.lanes.push({ client: added.client, requests: [added] });
  }

  shift(): RequestRecord | undefined {
    if (this.returned.length > 0) return this.returned.shift();
    const lane = this.lanes.shift();
    if (lane && lane.requests.length > 1) this.lanes.push(lane);
    return lane?.requests.shift();
  }

  remove(removed: RequestRecord): void {
    this.returned = this.returned.filter((each) => each !== removed);
    for (const lane of this.lanes) lane.requests = lane.requests.filter((each) => each !== removed);
    this.lanes = this.lanes.filter(({ requests }) => requests.length > 0);
  }

  all(): RequestRecord[] {
    return [...this.returned, ...this.lanes.flatMap(({ requests }) => requests)];
  }
}

test('does what a naive queue does, whatever comes', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ push: fc.nat({ max: 3 }), bytes: fc.nat({ max: 9 }) }) },
    { weight: 1, arbitrary: fc.record({ putBack: fc.nat({ max: 3 }), bytes: fc.nat({ max: 9 }) }) },
    { weight: 3, arbitrary: fc.constant('shift' as const) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat({ max: 99 }) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const peers = clients(4);
      const queue = new FairQueue();
      const naive = new NaiveQueue();
      for (const each of steps) {
        if (each === 'shift') {
          expect(queue.shift()).toBe(naive.shift());
        } else if ('push' in each) {
          const added = request(peers[each.push]!, each.bytes);
          queue.push(added);
          naive.push(added);
        } else if ('putBack' in each) {
          const added = request(peers[each.putBack]!, each.bytes);
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
      }
    }),
    { numRuns: 300 },
  );
});

test('the oldest is the one that came first, also where a younger one was put back', () => {
  const [client] = clients(1);
  const queue = new FairQueue();
  const first = { ...request(client!, 1), queuedAt: 10 };
  const returned = { ...request(client!, 1), queuedAt: 20 };
  queue.push(first);
  queue.putBack(returned);
  expect(queue.oldest).toBe(first);
  expect(queue.shift()).toBe(returned);
  expect(queue.oldest).toBe(first);
  queue.putBack({ ...request(client!, 1), queuedAt: 5 });
  expect(queue.oldest?.queuedAt).toBe(5);
});
