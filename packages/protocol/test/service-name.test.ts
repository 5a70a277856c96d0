import { decodeAtBroker, encodeText, isServiceName, requireServiceName } from '../src/index';

test.each([
  ['one byte', 'a'],
  ['255 bytes', 'a'.repeat(255)],
  ['255 bytes of UTF-8', 'é'.repeat(127) + 'a'],
  ['spaces and punctuation', 'a service, v1.0 / (beta)'],
  ['letters of many scripts', 'Größe 数学 Ελληνικά'],
  ['an emoji', 'cake 🍰'],
  ['what looks like a number', '42'],
])('%s is a service name', (_what, name) => {
  expect(isServiceName(name)).toBe(true);
  expect(requireServiceName(name)).toBe(name);
});

test.each([
  ['nothing', ''],
  ['256 bytes', 'a'.repeat(256)],
  ['256 bytes of UTF-8 in fewer characters', 'é'.repeat(128)],
  ['a line break', 'a\nb'],
  ['a tab', 'a\tb'],
  ['a NUL', 'a\0'],
  ['DEL', '\x7f'],
  ['a C1 control character', 'a\u0085'],
  ['a line separator', 'a\u2028b'],
  ['a paragraph separator', 'a\u2029b'],
  ['a direction override', 'a\u202eb'],
  ['a zero-width space', 'a\u200bb'],
  ['a byte order mark', '\ufeffa'],
  ['half of a surrogate pair', 'a\ud800'],
])('%s is not', (_what, name) => {
  expect(isServiceName(name)).toBe(false);
  expect(() => requireServiceName(name)).toThrow(expect.objectContaining({ code: 'INVALID_SERVICE' }));
});

test('what is no text at all is refused by type', () => {
  expect(() => requireServiceName(7 as unknown as string)).toThrow('got number');
});

test.each([
  ['a byte that never occurs in UTF-8', [0x61, 0xff]],
  ['a sequence cut short', [0x61, 0xc3]],
  ['a continuation byte alone', [0x80]],
  ['an overlong form', [0xc0, 0xaf]],
  ['an encoded surrogate', [0xed, 0xa0, 0x80]],
])('a service frame with %s is rejected', (_what, bytes) => {
  const frames = [encodeText('MDPC02'), Uint8Array.of(1), Uint8Array.from(bytes), encodeText('body')];
  expect(decodeAtBroker(frames)).toMatchObject({ ok: false, rejection: { reason: 'bad_service_name' } });
});
