import * as fc from 'fast-check';
import { Deadlines, type Timed } from '../../src/core/deadlines';

interface Item extends Timed<Item> {
  readonly name: number;
}

const ITEMS = 12;

const item = (name: number): Item => ({
  name,
  dueAt: Infinity,
  slot: -1,
  lane: undefined,
  sooner: undefined,
  later: undefined,
});

/** What a naive implementation would hold: times by item, looked through whenever something is asked. */
class Model {
  readonly due = new Map<Item, number>();

  get nextAt(): number {
    return Math.min(Infinity, ...this.due.values());
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), item: fc.nat(ITEMS - 1), at: fc.nat(40) }),
  fc.record({ kind: fc.constant('never' as const), item: fc.nat(ITEMS - 1) }),
  fc.record({ kind: fc.constant('remove' as const), item: fc.nat(ITEMS - 1) }),
  fc.record({ kind: fc.constant('take' as const), now: fc.nat(40) }),
);

test('behaves as a list that is searched whenever it is asked', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const items = Array.from({ length: ITEMS }, (_, name) => item(name));
      const deadlines = new Deadlines<Item>();
      const model = new Model();
      for (const each of steps) {
        if (each.kind === 'set') {
          deadlines.set(items[each.item]!, each.at);
          model.due.set(items[each.item]!, each.at);
        } else if (each.kind === 'never') {
          deadlines.set(items[each.item]!, Infinity);
          model.due.delete(items[each.item]!);
        } else if (each.kind === 'remove') {
          deadlines.remove(items[each.item]!);
          model.due.delete(items[each.item]!);
        } else {
          const soonest = model.nextAt;
          const taken = deadlines.takeDue(each.now);
          expect(taken !== undefined).toBe(soonest <= each.now);
          if (taken) {
            expect(model.due.get(taken)).toBe(soonest);
            model.due.delete(taken);
          }
        }
        expect(deadlines.nextAt).toBe(model.nextAt);
        expect(deadlines.size).toBe(model.due.size);
        for (const each of items) expect(each.slot >= 0 || each.lane !== undefined).toBe(model.due.has(each));
      }
    }),
    { numRuns: 500 },
  );
});

test('gives everything out in the order of its time', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000)), (times) => {
      const deadlines = new Deadlines<Item>();
      times.forEach((at, name) => deadlines.set(item(name), at));
      const taken: number[] = [];
      for (let next = deadlines.takeDue(1_000); next; next = deadlines.takeDue(1_000)) {
        taken.push(next.dueAt);
      }
      expect(taken).toEqual([...times].sort((left, right) => left - right));
      expect(deadlines.nextAt).toBe(Infinity);
    }),
  );
});
