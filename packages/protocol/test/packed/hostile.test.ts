import * as fc from 'fast-check';
import {
  Body,
  DEFAULT_LIMITS,
  NO_METADATA,
  REJECTION_REASONS,
  type Frame,
  type Limits,
} from '../../src/index';
import { asJson } from '../as-json';
import { COMMANDS } from './arbitraries';
import { DIRECTION_NAMES, DIRECTIONS, messagesOf, type DirectionName } from './directions';
import { framesOf, VECTORS, withoutOpening } from './vectors';

/** Decodes what may be anything: a typed rejection, or commands that fit their schema and can be read through. */
function survives(
  direction: DirectionName,
  frames: readonly Frame[],
  limits: Limits = DEFAULT_LIMITS,
): object[] | string {
  const { to, schema } = DIRECTIONS[direction];
  const decoded = to().decode(frames, limits);
  if (!decoded.ok) {
    expect(REJECTION_REASONS).toContain(decoded.rejection.reason);
    expect(decoded.rejection.detail.length).toBeLessThan(200);
    return decoded.rejection.reason;
  }
  return decoded.command.map((command) => {
    expect(asJson(schema.parse(command) as object)).toEqual(asJson(command));
    return asJson(command);
  });
}

function encoded(direction: DirectionName, commands: readonly object[]): Buffer[] {
  const [message] = messagesOf(DIRECTIONS[direction].from(), commands);
  return message!.map((frame) => Buffer.from(frame));
}

