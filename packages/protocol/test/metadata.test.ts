import { encodeText, Metadata, METADATA_BYTES_MAX, NO_METADATA } from '../src/index';

test('fields are attributes, and attributes fields', () => {
  const metadata = Metadata.of({ contentType: 'text/plain', traceparent: '00-ü' });
  expect(Buffer.from(metadata.bytes).toString('hex')).toBe(
    `01000a${Buffer.from('text/plain').toString('hex')}020005${Buffer.from('00-ü').toString('hex')}`,
  );
  expect(metadata.contentType).toBe('text/plain');
  expect(metadata.traceparent).toBe('00-ü');
});

test('limits are three numbers, and anything else in their place says nothing', () => {
  const limits = { framesMax: 65_535, frameBytesMax: 2 ** 31 - 1, messageBytesMax: 1 };
  const metadata = Metadata.of({ limits, contentType: 'x' });
  expect(Buffer.from(metadata.bytes).toString('hex')).toBe('01000178' + '10000c0000ffff7fffffff00000001');
  expect([metadata.limits, metadata.contentType]).toEqual([limits, 'x']);
  for (const hex of ['10000b0000ffff7fffffff000000', '10000c0000ffff0000000000000001', '010000']) {
    expect(new Metadata(Buffer.from(hex, 'hex')).limits).toBeUndefined();
  }
});

test('what is not said is not there, and what is empty is', () => {
  expect(Metadata.of({})).toBe(NO_METADATA);
  expect([NO_METADATA.contentType, NO_METADATA.traceparent]).toEqual([undefined, undefined]);
  const metadata = Metadata.of({ contentType: '' });
  expect([metadata.contentType, metadata.traceparent]).toEqual(['', undefined]);
});

test('unknown attributes are passed over, and the first of a type holds', () => {
  const bytes = Uint8Array.of(0x7f, 0, 2, 1, 1, 1, 0, 1, 0x61, 1, 0, 1, 0x62, 2, 0, 1, 0xff);
  const metadata = new Metadata(bytes);
  expect([metadata.contentType, metadata.traceparent]).toEqual(['a', '\ufffd']);
  expect(metadata.bytes).toBe(bytes);
});

test('attributes have a bound', () => {
  const most = METADATA_BYTES_MAX - 3;
  expect(Metadata.of({ contentType: 'x'.repeat(most) }).bytes).toHaveLength(METADATA_BYTES_MAX);
  for (const contentType of ['x'.repeat(most + 1), 'x'.repeat(70_000)]) {
    expect(() => Metadata.of({ contentType })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringContaining('4096') }),
    );
  }
  expect(encodeText('x')).toHaveLength(1);
});

test('how long a request has waited is put in front, where there is a trace and room for it', () => {
  const traced = Metadata.of({ contentType: 'a', traceparent: '00-x' });
  const annotated = traced.waited(1_500.4);
  expect(Buffer.from(annotated.bytes).toString('hex')).toBe(
    `030004000005dc${Buffer.from(traced.bytes).toString('hex')}`,
  );
  expect([annotated.waitedMicros, annotated.traceparent, annotated.contentType]).toEqual([
    1_500,
    '00-x',
    'a',
  ]);
  expect(traced.waitedMicros).toBeUndefined();
  expect(traced.waited(1e12).waitedMicros).toBe(0xffff_ffff);
  expect(traced.waited(-1).waitedMicros).toBe(0);
  expect(annotated.waited(7).waitedMicros).toBe(7);
  const untraced = Metadata.of({ contentType: 'a' });
  expect(untraced.waited(5)).toBe(untraced);
  expect(NO_METADATA.waited(5)).toBe(NO_METADATA);
  const full = Metadata.of({ contentType: 'x'.repeat(METADATA_BYTES_MAX - 3 - 7 - 6), traceparent: '00-x' });
  expect(full.bytes).toHaveLength(METADATA_BYTES_MAX - 6);
  expect(full.waited(5)).toBe(full);
});
