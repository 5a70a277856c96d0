import { Metadata, NO_METADATA } from '@majordomo/protocol';
import * as fc from 'fast-check';
import { requestOptionsSchema, type RequestOptions } from '../src/options';
import { surelyFit, Terms } from '../src/terms';

const anything = fc.oneof(
  fc.integer({ min: -2, max: 12 }),
  fc.constantFrom(100, 101, 2 ** 31 - 1, 2 ** 31, NaN, Infinity, 1.5, -0),
  fc.boolean(),
  fc.constantFrom(undefined, null, '', 'text', new AbortController().signal, {}),
);
const names = [...Object.keys(requestOptionsSchema.shape), 'unknown'];
const options = fc.dictionary(fc.constantFrom(...names), anything);

test('options that surely fit pass their schema unchanged', () => {
  let fit = 0;
  fc.assert(
    fc.property(options, (each) => {
      if (!surelyFit(each as RequestOptions)) return;
      fit++;
      expect(requestOptionsSchema.parse(each)).toEqual({ ...each });
    }),
    { numRuns: 5_000 },
  );
  expect(fit).toBeGreaterThan(100);
});

test.each([null, undefined, [], 5, 'x', new Date()])('%p is for the schema to judge', (each) => {
  expect(surelyFit(each as unknown as RequestOptions)).toBe(false);
});

describe('the terms of a call', () => {
  const terms = new Terms({ timeoutMs: 700, retries: 3 });
  const defaults = {
    timeoutMs: 700,
    retries: 3,
    idempotent: true,
    stream: false,
    priority: 4,
    failFast: false,
    metadata: NO_METADATA,
  };

  test('are those of the client where nothing is said, and then shared', () => {
    expect(terms.of(undefined, false)).toEqual(defaults);
    expect(terms.of(undefined, false)).toBe(terms.of(undefined, false));
    expect(terms.of(undefined, true)).toEqual({ ...defaults, stream: true });
    expect(terms.of({}, false)).toEqual(defaults);
    expect(terms.of({ timeoutMs: undefined, priority: undefined }, false)).toEqual(defaults);
  });

  test('are what the options say', () => {
    const given = { timeoutMs: 1, retries: 0, idempotent: false, priority: 9, failFast: true };
    expect(terms.of(given, true)).toEqual({ ...given, stream: true, metadata: NO_METADATA });
  });

  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  test('metadata', () => {
    const { metadata } = terms.of({ contentType: 'application/json', traceparent }, false);
    expect(metadata).toEqual(Metadata.of({ contentType: 'application/json', traceparent }));
    expect([metadata.contentType, metadata.traceparent]).toEqual(['application/json', traceparent]);
  });

  test.each([
    ['contentType', ''],
    ['contentType', 'x'.repeat(256)],
    ['traceparent', 'nonsense'],
    ['traceparent', traceparent.toUpperCase()],
    ['traceparent', `ff${traceparent.slice(2)}`],
    ['traceparent', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['traceparent', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
    ['traceparent', `${traceparent}\n`],
    ['priority', 10],
    ['failFast', 'yes'],
  ])('%s %j is refused by name', (name, value) => {
    expect(() => terms.of({ [name]: value }, false)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringContaining(`${name}: `) }),
    );
  });

  test('a traceparent of a later version may say more', () => {
    expect(
      terms.of({ traceparent: `cc${traceparent.slice(2)}-what-else` }, false).metadata.traceparent,
    ).toMatch(/^cc/);
  });
});
