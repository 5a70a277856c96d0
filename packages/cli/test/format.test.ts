import { counted, duration, trimmed } from '../src/format';
import { commonExitCode, EXIT } from '../src/exit';
import { splitLines } from '../src/worker/lines';

test.each([
  [0, '0 ms'],
  [0.1234, '0.123 ms'],
  [999, '999 ms'],
  [1_000, '1 s'],
  [61_500, '1 min 1 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
])('%d ms is shown as %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [1_234_567, '1,234,567'],
  [123.4, '123'],
  [12.345, '12.3'],
])('%d is shown as %s', (value, text) => {
  expect(trimmed(value)).toBe(text);
});

test.each([
  [0, '0 requests'],
  [1, '1 request'],
  [1_200, '1,200 requests'],
])('%d is counted as %s', (count, text) => {
  expect(counted(count, 'request')).toBe(text);
});

test('several failures share an exit code, or are a failure', () => {
  expect(commonExitCode([])).toBe(EXIT.ok);
  expect(commonExitCode([EXIT.timeout, EXIT.timeout])).toBe(EXIT.timeout);
  expect(commonExitCode([EXIT.timeout, EXIT.serviceFailure])).toBe(EXIT.failure);
});

describe('splitLines', () => {
  async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array> {
    for (const text of texts) yield Buffer.from(text);
  }
  const lines = async (lineBytesMax: number, ...texts: string[]) => {
    const found: string[] = [];
    for await (const line of splitLines(chunksOf(...texts), lineBytesMax)) found.push(line.toString());
    return found;
  };

  test.each([
    [[], []],
    [['one\ntwo\n'], ['one', 'two']],
    [['one\ntwo'], ['one', 'two']],
    [['\n\n'], ['', '']],
    [
      ['o', 'ne', '\n', 'two', '\nth', 'ree'],
      ['one', 'two', 'three'],
    ],
    [['one\r\n'], ['one\r']],
  ])('%j is %j', async (texts, expected) => {
    expect(await lines(100, ...texts)).toEqual(expected);
  });

  test('a line may be as long as the bound, and no longer', async () => {
    expect(await lines(4, 'abcd\nef', 'gh\n')).toEqual(['abcd', 'efgh']);
    await expect(lines(4, 'ab', 'cd', 'e')).rejects.toThrow('longer than 4 bytes');
  });
});
