import { ClosedError, SILENT, StoreFullError } from '@majordomo/protocol';
import { eventually, leakCheck } from '@majordomo/testkit';
import { Settler } from '../src/service/settler';
import { Waiters } from '../src/service/waiters';
import { Listeners } from '../src/store/listeners';
import type { RequestStore, ServiceHealth, Settlement, StoreEvents } from '../src/store/store';

leakCheck();

const died = (id: string): Settlement => ({ id, token: 1, outcome: 'die', error: '{}' });

/** A store that takes what it is told to take, and remembers what it was given. */
class Fickle {
  readonly calls: { ids: string[]; health: readonly ServiceHealth[] }[] = [];
  refuses: (ids: readonly string[]) => Error | undefined = () => undefined;

  readonly store = {
    settle: async (settlements: readonly Settlement[], health: readonly ServiceHealth[]) => {
      const ids = settlements.map(({ id }) => id);
      this.calls.push({ ids, health });
      const refusal = this.refuses(ids);
      if (refusal) throw refusal;
      return ids.map(() => true);
    },
  } as unknown as RequestStore;
}

test('what ends in one turn goes to the store together, with how its services fared', async () => {
  const fickle = new Fickle();
  const settler = new Settler(fickle.store, SILENT);
  await Promise.all([
    settler.settle(died('a'), 'mail', 'answered'),
    settler.settle(died('b'), 'mail', 'failed'),
    settler.settle(died('c'), 'sms', 'absent'),
    settler.settle(died('d'), 'sms', undefined),
  ]);
  expect(fickle.calls).toEqual([
    {
      ids: ['a', 'b', 'c', 'd'],
      health: [
        { service: 'mail', answered: 1, failed: 1, absent: 0 },
        { service: 'sms', answered: 0, failed: 0, absent: 1 },
      ],
    },
  ]);
});

test('one that the store does not take holds up none of the others, and is tried again until it is taken', async () => {
  const fickle = new Fickle();
  let refusals = 0;
  fickle.refuses = (ids) => (ids.includes('b') && refusals++ < 4 ? new StoreFullError('no room') : undefined);
  const settler = new Settler(fickle.store, SILENT);
  const order: string[] = [];
  await Promise.all(
    ['a', 'b', 'c'].map((id) => settler.settle(died(id), 'mail', 'answered').then(() => order.push(id))),
  );
  expect(order).toEqual(['a', 'c', 'b']);
  expect(fickle.calls.map(({ ids }) => ids.join(''))).toEqual(['abc', 'a', 'b', 'c', 'b', 'b', 'b']);
});

test('a settler that is stopped, or whose store is closed, lets go', async () => {
  const fickle = new Fickle();
  fickle.refuses = () => new ClosedError('The store is closed.');
  await new Settler(fickle.store, SILENT).settle(died('a'), 'mail', undefined);
  fickle.refuses = () => new StoreFullError('no room');
  const settler = new Settler(fickle.store, SILENT);
  const settling = settler.settle(died('b'), 'mail', undefined);
  settler.stop();
  await settling;
  expect(fickle.calls.length).toBeGreaterThanOrEqual(2);
});

describe('waiting', () => {
  const listeners = new Listeners();
  const store = { subscribe: (events: StoreEvents) => listeners.add(events) } as unknown as RequestStore;
  const never = new AbortController().signal;

  test('ends with the request, with the signal, with the time, with the titanic; and leaves nothing', async () => {
    const waiters = new Waiters(store);
    const controller = new AbortController();
    const waits = [
      waiters.wait('a', 60_000, never),
      waiters.wait('a', 60_000, never),
      waiters.wait('b', 60_000, controller.signal),
      waiters.wait('c', 1, never),
      waiters.wait('d', 60_000, never),
    ];
    expect(waiters.count).toBe(5);
    listeners.ended(['x', 'a']);
    await Promise.all(waits.slice(0, 2).map(({ ended }) => ended));
    expect(waiters.count).toBeGreaterThanOrEqual(2);
    controller.abort();
    await waits[2]!.ended;
    await waits[3]!.ended;
    expect(waiters.count).toBe(1);
    waiters.close();
    await waits[4]!.ended;
    expect(waiters.count).toBe(0);
    const { ended } = new Waiters(store).wait('a', 60_000, AbortSignal.abort());
    await ended;
  });

  test('where ends may have been missed, it looks; a store that fails then is looked at the next time', async () => {
    const states = new Map([
      ['a', 'waiting'],
      ['b', 'done'],
    ]);
    const looks: (readonly string[])[] = [];
    const read = async (ids: readonly string[]) => {
      looks.push(ids);
      if (looks.length === 1) throw new Error('not now');
      return ids.map((id) => states.has(id) && { state: states.get(id) });
    };
    const waiters = new Waiters({ ...store, read } as unknown as RequestStore);
    listeners.missed();
    expect(looks).toEqual([]);
    const [a, b, gone] = ['a', 'b', 'c'].map((id) => waiters.wait(id, 60_000, never));
    listeners.missed();
    await eventually(() => looks.length === 1);
    await new Promise(setImmediate);
    expect(waiters.count).toBe(3);
    listeners.missed();
    await Promise.all([b!.ended, gone!.ended]);
    expect(waiters.count).toBe(1);
    waiters.close();
    await a!.ended;
  });
});