describe.each(DIRECTION_NAMES)('%s', (direction) => {
  const batch = fc.array(COMMANDS[direction], { minLength: 1, maxLength: 4 });
  const header = Buffer.from(direction.includes('client') ? 'MDPCP1' : 'MDPWP1');

  test('cut short at any byte, a message is refused, or is the records before', () => {
    fc.assert(
      fc.property(batch, (commands) => {
        const [head, ...apart] = encoded(direction, commands);
        const all = commands.map(asJson);
        const stride = Math.max(1, Math.floor(head!.length / 300));
        for (let cut = 0; cut < head!.length; cut += stride) {
          const left = survives(direction, [head!.subarray(0, cut), ...apart]);
          if (typeof left !== 'string') expect(left).toEqual(all.slice(0, left.length));
        }
        for (let cut = 0; cut < apart.length; cut++) {
          expect(survives(direction, [head!, ...apart.slice(0, cut)])).toBe('bad_length');
          const shorter = apart.map((frame, index) => (index === cut ? frame.subarray(1) : frame));
          expect(survives(direction, [head!, ...shorter])).toBe('bad_length');
        }
        expect(survives(direction, [head!, ...apart, Buffer.of(1)])).toBe('surplus_frames');
      }),
      { numRuns: 15, seed: 4 },
    );
  });

  test('bits flipped anywhere make no exception', () => {
    fc.assert(
      fc.property(
        batch,
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
        (commands, flips) => {
          const frames = encoded(direction, commands);
          const head = frames[0]!;
          for (const [at, flip] of flips) head[at % Math.min(head.length, 400)]! ^= flip;
          survives(direction, frames);
        },
      ),
      { numRuns: 400, seed: 5 },
    );
  });

  test('records of random kinds, flags and lengths make no exception', () => {
    const record = fc
      .tuple(
        fc.oneof(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 0, max: 255 })),
        fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 })),
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          fc.array(fc.constantFrom(0, 0, 0, 1, 128, 255), { maxLength: 60 }),
        ),
        fc.oneof(
          { weight: 9, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1) },
        ),
      )
      .map(([kind, flags, content, stated]) => {
        const head = Buffer.alloc(6);
        head.writeUInt8(kind, 0);
        head.writeUInt8(flags, 1);
        head.writeUInt32BE(stated ?? content.length, 2);
        return Buffer.concat([head, Uint8Array.from(content)]);
      });
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 6 }),
        fc.uint8Array({ maxLength: 10 }),
        fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 3 }),
        (records, tail, apart) => {
          survives(direction, [Buffer.concat([header, ...records, tail]), ...apart]);
        },
      ),
      { numRuns: 1_500, seed: 6 },
    );
  });

  test('a record said twice is two commands, and nothing worse', () => {
    fc.assert(
      fc.property(COMMANDS[direction], (command) => {
        const [head, ...apart] = encoded(direction, [command]);
        const twice = Buffer.concat([head!, head!.subarray(6)]);
        const read = survives(direction, [twice, ...apart, ...apart]);
        const known = asJson(command);
        // SERVICE in front of a request is said twice as well, and that is a fault.
        if (known['kind'] === 'request' && direction === 'client-to-broker')
          expect(read).toBe('bad_service_number');
        else expect(read).toEqual([known, known]);
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});

test('lengths of 2^31 and 2^32 - 1 in every field of every vector make no exception', () => {
  for (const vector of VECTORS) {
    const frames = [...withoutOpening(framesOf(vector.frames))];
    const head = frames[0]!;
    for (let at = 6; at + 4 <= Math.min(head.length, 80); at++) {
      for (const value of [1, 2 ** 31, 2 ** 32 - 1]) {
        const spoilt = Buffer.from(head);
        spoilt.writeUInt32BE(value, at);
        survives(vector.direction, [spoilt, ...frames.slice(1)]);
      }
    }
  }
});

describe('limits', () => {
  const small: Limits = { framesMax: 4, frameBytesMax: 100, messageBytesMax: 150 };
  const of = (...sizes: number[]): Buffer[] => {
    const body = Body.of(sizes.map((size) => Buffer.alloc(size)));
    return encoded('worker-to-broker', [{ kind: 'final', ref: 1, metadata: NO_METADATA, body }]);
  };

  test.each([
    ['ok', [100]],
    ['ok', [100, 50]],
    ['ok', [40, 40, 40, 30]],
    ['frame_too_large', [101]],
    ['frame_too_large', [1, 101]],
    ['message_too_large', [100, 51]],
    ['too_many_frames', [1, 1, 1, 1, 1]],
    ['frame_too_large', [8_192]],
  ])('%s: a body of frames of %j bytes', (reason, sizes) => {
    const read = survives('worker-to-broker', of(...sizes), small);
    expect(typeof read === 'string' ? read : 'ok').toBe(reason);
  });

  test('bodies are held to them one by one, not the message', () => {
    const body = Buffer.from(`000100000064${'00'.repeat(100)}`, 'hex');
    const record = Buffer.concat([Buffer.from('070000000070' + '00000001' + '0000', 'hex'), body]);
    const frames = [Buffer.concat([Buffer.from('MDPWP1'), record, record, record])];
    expect(survives('worker-to-broker', frames, small)).toHaveLength(3);
  });

  test('inline frames of more than 64 KiB are refused, in one body', () => {
    const inline = (...sizes: number[]): Buffer[] => {
      const table = Buffer.alloc(2 + 4 * sizes.length);
      table.writeUInt16BE(sizes.length);
      sizes.forEach((size, index) => table.writeUInt32BE(size, 2 + 4 * index));
      const content = Buffer.concat([
        Buffer.from('000000010000', 'hex'),
        table,
        ...sizes.map((size) => Buffer.alloc(size)),
      ]);
      const head = Buffer.from('070000000000', 'hex');
      head.writeUInt32BE(content.length, 2);
      return [Buffer.concat([Buffer.from('MDPWP1'), head, content])];
    };
    expect(survives('worker-to-broker', inline(65_536))).toHaveLength(1);
    expect(survives('worker-to-broker', inline(65_537))).toBe('frame_too_large');
    expect(survives('worker-to-broker', inline(60_000, 5_536))).toHaveLength(1);
    expect(survives('worker-to-broker', inline(60_000, 5_537))).toBe('frame_too_large');
  });

  test('a first frame, a number of frames and a message beyond the bounds', () => {
    const first = Buffer.concat([Buffer.from('MDPWP1'), Buffer.alloc(136 * 1_024 + 4 * 4 - 5)]);
    expect(survives('worker-to-broker', [first], small)).toBe('frame_too_large');
    expect(survives('worker-to-broker', [first.subarray(1)], small)).toBe('unknown_header');
    const heartbeat = Buffer.from('4d44505750310c0000000000', 'hex');
    const frames = (count: number) => [
      heartbeat,
      ...Array.from({ length: count - 1 }, () => Buffer.alloc(0)),
    ];
    expect(survives('worker-to-broker', frames(68), small)).toBe('surplus_frames');
    expect(survives('worker-to-broker', frames(69), small)).toBe('too_many_frames');
    const bytes = (more: number) => [
      heartbeat,
      Buffer.alloc(2 * 1_024 * 1_024 + 150 - heartbeat.length + more),
    ];
    expect(survives('worker-to-broker', bytes(0), small)).toBe('surplus_frames');
    expect(survives('worker-to-broker', bytes(1), small)).toBe('message_too_large');
  });
});

test('no frames at all', () => {
  expect(survives('client-to-broker', [])).toBe('empty_message');
  expect(survives('client-to-broker', [Buffer.alloc(0)])).toBe('unknown_header');
});
