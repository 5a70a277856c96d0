import * as fc from 'fast-check';
import { hash, IdMap } from '../src/id-map';

const U32_MAX = 2 ** 32 - 1;

/** Few ids, so that they meet again; such as follow one another; and such as differ in their upper bits only. */
const id = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 2_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 255 }).map((upper) => upper * 0x100_0000) },
  { weight: 1, arbitrary: fc.constantFrom(1, 2 ** 31 - 1, 2 ** 31, U32_MAX) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: U32_MAX }) },
);

type Step =
  | { do: 'set' | 'delete'; id: number }
  | { do: 'fill' | 'empty'; from: number; count: number }
  | { do: 'clear' };

const run = { from: fc.integer({ min: 1, max: 3_000 }), count: fc.integer({ min: 1, max: 300 }) };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('set' as const, 'delete' as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('fill' as const, 'empty' as const), ...run }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
);

const idsOf = (each: Step): number[] => {
  if (each.do === 'clear') return [];
  if ('id' in each) return [each.id];
  return Array.from({ length: each.count }, (_, n) => each.from + n);
};

test('does what a Map does, whatever comes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ids = new IdMap<string>();
      const map = new Map<number, string>();
      let written = 0;
      for (const each of steps) {
        if (each.do === 'clear') {
          ids.clear();
          map.clear();
        }
        for (const key of idsOf(each)) {
          if (each.do === 'set' || each.do === 'fill') {
            const value = `${key}/${written++}`;
            ids.set(key, value);
            map.set(key, value);
          } else if (ids.delete(key) !== map.delete(key)) {
            expect(key).toBe('the same in both');
          }
        }
        for (const key of idsOf(each)) {
          if (ids.get(key) !== map.get(key) || ids.has(key) !== map.has(key))
            expect(key).toBe('the same in both');
        }
        expect(ids.size).toBe(map.size);
        expect(ids.values().sort()).toEqual([...map.values()].sort());
        expect([...map.keys()].map((key) => ids.get(key))).toEqual([...map.values()]);
      }
    }),
    { numRuns: 150 },
  );
});

test('no search is endless and none finds another id, however full it is', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(id, { maxLength: 400 }),
      fc.uniqueArray(id, { maxLength: 100 }),
      (kept, asked) => {
        const ids = new IdMap<number>();
        for (const key of kept) ids.set(key, key);
        for (const key of asked) expect(ids.get(key)).toBe(kept.includes(key) ? key : undefined);
      },
    ),
  );
});

test('what is no id is not there', () => {
  const ids = new IdMap<string>();
  ids.set(1, 'one');
  for (const none of [0, -1, 1.5, NaN, Infinity, 2 ** 32, 2 ** 32 + 1]) {
    expect([ids.get(none), ids.has(none), ids.delete(none)]).toEqual([undefined, false, false]);
  }
  expect(ids.size).toBe(1);
});

test('a long run of ids that follow one another, thousands at a time, and of few after that', () => {
  const ids = new IdMap<number>();
  let last = 0;
  for (const held of [10_000, 3]) {
    for (let n = 0; n < 200_000; n++) {
      ids.set(++last, last);
      while (ids.size > held) {
        const { size } = ids;
        ids.delete(last - size + 1);
        if (ids.size !== size - 1) expect(last - size + 1).toBe('in the map');
      }
    }
    const oldest = last - held + 1;
    expect([ids.get(oldest), ids.get(oldest - 1), ids.get(last)]).toEqual([oldest, undefined, last]);
    expect(ids.values().sort((left, right) => left - right)).toHaveLength(held);
  }
});

test('the values can be walked through while they are taken out', () => {
  const ids = new IdMap<number>();
  for (let key = 1; key <= 100; key++) ids.set(key, key);
  const seen = new Set<number>();
  for (const key of ids.values()) {
    seen.add(key);
    ids.delete(key);
  }
  expect([seen.size, ids.size]).toEqual([100, 0]);
});

test('ids that were chosen to belong in one place belong in many where the seed is another', () => {
  const places = (seed: number): number =>
    new Set(collidingIds(4_000).map((id) => hash(id, seed) >>> 20)).size;
  expect(places(0)).toBe(1);
  expect(places(0x1234_5678)).toBeGreaterThan(2_000);
});

/** Ids that all belong in the first of 2¹² places where the seed is 0. */
function collidingIds(count: number): number[] {
  const inverse = (odd: number): number => {
    let x = odd;
    for (let step = 0; step < 5; step++) x = Math.imul(x, 2 - Math.imul(odd, x));
    return x;
  };
  const ids: number[] = [];
  for (let place = 1; ids.length < count; place++) {
    let mixed = Math.imul(place, inverse(0x61c8_864f));
    mixed ^= mixed >>> 15;
    mixed ^= mixed >>> 30;
    const id = Math.imul(mixed, inverse(0x9e37_79b1)) >>> 0;
    if (id !== 0) ids.push(id);
  }
  return ids;
}
