import * as otel from '@opentelemetry/api';
import { fromTraceparent, toTraceparent, tracingSchema, type TracingApi } from '../src/index';

const CONTEXT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
const TEXT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('a place in a trace is written as W3C Trace Context has it, and read again', () => {
  expect(toTraceparent(CONTEXT)).toBe(TEXT);
  expect(fromTraceparent(TEXT)).toEqual({ ...CONTEXT, isRemote: true });
  expect(fromTraceparent(`${TEXT.replace('00-', 'cc-')}-what-comes-later`)).toEqual({
    ...CONTEXT,
    isRemote: true,
  });
});

test('where nothing is traced there is no traceparent', () => {
  expect(toTraceparent({ ...CONTEXT, traceId: '0'.repeat(32) })).toBeUndefined();
});

test.each([undefined, '', 'x', '00-0-0-0', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`])(
  '%s names no place',
  (text) => {
    expect(fromTraceparent(text)).toBeUndefined();
  },
);

test('the module of OpenTelemetry fits, and nothing else', () => {
  const api: TracingApi = otel;
  expect(tracingSchema.parse(api)).toBe(otel);
  for (const other of [{}, null, 'otel', { trace: otel.trace }])
    expect(tracingSchema.safeParse(other).success).toBe(false);
});
