import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { readValue, writeValue, encodingOf } from '../src/wire/encoding';
import { Unfit } from '../src/wire/unfit';

const bytes = (...parts: (string | number | number[])[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part as string))),
  );

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const SELF = new Packr({ structuredClone: true });
const RECORDS = new Packr({ useRecords: true });
const circular: { self?: unknown } = {};
circular.self = circular;

/** What must be refused, and why. */
const HOSTILE: readonly (readonly [what: string, frame: Uint8Array, why: string])[] = [
  ['text that is no JSON', bytes('{"sku":'), 'it is not JSON: '],
  ['two values of JSON', bytes('{} {}'), 'it is not JSON: '],
  ['bytes that are not UTF-8', bytes('{"sku":"', 0x41, 0xff, '"}'), 'its bytes are not UTF-8'],
  ['a byte order mark', bytes(0xef, 0xbb, 0xbf, '{}'), 'it is not MessagePack'],
  ['the key __proto__', bytes('{"sku":"a","__proto__":{"quantity":2}}'), 'the key __proto__ is not taken'],
  ['the same, escaped', bytes('{"sku":"a","\\u005f_proto__":{}}'), 'the key __proto__ is not taken'],
  ['the same, within', bytes('[{"a":[{"__proto__":1}]}]'), 'the key __proto__ is not taken'],
  ['101 levels of lists', bytes(nested(101)), 'nested deeper than 100 levels'],
  ['a million levels', bytes('{"a":'.repeat(1_000_000)), 'nested deeper than 100 levels'],
  ['brackets behind an escaped quote', bytes(`["\\\\",${'['.repeat(200)}`), 'nested deeper'],
  ['MessagePack that ends early', bytes(0x82, 0xa1, 'a', 1), 'ends in the middle'],
  ['a list of four billion', bytes(0xdd, 0xff, 0xff, 0xff, 0xff), 'ends in the middle'],
  ['text of four billion bytes', bytes(0xdb, 0xff, 0xff, 0xff, 0xff, 'a'), 'ends in the middle'],
  ['two values of MessagePack', bytes(0x90, 0x90), 'bytes follow the value'],
  ['the byte that means nothing', bytes(0xc1), 'the byte c1 has no meaning'],
  ['deep MessagePack', Buffer.alloc(100_000, 0x91), 'nested deeper than 100 levels'],
  [
    'deep maps',
    bytes(
      ...Array.from({ length: 101 }, () => bytes(0x81, 0xa0).toString('latin1')).map((s) => [
        ...Buffer.from(s, 'latin1'),
      ]),
      0xc0,
    ),
    'nested deeper than 100 levels',
  ],
  ['a key that is a number', bytes(0x81, 1, 1), 'a key that is no text'],
  [
    'the key __proto__ in MessagePack',
    bytes(0x81, 0xa9, '__proto__', 0x80),
    'the key __proto__ is not taken',
  ],
  [
    'the same with a longer length',
    bytes(0x81, 0xd9, 9, '__proto__', 0x80),
    'the key __proto__ is not taken',
  ],
  ['text that is not UTF-8', bytes(0x91, 0xa2, 0xc3, 0x28), 'text whose bytes are not UTF-8'],
  ['an unknown extension', bytes(0xd4, 0x07, 0x00), 'extension (type 7)'],
  ['a long extension', bytes(0xc7, 3, 0x65, 1, 2, 3), 'extension (type 101)'],
  ['undefined as an extension', bytes(0xd4, 0x00, 0x00), 'extension (type 0)'],
  ['a timestamp of two bytes', bytes(0xd5, 0xff, 0, 0), 'extension (type -1)'],
  ['a regular expression', SELF.pack([/(a+)+$/]), 'extension (type 120)'],
  ['an error', SELF.pack([new Error('x')]), 'extension (type 101)'],
  ['a set', SELF.pack([new Set([1])]), 'extension (type 115)'],
  ['an array of floats', bytes(0xc7, 9, 0x74, 8, 0, 0, 0, 0, 0, 0, 0, 0), 'extension (type 116)'],
  ['a reference to itself', SELF.pack(circular), 'extension (type 105)'],
  ['a record', RECORDS.pack([{ a: 1 }, { a: 2 }]), 'extension (type 114)'],
];

const unfit = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof Unfit) return error.issues[0]!.message;
    throw error;
  }
  throw new Error('should have been refused');
};

