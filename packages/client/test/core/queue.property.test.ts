import * as fc from 'fast-check';
import { Queue, type Queued } from '../../src/core/queue';

interface Item extends Queued<Item> {
  readonly name: number;
}

const ITEMS = 8;
const step = fc.record({
  kind: fc.constantFrom('push' as const, 'unshift' as const, 'remove' as const, 'shift' as const),
  item: fc.nat(ITEMS - 1),
});

test('behaves as an array', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const items = Array.from({ length: ITEMS }, (_, name): Item => ({
        name,
        queue: undefined,
        ahead: undefined,
        behind: undefined,
      }));
      const queue = new Queue<Item>();
      let model: Item[] = [];
      for (const { kind, item: index } of steps) {
        const item = kind === 'shift' ? (model[0] ?? items[0]!) : items[index]!;
        if (kind === 'remove' || kind === 'shift') {
          queue.remove(item);
          model = model.filter((each) => each !== item);
        } else if (!model.includes(item)) {
          queue[kind](item);
          model[kind](item);
        }
        expect([...queue]).toEqual(model);
        expect(queue.first).toBe(model[0]);
        expect(queue.length).toBe(model.length);
      }
    }),
    { numRuns: 300 },
  );
});

test('what stands in another queue stays there', () => {
  const item: Item = { name: 1, queue: undefined, ahead: undefined, behind: undefined };
  const [here, there] = [new Queue<Item>(), new Queue<Item>()];
  there.push(item);
  here.remove(item);
  expect([...there]).toEqual([item]);
  expect(here.length).toBe(0);
});
