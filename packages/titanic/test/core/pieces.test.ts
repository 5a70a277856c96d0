import fc from 'fast-check';
import { packedBytes, packFrames, unpackFrames } from '../../src/core/frames';
import { makeRequestId, parseRequestId } from '../../src/core/request-id';
import { doomed, RETENTION_DEFAULTS } from '../../src/core/retention';

test('frames come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (frames) => {
      const packed = packFrames(frames);
      expect(packed.length).toBe(packedBytes(frames));
      expect(packed.buffer.byteLength).toBe(packed.length);
      expect(unpackFrames(packed).map((frame) => [...frame])).toEqual(frames.map((frame) => [...frame]));
    }),
  );
});

test('frames that are not whole are refused', () => {
  const packed = packFrames([Buffer.from('hello'), Buffer.from('you')]);
  for (let length = 0; length < packed.length; length++) {
    expect(() => unpackFrames(packed.slice(0, length))).toThrow(RangeError);
  }
});

test('an id is 32 hex characters, later ones after earlier ones', () => {
  const random = new Uint8Array(10).fill(0xab);
  const id = makeRequestId(1_800_000_000_000, random);
  expect(id).toBe(`01a3185c5000${'ab'.repeat(10)}`);
  expect(makeRequestId(1_800_000_000_001, new Uint8Array(10)) > id).toBe(true);
  expect(parseRequestId(id.toUpperCase())).toBe(id);
  for (const wrong of ['', id.slice(1), `${id}0`, `${id}\n`, ` ${id.slice(1)}`, id.replace('a', 'g')]) {
    expect(parseRequestId(wrong)).toBeUndefined();
  }
});

test('what is to go, by age and by count', () => {
  const counts = { done: 1_000_005, dead: 3, expired: 0, cancelled: 0 };
  expect(doomed(RETENTION_DEFAULTS, counts, 1e12)).toMatchObject([
    { state: 'done', before: 1e12 - 86_400_000, excess: 5 },
    { state: 'dead', excess: 0 },
    { state: 'expired', excess: 0 },
    { state: 'cancelled', excess: 0 },
  ]);
});
