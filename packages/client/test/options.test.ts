import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES, isMajordomoError, type BodyInput } from '@majordomo/protocol';
import { leakCheck } from '@majordomo/testkit';
import { Client, type ClientOptions, type RequestOptions } from '../src/index';

leakCheck();

const invalid = (name: string) =>
  expect.objectContaining({
    name: 'InvalidOptionsError',
    code: 'INVALID_OPTIONS',
    retryable: false,
    message: expect.stringContaining(name),
  });

describe('the options of a client', () => {
  const numbers = [
    'socketsMax',
    'pendingMax',
    'timeoutMs',
    'retries',
    'idleSocketMs',
    'connectTimeoutMs',
    'reconnectMinMs',
    'reconnectMaxMs',
    'suspectMs',
    'streamBufferMax',
    'probeMs',
    'heartbeatMs',
    'liveness',
  ];

  test.each(numbers.flatMap((name) => [NaN, -1, 1.5, Infinity, '5', null].map((value) => [name, value])))(
    '%s: %p is refused by name',
    (name, value) => {
      expect(() => new Client({ [name as string]: value } as ClientOptions)).toThrow(
        invalid(`${String(name)}: `),
      );
    },
  );

  test.each([
    [{ timeoutMs: 0 }, 'timeoutMs: '],
    [{ timeoutMs: 2 ** 31 }, 'timeoutMs: '],
    [{ socketsMax: 10_001 }, 'socketsMax: '],
    [{ brokers: 'localhost:5555' }, 'brokers: should be tcp://HOST:PORT'],
    [{ brokers: [] }, 'brokers'],
    [{ brokers: ['tcp://127.0.0.1:5555', 'tcp://127.0.0.1:99999'] }, 'brokers'],
    [{ brokers: 'tcp://*:5555' }, 'brokers: should name the host and the port to connect to'],
    [{ brokers: 'tcp://127.0.0.1:*' }, 'brokers: should name the host and the port to connect to'],
    [{ protocol: 'mdp/0.3' }, 'protocol: '],
    [{ reconnectMinMs: 10, reconnectMaxMs: 9 }, 'reconnectMaxMs: should not be less than reconnectMinMs'],
    [{ brokers: ['tcp://a:1', 'tcp://a:1'] }, 'brokers: should name each once'],
    [{ limits: { framesMax: 0 } }, 'limits.framesMax: '],
    [{ limits: { frames: 1 } }, 'frames'],
    [{ logger: 'console' }, 'logger'],
    [{ timeOutMs: 5 }, 'timeOutMs'],
  ])('%j is refused by name', (options, name) => {
    expect(() => new Client(options as ClientOptions)).toThrow(invalid(name));
  });

  test('all that do not fit are named at once', () => {
    expect(() => new Client({ retries: -1, socketsMax: 0 })).toThrow(
      /retries: .*; socketsMax: |socketsMax: .*; retries: /,
    );
  });

  test('are resolved with defaults, frozen, and leave the input as it is', () => {
    const input: ClientOptions = { brokers: ['tcp://a:1', 'tcp://b:1'] };
    const client = new Client(input);
    expect(client.options).toMatchObject({
      brokers: ['tcp://a:1', 'tcp://b:1'],
      protocol: 'auto',
      socketsMax: 100,
      timeoutMs: 30_000,
      retries: 2,
    });
    expect(Object.isFrozen(client.options)).toBe(true);
    expect(input).toEqual({ brokers: ['tcp://a:1', 'tcp://b:1'] });
    expect(new Client().options.brokers).toEqual(['tcp://127.0.0.1:5555']);
  });
});

describe('the options of a request', () => {
  const client = new Client({ brokers: 'tcp://127.0.0.1:1' });

  test.each([
    [{ timeoutMs: NaN }, 'timeoutMs: '],
    [{ timeoutMs: 0 }, 'timeoutMs: '],
    [{ timeoutMs: 1.5 }, 'timeoutMs: '],
    [{ retries: -1 }, 'retries: '],
    [{ retries: 101 }, 'retries: '],
    [{ idempotent: 'no' }, 'idempotent: '],
    [{ signal: {} }, 'signal: should be an AbortSignal'],
    [{ priority: 10 }, 'priority: '],
    [{ failFast: 1 }, 'failFast: '],
    [{ contentType: '' }, 'contentType: '],
    [{ traceparent: '00-1-2-3' }, 'traceparent: '],
    [{ timeout: 5 }, 'timeout'],
    [null, 'request options'],
  ])('%j is refused by name, as a rejection', async (options, name) => {
    await expect(client.request('echo', 'x', options as RequestOptions)).rejects.toEqual(invalid(name));
    await expect(client.stream('echo', 'x', options as RequestOptions).next()).rejects.toEqual(invalid(name));
    expect([client.pending, client.sockets]).toEqual([0, 0]);
  });

  test.each(['', 'a\nb', 'x'.repeat(256), undefined, 5])('service %j is refused', async (service) => {
    await expect(client.request(service as string)).rejects.toMatchObject({ code: 'INVALID_SERVICE' });
  });

  test.each([[5], [null], [{ a: 1 }], [[1]]])('body %j is refused', async (body) => {
    await expect(client.request('echo', body as unknown as BodyInput)).rejects.toMatchObject({
      code: 'INVALID_BODY',
    });
  });

  test('a body beyond the limits is refused', async () => {
    const small = new Client({ brokers: 'tcp://127.0.0.1:1', limits: { messageBytesMax: 1_000 } });
    const error: unknown = await small.request('echo', 'x'.repeat(1_001)).catch((reason: unknown) => reason);
    expect(isMajordomoError(error, 'MESSAGE_TOO_LARGE')).toBe(true);
    expect(small.sockets).toBe(0);
  });
});

describe('the README', () => {
  const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');

  test('has codes that exist only', () => {
    const start = readme.indexOf('| Code ');
    expect(start).toBeGreaterThan(0);
    const table = readme.slice(start, readme.indexOf('\n\n', start));
    const codes = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    expect(codes.length).toBeGreaterThan(5);
    for (const code of codes) expect(ERROR_CODES).toContain(code);
  });
});
