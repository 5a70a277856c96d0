import * as fc from 'fast-check';
import { LinkedList, type ListNode } from '../../src/core/linked-list';

test('an empty list has no first and gives nothing', () => {
  const list = new LinkedList<number>();
  expect([list.length, list.first, list.shift(), [...list]]).toEqual([0, undefined, undefined, []]);
});

test('a value that is out stays out, however often it is removed', () => {
  const list = new LinkedList<string>();
  const [a] = [list.push('a'), list.push('b')];
  a.remove();
  a.remove();
  expect([...list]).toEqual(['b']);
  expect(list.shift()).toBe('b');
  expect(list.length).toBe(0);
});

test('does what an array does, whatever comes', () => {
  const operation = fc.oneof(
    fc.constantFrom('push', 'unshift', 'shift'),
    fc.record({ removeAt: fc.nat({ max: 50 }) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const list = new LinkedList<number>();
      let array: { value: number; node: ListNode<number> }[] = [];
      for (const [value, step] of operations.entries()) {
        if (step === 'push') array.push({ value, node: list.push(value) });
        else if (step === 'unshift') array.unshift({ value, node: list.unshift(value) });
        else if (step === 'shift') expect(list.shift()).toBe(array.shift()?.value);
        else if (typeof step === 'object' && array.length > 0) {
          const at = step.removeAt % array.length;
          array[at]!.node.remove();
          array = array.toSpliced(at, 1);
        }
        expect([...list]).toEqual(array.map((entry) => entry.value));
        expect([list.length, list.first]).toEqual([array.length, array[0]?.value]);
      }
    }),
  );
});
