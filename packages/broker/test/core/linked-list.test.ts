import * as fc from 'fast-check';
import { LinkedList, type ListNode } from '../../src/core/linked-list';

test('an empty list has no first', () => {
  const list = new LinkedList<number>();
  expect([list.length, list.first, [...list]]).toEqual([0, undefined, []]);
});

test('a value that is out stays out, however often it is removed', () => {
  const list = new LinkedList<string>();
  const [a, b] = [list.push('a'), list.push('b')];
  a.remove();
  a.remove();
  expect([...list]).toEqual(['b']);
  b.remove();
  expect(list.length).toBe(0);
});

test('does what an array does, whatever comes', () => {
  const operation = fc.oneof(fc.constant('push' as const), fc.record({ removeAt: fc.nat({ max: 50 }) }));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const list = new LinkedList<number>();
      let array: { value: number; node: ListNode<number> }[] = [];
      for (const [value, step] of operations.entries()) {
        if (step === 'push') array.push({ value, node: list.push(value) });
        else if (array.length > 0) {
          const at = step.removeAt % array.length;
          array[at]!.node.remove();
          array = array.toSpliced(at, 1);
        }
        expect([...list]).toEqual(array.map((entry) => entry.value));
        expect([list.length, list.first]).toEqual([array.length, array[0]?.value]);
        for (const behind of [0, 1, 3]) expect(list.fromEnd(behind)).toBe(array.at(-1 - behind)?.value);
      }
    }),
  );
});
