import { RETENTION_DEFAULTS } from '../src/core/retention';
import { RuleBook, titanicOptionsSchema } from '../src/service/options';
import { PostgresStore, SqliteStore, Titanic, type TitanicOptions } from '../src/index';
import type { RequestStore } from '../src/store/store';

const store = { claim: () => undefined } as unknown as RequestStore;

test('what is left out has its default, and what is given is frozen', () => {
  const input: TitanicOptions = { store, services: { mail: { attempts: 3 } } };
  const options = titanicOptionsSchema.parse(input);
  expect(options).toMatchObject({
    concurrency: 256,
    leaseMs: 30_000,
    bodyBytesMax: 8 * 1_024 * 1_024,
    batchMax: 1_000,
    keyWindowMs: 86_400_000,
    retention: RETENTION_DEFAULTS,
    apiConcurrency: 128,
    waitsMax: 64,
  });
  expect(input).toEqual({ store, services: { mail: { attempts: 3 } } });
});

test.each<[string, object]>([
  ['store', { store: undefined }],
  ['store', { store: {} }],
  ['concurrency', { concurrency: 0 }],
  ['concurrency', { concurrency: 1.5 }],
  ['concurrency', { concurrency: NaN }],
  ['leaseMs', { leaseMs: 99 }],
  ['leaseMs', { leaseMs: 3_600_001 }],
  ['bodyBytesMax', { bodyBytesMax: -1 }],
  ['services.mail.attempts', { services: { mail: { attempts: 0 } } }],
  ['services.mail.perSecond', { services: { mail: { perSecond: 0 } } }],
  ['services.mail.perSecond', { services: { mail: { perSecond: Infinity } } }],
  ['services.mail', { services: { mail: { persecond: 5 } } }],
  ['services', { services: { 'a\nb': {} } }],
  ['defaults.backoffMinMs', { defaults: { backoffMinMs: -1 } }],
  ['retention.done.ageMs', { retention: { done: { ageMs: -1 } } }],
  ['drainTimeoutMs', { drainTimeoutMs: -1 }],
  ['reconnectMaxMs', { reconnectMinMs: 10, reconnectMaxMs: 9 }],
  ['nonsense', { nonsense: 1 }],
])('%s: %j does not fit', (name, options) => {
  expect(() => new Titanic({ store, ...options } as TitanicOptions)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringContaining(name) as string }),
  );
});

test.each([
  [() => SqliteStore.open({ file: '' })],
  [() => SqliteStore.open({ file: 'x.db', requestsMax: 0 })],
  [() => SqliteStore.open({ file: 'x.db', fileBytesMax: 1_000 })],
  [() => PostgresStore.open({ url: 'postgres://localhost/x', schema: 'Robert"; DROP TABLE' })],
  [() => PostgresStore.open({ url: 'postgres://localhost/x', connectionsMax: 0 })],
])('options of stores', async (open) => {
  await expect(open()).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
});

test('rules of a service come before the defaults, and these before what is built in', () => {
  const rules = new RuleBook(
    titanicOptionsSchema.parse({
      store,
      defaults: { attempts: 7, concurrency: 3, backoffMinMs: 600_000 },
      services: {
        mail: { attempts: 2, perSecond: 5, concurrency: undefined },
        sms: { burst: 9 },
        fast: { perSecond: 1_000 },
      },
    }),
  );
  expect(rules.of('mail')).toEqual({
    attempts: 2,
    backoff: { minMs: 600_000, maxMs: 600_000 },
    timeoutMs: 60_000,
    ttlMs: undefined,
    pace: { perSecond: 5, burst: 1, concurrency: 3 },
  });
  expect(rules.of('sms').pace).toEqual({ perSecond: undefined, burst: 9, concurrency: 3 });
  expect(rules.of('other')).toMatchObject({ attempts: 7, pace: { burst: 1, concurrency: 3 } });
  expect(rules.of('fast').pace).toEqual({ perSecond: 1_000, burst: 50, concurrency: 3 });
  expect([...rules.paces.keys()]).toEqual(['mail', 'sms', 'fast']);
  expect(new RuleBook(titanicOptionsSchema.parse({ store })).pace).toBeUndefined();
});
