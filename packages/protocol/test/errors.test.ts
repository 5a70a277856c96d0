import * as here from '../src/index';
import { BindError, ERROR_CODES, isMajordomoError, TimeoutError } from '../src/index';

const classes = [
  here.AbortError,
  here.ClosedError,
  here.ConnectionLostError,
  here.InvalidBodyError,
  here.InvalidOptionsError,
  here.InvalidServiceError,
  here.MessageTooLargeError,
  here.QueueFullError,
  here.StateError,
  here.TimeoutError,
];

test('every error has a stable code of its own, its class as its name, and says if a retry helps', () => {
  const errors = [...classes.map((Class) => new Class('text')), new BindError('tcp://*:1', 'text')];
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
  ).toEqual(['QUEUE_FULL', 'TIMEOUT']);
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
