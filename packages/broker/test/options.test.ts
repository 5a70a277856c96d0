import { Broker, type BrokerOptions } from '../src/index';

const WHOLE_NUMBERS = [
  'heartbeatMs',
  'liveness',
  'serviceExpiryMs',
  'jobDeadlineMs',
  'attemptsMax',
  'queueMax',
  'queueBytesMax',
  'pendingBytesMax',
  'servicesMax',
  'workersMax',
  'clientsMax',
  'backlogMax',
  'backlogBytesMax',
  'backlogTotalBytesMax',
  'stallMs',
  'drainTimeoutMs',
] as const;

const invalid = (options: object): unknown => {
  try {
    new Broker(options);
    return undefined;
  } catch (error) {
    return error;
  }
};

test.each(WHOLE_NUMBERS.flatMap((name) => [NaN, -1, 1.5, Infinity, '5', null].map((value) => [name, value])))(
  '%s cannot be %p, and the error names it',
  (name, value) => {
    expect(invalid({ [name as string]: value })).toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining(`${name}: `),
    });
  },
);

test.each([
  'heartbeatMs',
  'liveness',
  'serviceExpiryMs',
  'jobDeadlineMs',
  'attemptsMax',
  'clientsMax',
  'backlogMax',
  'backlogTotalBytesMax',
  'stallMs',
])('%s cannot be 0', (name) => {
  expect(invalid({ [name]: 0 })).toMatchObject({ message: expect.stringContaining(`${name}: `) });
});

test.each(['queueMax', 'queueBytesMax', 'drainTimeoutMs'])('%s may be 0', (name) => {
  expect(invalid({ [name]: 0 })).toBeUndefined();
});

test('heartbeats are told to be no closer together than the broker sends them', () => {
  expect([1, 9, 10, 11].map((heartbeatMs) => new Broker({ heartbeatMs }).options.heartbeatMs)).toEqual([
    10, 10, 10, 11,
  ]);
});

test('times beyond what a timer of Node holds are refused', () => {
  expect(invalid({ heartbeatMs: 2 ** 31 })).toMatchObject({
    message: expect.stringContaining('heartbeatMs: '),
  });
});

test.each([
  ['an unknown key', { heartbeat: 5 }, 'heartbeat'],
  ['an unknown limit', { limits: { frames: 5 } }, 'limits'],
  ['a limit that is no number', { limits: { framesMax: NaN } }, 'limits.framesMax: '],
  ['an endpoint of no known kind', { bind: 'udp://127.0.0.1:5' }, 'bind'],
  ['an endpoint without a port', { bind: ['tcp://127.0.0.1'] }, 'bind'],
  ['a port beyond 65535', { bind: 'tcp://127.0.0.1:65536' }, 'bind'],
  ['no endpoint at all', { bind: [] }, 'bind'],
  ['a logger that is none', { logger: 'console' }, 'logger: '],
  ['a logger that lacks a method', { logger: { info: String, warn: String, error: String } }, 'logger: '],
  ['options that are none', 5, 'expected object'],
])('%s is refused by name', (_what, options, name) => {
  expect(invalid(options as object)).toMatchObject({
    code: 'INVALID_OPTIONS',
    message: expect.stringContaining(name),
  });
});

test('every fault is named at once', () => {
  const error = invalid({ heartbeatMs: -1, liveness: 0, nonsense: true });
  for (const name of ['heartbeatMs', 'liveness', 'nonsense']) {
    expect(error).toMatchObject({ message: expect.stringContaining(name) });
  }
});

test('defaults are filled in, what was given is left as it was, and the result is frozen', () => {
  const given: BrokerOptions = { bind: 'tcp://127.0.0.1:5556', limits: { framesMax: 10 } };
  const { options } = new Broker(given);
  expect(options).toMatchObject({
    bind: [{ endpoint: 'tcp://127.0.0.1:5556' }],
    heartbeatMs: 2_500,
    liveness: 4,
    serviceExpiryMs: 60_000,
    attemptsMax: 3,
    limits: { framesMax: 10, messageBytesMax: 67_108_864 },
  });
  expect(given).toEqual({ bind: 'tcp://127.0.0.1:5556', limits: { framesMax: 10 } });
  for (const frozen of [options, options.bind, options.limits]) expect(Object.isFrozen(frozen)).toBe(true);
  expect(new Broker().options.bind).toEqual([{ endpoint: 'tcp://127.0.0.1:5555' }]);
});
