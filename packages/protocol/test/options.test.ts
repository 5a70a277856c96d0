import { z } from 'zod';
import { DEFAULT_LIMITS, isEndpoint, limitsSchema, loggerSchema, parseOptions, SILENT } from '../src/index';

const schema = z.strictObject({
  count: z.number().int().min(1).default(5),
  inner: limitsSchema.prefault({}),
});

test('defaults are filled in, the result is frozen, the input is left alone', () => {
  const input = { count: 2 };
  const options = parseOptions(schema, input, 'test');
  expect(options).toEqual({ count: 2, inner: DEFAULT_LIMITS });
  expect(Object.isFrozen(options)).toBe(true);
  expect(input).toEqual({ count: 2 });
  expect(Object.isFrozen(input)).toBe(false);
});

test.each([
  ['NaN', { count: NaN }, 'count: '],
  ['a fraction', { count: 1.5 }, 'count: '],
  ['a negative number', { count: -1 }, 'count: '],
  ['a text', { count: '5' }, 'count: '],
  ['something within', { inner: { framesMax: 0 } }, 'inner.framesMax: '],
  ['an unknown key', { size: 5 }, '"size"'],
  ['no object', 7, 'expected object'],
])('%s is refused by name', (_what, input, words) => {
  expect(() => parseOptions(schema, input, 'test')).toThrow(
    expect.objectContaining({
      name: 'InvalidOptionsError',
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/^The test options do not fit: .+\.$/),
      cause: expect.any(z.ZodError),
    }),
  );
  expect(() => parseOptions(schema, input, 'test')).toThrow(words);
});

test('every fault is named', () => {
  expect(() => parseOptions(schema, { count: 0, inner: { frameBytesMax: 1.5 } }, 'test')).toThrow(
    /count: .+; inner\.frameBytesMax: /,
  );
});

test('the limits have defaults and bounds', () => {
  expect(DEFAULT_LIMITS).toEqual({
    framesMax: 1_024,
    frameBytesMax: 67_108_864,
    messageBytesMax: 67_108_864,
  });
  for (const wrong of [{ framesMax: 65_536 }, { frameBytesMax: 2 ** 31 }, { messageBytesMax: 0 }]) {
    expect(limitsSchema.safeParse(wrong).success).toBe(false);
  }
});

test('a logger has its four methods, and is silent where none is given', () => {
  expect(loggerSchema.parse(undefined)).toBe(SILENT);
  expect(loggerSchema.parse(console)).toBe(console);
  for (const wrong of [null, 'console', {}, { info: String }])
    expect(loggerSchema.safeParse(wrong).success).toBe(false);
});

test.each([
  'tcp://127.0.0.1:5555',
  'tcp://*:5555',
  'tcp://127.0.0.1:*',
  'tcp://127.0.0.1:0',
  'tcp://broker.example:65535',
  'tcp://[::1]:5555',
  'tcp://eth0:5555',
  'ipc:///tmp/majordomo.sock',
  'inproc://broker',
])('%s is an endpoint', (text) => expect(isEndpoint(text)).toBe(true));

test.each([
  '',
  '127.0.0.1:5555',
  'tcp://127.0.0.1',
  'tcp://127.0.0.1:65536',
  'tcp://:5555',
  'tcp://host:port',
  'tcp://a b:5555',
  'udp://127.0.0.1:5555',
  'ipc://',
  ' tcp://127.0.0.1:5555',
  'tcp://127.0.0.1:5555\n',
])('%p is not', (text) => expect(isEndpoint(text)).toBe(false));
