import { Body, BodySize, encodeText, type Limits } from '@majordomo/protocol';
import * as fc from 'fast-check';
import { BodyBound } from '../../src/core/body-bound';

const limits = fc.record<Limits>({
  framesMax: fc.integer({ min: 1, max: 20 }),
  frameBytesMax: fc.integer({ min: 1, max: 2_000 }),
  messageBytesMax: fc.integer({ min: 1, max: 2_000 }),
});
const part = fc.oneof(
  fc.string({ maxLength: 700, unit: 'grapheme', size: 'max' }),
  fc.uint8Array({ maxLength: 2_100, size: 'max' }),
);
const body = fc.oneof(part, fc.array(part, { maxLength: 25, size: 'max' })).map((input) => Body.of(input));

const throws = (action: () => void): boolean => {
  try {
    action();
    return false;
  } catch {
    return true;
  }
};

test.each([true, false])(
  'plain: %p: refuses what a count of its frames refuses, and nothing else',
  (plain) => {
    fc.assert(
      fc.property(limits, body, fc.constantFrom('s', 'x'.repeat(255)), (within, each, service) => {
        const envelope = plain
          ? { frames: 3, bytes: 7 + encodeText(service).length }
          : { frames: 0, bytes: 0 };
        const bound = throws(() => new BodyBound(within, plain).check(each, service));
        expect(bound).toBe(throws(() => new BodySize(within, '', envelope).add(each.frames)));
      }),
      { numRuns: 2_000 },
    );
  },
);

test('the error says whose limits they are', () => {
  const bound = new BodyBound(
    { framesMax: 8, frameBytesMax: 10, messageBytesMax: 10 },
    false,
    'tcp://a:5555',
  );
  expect(() => bound.check(Body.of('x'.repeat(11)), 'echo')).toThrow(
    'A request to echo by way of tcp://a:5555 of 11 bytes: at most 10 (limits).',
  );
});
