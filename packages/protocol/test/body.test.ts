import { Body, encodeText, toFrames, type BodyInput, type Frame } from '../src/index';

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
  expect(Body.of(new Body([])).length).toBe(1);
  expect(toFrames([])).toEqual([new Uint8Array(0)]);
});

/** A body in the middle of a packed message, its section `table` and inline bytes as hex. */
function section(hex: string, apart?: Frame[], around = 4): Body {
  const bytes = Buffer.from(hex, 'hex');
  const source = Buffer.concat([Buffer.alloc(around, 0xaa), bytes, Buffer.alloc(around, 0xbb)]);
  return Body.packed(source, around, around + bytes.length, apart);
}

const copied = (body: Body): Buffer | undefined => {
  let seen: Buffer | undefined;
  body.copySection({ section: (source, start, end) => (seen = Buffer.from(source.subarray(start, end))) });
  return seen;
};

describe('a section of a packed message', () => {
  const three = '0003000000010000000080000002' + '61';
  const apart = [encodeText('zz')];

  test('gives its frames in order, those beside it in their places', () => {
    const body = section(three, apart);
    expect([body.length, body.byteLength]).toEqual([3, 3]);
    expect([...body].map((frame) => Buffer.from(frame).toString())).toEqual(['a', '', 'zz']);
    expect([body.length, body.byteLength]).toEqual([3, 3]);
    expect(body.bytes(2)).toBe(apart[0]);
    expect([body.text(0), body.text(1), body.text(2)]).toEqual(['a', '', 'zz']);
  });

  test('is counted without being opened', () => {
    const body = section('0001000000050102030405');
    expect([body.length, body.byteLength, body.unencoded]).toEqual([1, 5, undefined]);
  });

  test('is passed on as it came, before it is read and after', () => {
    const body = section(three, apart);
    expect(copied(body)?.toString('hex')).toBe(three);
    expect(body.frames).toHaveLength(3);
    expect(copied(body)?.toString('hex')).toBe(three);
    expect(copied(Body.of('text'))).toBeUndefined();
  });

  test('detached, it lies in memory of its own', () => {
    const body = section(three, apart, 5_000);
    body.detach();
    let memory = 0;
    body.copySection({ section: (source) => (memory = source.buffer.byteLength) });
    expect(memory).toBe(three.length / 2);
    body.detach();
    expect(copied(body)?.toString('hex')).toBe(three);
    expect([...body].map((frame) => Buffer.from(frame).toString())).toEqual(['a', '', 'zz']);
    Body.of('text').detach();
  });

  test('frames that are a small share of their message are copied out of it when they are read, others are not', () => {
    const small = section('00010000000161', [], 5_000);
    expect(small.bytes().buffer.byteLength).toBe(7);
    const large = section(`000100000040${'61'.repeat(64)}`, [], 4);
    expect(large.bytes().buffer.byteLength).toBeGreaterThanOrEqual(78);
  });
});

test('text is kept as it is until somebody wants its bytes', () => {
  const body = Body.of('größe');
  expect([body.unencoded, body.length, body.text()]).toEqual(['größe', 1, 'größe']);
  expect(body.byteLength).toBe(7);
  expect(body.text()).toBe('größe');
  expect(body.unencoded).toBeUndefined();
  expect(Body.of(body)).toBe(body);
  expect(Body.of(undefined).frames).toEqual([new Uint8Array(0)]);
});
