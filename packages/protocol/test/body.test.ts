import { Body, encodeText, toFrames, type BodyInput } from '../src/index';

const texts = (input: BodyInput): string[] =>
  [...toFrames(input)].map((frame) => Buffer.from(frame).toString());

test('text, bytes, lists of both and nothing become frames, at least one', () => {
  expect(texts('hello')).toEqual(['hello']);
  expect(texts(encodeText('bytes'))).toEqual(['bytes']);
  expect(texts(['a', encodeText('b'), ''])).toEqual(['a', 'b', '']);
  expect(texts('')).toEqual(['']);
  expect(texts([])).toEqual(['']);
  expect(texts(undefined)).toEqual(['']);
  expect(texts(new Body([encodeText('x'), encodeText('y')]))).toEqual(['x', 'y']);
});

test('bytes are not copied', () => {
  const bytes = new Uint8Array(8);
  expect(toFrames(bytes)[0]).toBe(bytes);
  expect(new Body([bytes]).bytes()).toBe(bytes);
});

test.each([
  ['null', null, 'null'],
  ['a number', 5, 'number'],
  ['an object', { a: 1 }, 'JSON.stringify'],
  ['a list with a number', ['a', 5], 'number'],
  ['an array buffer', new ArrayBuffer(4), 'object'],
])('%s is no body', (_what, input, words) => {
  expect(() => toFrames(input as BodyInput)).toThrow(
    expect.objectContaining({ code: 'INVALID_BODY', message: expect.stringContaining(words) }),
  );
});

test('a body gives its frames as bytes, text and JSON, and can be destructured', () => {
  const body = new Body([encodeText('text ü'), encodeText('{"a":[1]}'), Uint8Array.of(0xff)]);
  const [first, second] = body;
  expect([first, second]).toEqual([body.bytes(0), body.bytes(1)]);
  expect([body.length, body.byteLength]).toEqual([3, 17]);
  expect(body.text()).toBe('text ü');
  expect(body.json(1)).toEqual({ a: [1] });
  expect(body.text(2)).toBe('\ufffd');
});

test('what is not there or not JSON is an error that says so', () => {
  const body = new Body([encodeText('not JSON')]);
  for (const read of [() => body.bytes(1), () => body.text(-1), () => body.json(7)]) {
    expect(read).toThrow(
      expect.objectContaining({ code: 'INVALID_BODY', message: expect.stringContaining('no frame') }),
    );
  }
  expect(() => body.json()).toThrow(
    expect.objectContaining({ code: 'INVALID_BODY', cause: expect.any(SyntaxError) }),
  );
});

test('a body without frames is sent as one empty frame', () => {
  expect(toFrames(new Body([]))).toEqual([new Uint8Array(0)]);
  expect(toFrames([])).toEqual([new Uint8Array(0)]);
});
