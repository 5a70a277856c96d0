import { AbortListeners } from '../src/abort-listeners';

function signal() {
  const controller = new AbortController();
  const added = jest.spyOn(controller.signal, 'addEventListener');
  const removed = jest.spyOn(controller.signal, 'removeEventListener');
  return { controller, signal: controller.signal, added, removed };
}

test('one listener for many, and all of them are told', () => {
  const listeners = new AbortListeners();
  const { controller, signal: shared, added } = signal();
  const told = Array.from({ length: 20 }, () => jest.fn());
  for (const each of told) listeners.add(shared, each);
  expect(added).toHaveBeenCalledTimes(1);
  controller.abort();
  for (const each of told) expect(each).toHaveBeenCalledTimes(1);
});

test('the listener goes with the last of them, and comes again with the next', () => {
  const listeners = new AbortListeners();
  const { controller, signal: shared, added, removed } = signal();
  const [first, second, third] = [jest.fn(), jest.fn(), jest.fn()];
  const unlisten = [listeners.add(shared, first), listeners.add(shared, second)];
  unlisten[0]!();
  unlisten[0]!();
  expect(removed).not.toHaveBeenCalled();
  unlisten[1]!();
  expect(removed).toHaveBeenCalledTimes(1);
  listeners.add(shared, third);
  expect(added).toHaveBeenCalledTimes(2);
  unlisten[1]!();
  controller.abort();
  expect([first, second, third].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 1]);
});

test('signals do not hear of each other', () => {
  const listeners = new AbortListeners();
  const [one, two] = [signal(), signal()];
  const [first, second] = [jest.fn(), jest.fn()];
  listeners.add(one.signal, first);
  listeners.add(two.signal, second);
  two.controller.abort();
  expect([first, second].map(({ mock }) => mock.calls.length)).toEqual([0, 1]);
});

test('who leaves while they are being told is left in peace', () => {
  const listeners = new AbortListeners();
  const { controller, signal: shared } = signal();
  const unlisten: (() => void)[] = [];
  const told: number[] = [];
  for (let n = 0; n < 4; n++) {
    unlisten.push(
      listeners.add(shared, () => {
        told.push(n);
        unlisten[n]!();
        unlisten[2]!();
      }),
    );
  }
  controller.abort();
  expect(told).toEqual([0, 1, 3]);
});