describe('read', () => {
  test.each(HOSTILE)('%s is refused', (_, frame, why) => {
    expect(unfit(() => readValue(frame, encodingOf(frame, undefined)))).toContain(why);
  });

  test('a content type that is none of ours is refused', () => {
    expect(unfit(() => encodingOf(bytes('{}'), 'text/xml'))).toContain(
      'neither JSON nor MessagePack: "text/xml"',
    );
    expect(unfit(() => encodingOf(bytes('{}'), 'constructor'))).toContain('neither JSON');
    expect(unfit(() => encodingOf(bytes('{}'), ''))).toContain('neither JSON');
  });

  test('whatever bytes come, they are a value or are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom('json', 'msgpack'), (frame, encoding) => {
        try {
          readValue(frame, encoding as 'json');
        } catch (error) {
          expect(error).toBeInstanceOf(Unfit);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('a hundred levels are taken', () => {
    expect(readValue(bytes(nested(100)), 'json')).toHaveLength(1);
    expect(readValue(bytes(...Array<number>(99).fill(0x91), 0x90), 'msgpack')).toHaveLength(1);
  });

  test('brackets and __proto__ in text are text', () => {
    const value = { a: `${'['.repeat(500)}\\"`, b: '__proto__', c: '\\' };
    expect(readValue(bytes(JSON.stringify(value)), 'json')).toEqual(value);
  });

  test('numbers and dates of MessagePack are what they say', () => {
    expect(readValue(bytes(0xcf, 0, 0, 0, 1, 0, 0, 0, 0), 'msgpack')).toBe(2 ** 32);
    expect(readValue(bytes(0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0), 'msgpack')).toBe(-(2n ** 63n));
    expect(readValue(bytes(0xd6, 0xff, 0, 0, 0, 1), 'msgpack')).toEqual(new Date(1_000));
  });
});

describe('written', () => {
  test('what the encoding has no form for is refused', () => {
    expect(unfit(() => writeValue(1n, 'json'))).toContain('cannot be written as JSON');
    expect(unfit(() => writeValue(circular, 'json'))).toContain('cannot be written as JSON');
    expect(unfit(() => writeValue(() => 1, 'json'))).toContain('JSON has no form for a function');
    expect(unfit(() => writeValue(JSON.parse(nested(101)), 'json'))).toContain('nested deeper');
    expect(unfit(() => writeValue(JSON.parse('{"__proto__":1}'), 'json'))).toContain('__proto__');
    expect(unfit(() => writeValue([2n ** 70n], 'msgpack'))).toContain('MessagePack');
    expect(unfit(() => writeValue(new Map([[1, 2]]), 'msgpack'))).toContain('a key that is no text');
    expect(unfit(() => writeValue(JSON.parse('{"__proto__":1}'), 'msgpack'))).toContain('__proto__');
    expect(unfit(() => writeValue(circular, 'msgpack'))).not.toBe('');
  });

  test('what is written is read as it was, in both encodings, whether or not anybody says which', () => {
    const key = fc.string().filter((text) => text !== '__proto__');
    const value = fc
      .jsonValue({ noUnicodeString: false })
      .map((json) => JSON.parse(JSON.stringify(json)) as unknown);
    fc.assert(
      fc.property(
        fc.oneof(value, fc.dictionary(key, value)),
        fc.constantFrom('json', 'msgpack'),
        (given, encoding) => {
          let frame: string | Uint8Array;
          try {
            frame = writeValue(given, encoding as 'json');
          } catch (error) {
            expect(JSON.stringify(given)).toMatch(/__proto__/);
            return expect(error).toBeInstanceOf(Unfit);
          }
          const wire = Buffer.from(frame);
          expect(encodingOf(wire, undefined)).toBe(encoding);
          return expect(readValue(wire, encoding as 'json')).toEqual(given);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('keys without a value are left out, and nothing at all is an empty frame', () => {
    expect(readValue(Buffer.from(writeValue({ a: undefined, b: 1 }, 'msgpack')), 'msgpack')).toEqual({
      b: 1,
    });
    expect(readValue(Buffer.from(writeValue({ a: undefined, b: 1 }, 'json')), 'json')).toEqual({ b: 1 });
    for (const encoding of ['json', 'msgpack'] as const) {
      expect(writeValue(undefined, encoding)).toHaveLength(0);
      expect(readValue(new Uint8Array(0), encoding)).toBeUndefined();
    }
  });
});
