import * as here from '../src/index';
import {
  BindError,
  ERROR_CODES,
  isMajordomoError,
  ServiceError,
  TimeoutError,
  WorkerFailedError,
} from '../src/index';

const classes = [
  here.AbortError,
  here.CancelledError,
  here.ClosedError,
  here.ConnectionLostError,
  here.ExpiredError,
  here.InvalidBodyError,
  here.InvalidOptionsError,
  here.InvalidServiceError,
  here.MessageTooLargeError,
  here.NoWorkerError,
  here.QueueFullError,
  here.StateError,
  here.TimeoutError,
];

test('every error has a stable code of its own, its class as its name, and says if a retry helps', () => {
  const errors = [
    ...classes.map((Class) => new Class('text')),
    new BindError('tcp://*:1', 'text'),
    new WorkerFailedError('OUT_OF_STOCK', 'text'),
  ];
  const codes = errors.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const error of errors) {
    expect(ERROR_CODES).toContain(error.code);
    expect(error.name).toBe(error.constructor.name);
    expect(error).toBeInstanceOf(Error);
    expect(typeof error.retryable).toBe('boolean');
  }
  expect(
    errors
      .filter(({ retryable }) => retryable)
      .map(({ code }) => code)
      .sort(),
  ).toEqual(['EXPIRED', 'NO_WORKER', 'QUEUE_FULL', 'TIMEOUT']);
});

test('an error keeps its cause, and has none where none was given', () => {
  const cause = new Error('deep');
  expect(new TimeoutError('late', { cause }).cause).toBe(cause);
  expect('cause' in new TimeoutError('late')).toBe(false);
  expect(new TimeoutError('late', { retryable: false }).retryable).toBe(false);
});

test('an error is known by brand and code, also where another copy of the package made it', () => {
  let copy: typeof here | undefined;
  jest.isolateModules(() => {
    copy = jest.requireActual<typeof here>('../src/index');
  });
  const foreign = new copy!.TimeoutError('late');
  expect(foreign).not.toBeInstanceOf(TimeoutError);
  expect(isMajordomoError(foreign)).toBe(true);
  expect(isMajordomoError(foreign, 'TIMEOUT')).toBe(true);
  expect(isMajordomoError(foreign, 'CLOSED')).toBe(false);
});

test.each([undefined, null, 'TIMEOUT', 5, {}, new Error('x'), { code: 'TIMEOUT' }])(
  '%p is none of ours',
  (value) => {
    expect(isMajordomoError(value)).toBe(false);
  },
);

test('an aborted request is a cancelled one, with a code of its own', () => {
  const reason = new Error('enough');
  const error = new here.AbortError('aborted', { cause: reason });
  expect(error).toBeInstanceOf(here.CancelledError);
  expect([error.code, error.name, error.cause]).toEqual(['ABORTED', 'AbortError', reason]);
  expect(isMajordomoError(error, 'CANCELLED')).toBe(false);
  expect(new here.CancelledError('gone').code).toBe('CANCELLED');
});

test('what a worker says of its failure is kept beside our code', () => {
  const error = new WorkerFailedError('OUT_OF_STOCK', 'no more of these', { retryable: true });
  expect([error.code, error.workerCode, error.message, error.retryable]).toEqual([
    'WORKER_FAILED',
    'OUT_OF_STOCK',
    'no more of these',
    true,
  ]);
  expect(new WorkerFailedError('BUSY', 'x').retryable).toBe(false);
});

describe('ServiceError', () => {
  test('carries the code of the service, and whether a retry helps', () => {
    const cause = new Error('deep');
    const error = new ServiceError('OUT_OF_STOCK', 'no more of these', { retryable: true, cause });
    expect([error.code, error.message, error.retryable, error.cause]).toEqual([
      'OUT_OF_STOCK',
      'no more of these',
      true,
      cause,
    ]);
    expect(error.name).toBe('ServiceError');
    const plain = new ServiceError('X', 'text');
    expect([plain.retryable, 'cause' in plain]).toEqual([false, false]);
    expect(isMajordomoError(plain)).toBe(false);
  });

  test.each(['A', 'A1_', 'Z'.repeat(64)])('%s is a code', (code) => {
    expect(new ServiceError(code, 'x').code).toBe(code);
  });

  test.each(['', 'a', '1A', '_A', 'A-B', 'A B', 'Ä', 'A\n', 'Z'.repeat(65)])('%j is none', (code) => {
    expect(() => new ServiceError(code, 'x')).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });
});
