import { Departures } from '../src/service/departures';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Departures with so many places, and what has left. */
function departures(places = Infinity) {
  const left: string[] = [];
  const all = new Departures(() => left.length < places);
  const add = (name: string, inMs: number): void => {
    all.add(performance.now() + inMs, () => left.push(name));
  };
  const more = (count: number): void => {
    places += count;
    all.depart();
  };
  return { all, left, add, more };
}

test('each leaves at its time, whatever came before it, and what has no time to wait for at once', () => {
  const { left, add } = departures();
  add('later', 30);
  add('soon', 10);
  add('now', 0);
  add('past', -5);
  expect(left).toEqual(['now', 'past']);
  jest.advanceTimersByTime(9);
  expect(left).toHaveLength(2);
  jest.advanceTimersByTime(1);
  expect(left.at(-1)).toBe('soon');
  add('as soon', 5);
  jest.advanceTimersByTime(20);
  expect(left).toEqual(['now', 'past', 'soon', 'as soon', 'later']);
  expect(jest.getTimerCount()).toBe(0);
});

test('what finds no place waits for one, and nothing overtakes it', () => {
  const { all, left, add, more } = departures(1);
  add('first', 0);
  add('second', 10);
  add('third', 20);
  expect(all.ready).toBe(0);
  jest.advanceTimersByTime(25);
  expect([left, all.ready]).toEqual([['first'], 2]);
  add('fourth', 0);
  expect([left, all.ready]).toEqual([['first'], 3]);
  more(2);
  expect(left).toEqual(['first', 'second', 'third']);
  more(5);
  expect([left.at(-1), all.ready]).toEqual(['fourth', 0]);
});

test('at the end all leave, and no timer is left', () => {
  const { all, left, add } = departures(1);
  for (const [index, name] of ['a', 'b', 'c'].entries()) add(name, 1_000 * index);
  all.departAll();
  expect(left).toEqual(['a', 'b', 'c']);
  expect(jest.getTimerCount()).toBe(0);
  add('d', 100);
  expect(jest.getTimerCount()).toBe(1);
  all.departAll();
  expect(left).toHaveLength(4);
});
