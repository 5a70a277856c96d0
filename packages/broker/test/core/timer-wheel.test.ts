import * as fc from 'fast-check';
import { TimerWheel, type Timed } from '../../src/core/timer-wheel';

/** The width of a slot, and one turn of the wheel, in ms. */
const SLOT_MS = 8;
const TURN_MS = 4_096 * SLOT_MS;

function at(dueAt: number): Timed {
  return { dueAt, timer: undefined };
}

test('nothing is due early, and nothing is late', () => {
  const wheel = new TimerWheel(0);
  const item = at(100);
  wheel.add(item);
  expect(wheel.takeDue(99)).toEqual([]);
  expect(wheel.takeDue(100)).toEqual([item]);
  expect([wheel.length, item.timer]).toEqual([0, undefined]);
  expect(wheel.takeDue(100_000)).toEqual([]);
});

test('what is never due is not kept', () => {
  const wheel = new TimerWheel(0);
  wheel.add(at(Infinity));
  expect(wheel.length).toBe(0);
});

test('what was due before it came is due at the next look', () => {
  const wheel = new TimerWheel(0);
  wheel.takeDue(5_000);
  const late = at(10);
  wheel.add(late);
  expect(wheel.takeDue(5_000 + SLOT_MS)).toEqual([late]);
});

test('an item that was taken out is not due, and can be taken out again', () => {
  const wheel = new TimerWheel(0);
  const [stays, leaves] = [at(50), at(50)];
  wheel.add(stays);
  wheel.add(leaves);
  wheel.remove(leaves);
  wheel.remove(leaves);
  expect(wheel.length).toBe(1);
  expect(wheel.takeDue(1_000)).toEqual([stays]);
});

test('the far future comes in its turn, whole turns of the wheel later', () => {
  const wheel = new TimerWheel(0);
  const far = [1, 2, 30].map((turns) => at(turns * TURN_MS + 100));
  for (const item of far) wheel.add(item);
  for (const item of far) {
    expect(wheel.takeDue(item.dueAt - 1)).toEqual([]);
    expect(wheel.takeDue(item.dueAt + SLOT_MS)).toEqual([item]);
  }
});

test('after a pause of several turns all that was due comes at once', () => {
  const wheel = new TimerWheel(0);
  const items = Array.from({ length: 100 }, (_, n) => at(n * 1_000));
  for (const item of items) wheel.add(item);
  const due = wheel.takeDue(5 * TURN_MS);
  expect(due).toHaveLength(items.length);
  expect(new Set(due)).toEqual(new Set(items));
  expect(wheel.length).toBe(0);
});

test('does what a list does that is looked through whole, within a slot', () => {
  const away = fc.oneof(fc.double({ min: 0, max: 300, noNaN: true }), fc.nat({ max: 5 * TURN_MS }));
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ addIn: away }) },
    { weight: 1, arbitrary: fc.record({ addAgo: fc.nat({ max: 1_000 }) }) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat({ max: 99 }) }) },
    { weight: 3, arbitrary: fc.record({ wait: away }) },
  );
  fc.assert(
    fc.property(fc.nat({ max: 3 * TURN_MS }), fc.array(step, { maxLength: 60 }), (start, steps) => {
      let now = start;
      const wheel = new TimerWheel(now);
      let left: { item: Timed; addedAt: number }[] = [];
      const add = (dueAt: number): void => {
        const item = at(dueAt);
        wheel.add(item);
        left.push({ item, addedAt: now });
      };
      for (const each of steps) {
        if ('addIn' in each) add(now + each.addIn);
        else if ('addAgo' in each) add(Math.max(0, now - each.addAgo));
        else if ('remove' in each) {
          const removed = left[each.remove % Math.max(left.length, 1)];
          if (removed) wheel.remove(removed.item);
          left = left.filter((other) => other !== removed);
        } else {
          now += each.wait;
          const inOrder = wheel.takeDue(now);
          const due = new Set(inOrder);
          expect(due.size).toBe(inOrder.length);
          const taken = left.filter(({ item }) => due.has(item));
          left = left.filter(({ item }) => !due.has(item));
          expect(taken).toHaveLength(due.size);
          for (const { item } of taken) expect(item.dueAt).toBeLessThanOrEqual(now);
          for (const { item, addedAt } of left) {
            expect(Math.max(item.dueAt, addedAt)).toBeGreaterThan(now - SLOT_MS);
          }
        }
        expect(wheel.length).toBe(left.length);
      }
    }),
    { numRuns: 500 },
  );
});
