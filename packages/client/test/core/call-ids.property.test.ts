import { Body, NO_METADATA } from '@majordomo/protocol';
import * as fc from 'fast-check';
import { Call } from '../../src/core/call';
import { CallIds } from '../../src/core/call-ids';

const ID_MAX = 2 ** 31 - 1;
const terms = {
  timeoutMs: 1_000,
  retries: 0,
  idempotent: true,
  stream: false,
  priority: 4,
  failFast: false,
  metadata: NO_METADATA,
};
const caller = { partial: () => true, replied: () => undefined, failed: () => undefined };
const newCall = () => new Call('echo', Body.of(''), terms, caller, 0);

const step = fc.oneof(
  { weight: 3, arbitrary: fc.constant('give' as const) },
  { weight: 2, arbitrary: fc.nat(1_000) },
);

test.each([0, ID_MAX - 50])('after %p: behaves as a map of what has an id and has not ended', (last) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const ids = new CallIds(last);
      const model = new Map<number, Call>();
      const all = new Set<number>();
      for (const each of steps) {
        if (each === 'give') {
          const call = newCall();
          const id = ids.give(call);
          expect(id).toBe(call.id);
          expect(id >= 1 && id <= ID_MAX).toBe(true);
          expect(model.has(id)).toBe(false);
          model.set(id, call);
          all.add(id);
        } else {
          const [id, call] = [...model][each % Math.max(1, model.size)] ?? [];
          if (!id || !call) continue;
          ids.free(call);
          ids.free(call);
          model.delete(id);
          expect(ids.get(id)).toBeUndefined();
        }
        expect(ids.size).toBe(model.size);
      }
      for (const [id, call] of model) expect(ids.get(id)).toBe(call);
      for (const id of all) expect(ids.wasGiven(id)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('an id that was never given is told from one that has ended', () => {
  const ids = new CallIds();
  const call = newCall();
  ids.free(Object.assign(call, { id: ids.give(call) }));
  expect([0, 1, 2, ID_MAX].map((id) => ids.wasGiven(id))).toEqual([false, true, false, false]);
});

test('a call that lasts keeps its id while others come and go', () => {
  const ids = new CallIds();
  const lasting = newCall();
  const id = ids.give(lasting);
  const given = new Set<number>();
  for (let n = 0; n < 10_000; n++) {
    const call = newCall();
    given.add(ids.give(call));
    ids.free(call);
  }
  expect(given.has(id)).toBe(false);
  expect(ids.get(id)).toBe(lasting);
});
