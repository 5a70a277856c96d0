import * as fc from 'fast-check';
import { Body, Metadata, NO_METADATA, U32_MAX } from '../../src/index';
import { serviceName } from '../arbitraries';
import type { DirectionName } from './directions';

/*
 * All that MDP/P1 can say, per direction.
 */

const u32 = (min: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min, max: 300 }),
    fc.constantFrom(2 ** 31 - 1, 2 ** 31, U32_MAX),
    fc.integer({ min, max: U32_MAX }),
  );

const id = u32(1);

/** Characters of one to four bytes, and none that UTF-8 cannot have. */
const text = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: 'grapheme', maxLength });

/** Mostly small; some that travel apart, and some at the bound. */
const frame: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 12, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(8_191, 8_192, 9_000).map((bytes) => new Uint8Array(bytes).fill(7)),
  },
);

export const body: fc.Arbitrary<Body> = fc.oneof(
  { weight: 4, arbitrary: text(60).map((words) => Body.of(words)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('', 'x'.repeat(48), 'x'.repeat(49), 'ü'.repeat(48), `${'x'.repeat(47)}🍰`)
      .map((words) => Body.of(words)),
  },
  { weight: 4, arbitrary: fc.array(frame, { minLength: 1, maxLength: 5 }).map((frames) => Body.of(frames)) },
  // Eight of them fill what may travel inline.
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(1, 8, 9, 12)
      .map((count) => Body.of(Array.from({ length: count }, () => new Uint8Array(8_000).fill(count)))),
  },
);

const metadata: fc.Arbitrary<Metadata> = fc.oneof(
  fc.constant(NO_METADATA),
  fc.record({ contentType: text(20), traceparent: text(20) }).map((fields) => Metadata.of(fields)),
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 30 })), { maxLength: 4 })
    .map((attributes) => {
      const bytes = attributes.flatMap(([type, value]) => [type, 0, value.length, ...value]);
      return bytes.length === 0 ? NO_METADATA : new Metadata(Uint8Array.from(bytes));
    }),
);

const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);

const introduction = {
  revision: fc.integer({ min: 1, max: 255 }),
  heartbeatMs: u32(1),
  capabilities: u32(0),
  metadata,
};

const asked = {
  body,
  remainingMs: u32(0),
  window: u32(0),
  priority: fc.integer({ min: 0, max: 9 }),
  metadata,
};

const failure = {
  code: fc.stringMatching(/^[A-Z][A-Z0-9_]{0,63}$/),
  message: fc.oneof(text(60), fc.constantFrom('x'.repeat(4_096), 'ü'.repeat(2_048))),
  retryable: fc.boolean(),
};

const bare = (...names: string[]): fc.Arbitrary<object> =>
  fc.constantFrom(...names).map((name) => ({ kind: name }));

const welcome = fc.record({
  kind: kind('welcome'),
  ...introduction,
  internedMax: u32(0),
  framesMax: u32(1),
  frameBytesMax: u32(1),
  messageBytesMax: u32(1),
});

const proof = fc.record({
  kind: kind('proof'),
  publicKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  mac: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});

const refusal = fc.record({
  kind: kind('disconnect'),
  reason: fc.record({ code: failure.code, message: failure.message }),
});

const reply = fc.constantFrom('partial', 'final');

/** Few names, so that numbers are used again. */
const service = fc.oneof(fc.constantFrom('echo', 'größe', 's'.repeat(255)), serviceName);

export const COMMANDS: Record<DirectionName, fc.Arbitrary<object>> = {
  'client-to-broker': fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: kind('request'), id, service, ...asked, failFast: fc.boolean() }),
    },
    fc.record({ kind: kind('hello'), ...introduction }),
    proof,
    fc.record({ kind: kind('cancel'), id }),
    fc.record({ kind: kind('window'), id, more: u32(1) }),
    bare('heartbeat', 'disconnect'),
  ),
  'broker-to-client': fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: reply, id, service: kind(''), body, metadata }) },
    fc.record({
      kind: kind('failure'),
      id,
      service: kind(''),
      origin: fc.constantFrom('broker', 'worker'),
      ...failure,
    }),
    welcome,
    refusal,
    bare('heartbeat', 'draining', 'disconnect'),
  ),
  'worker-to-broker': fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: reply, ref: id, body, metadata }) },
    fc.record({ kind: kind('failure'), ref: id, ...failure }),
    fc.record({ kind: kind('ready'), service, credit: u32(0), ...introduction }),
    fc.record({ kind: kind('credit'), credit: u32(0) }),
    proof,
    bare('heartbeat', 'draining', 'disconnect'),
  ),
  'broker-to-worker': fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: kind('request'),
        ref: id,
        ...asked,
        attempt: fc.integer({ min: 0, max: 255 }),
      }),
    },
    fc.record({ kind: kind('cancel'), ref: id }),
    fc.record({ kind: kind('window'), ref: id, more: u32(1) }),
    welcome,
    refusal,
    bare('heartbeat', 'draining', 'disconnect'),
  ),
};
