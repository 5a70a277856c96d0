import { Body, NoWorkerError, WorkerFailedError } from '@majordomo/protocol';
import { expectError, matchers } from '../src/index';

const failed = new WorkerFailedError('MAILBOX_FULL', 'no room');

describe('expectError', () => {
  test('gives the error', async () => {
    expect(await expectError(Promise.reject(failed), 'WORKER_FAILED')).toBe(failed);
  });

  test('fails where the promise resolves', async () => {
    await expect(expectError(Promise.resolve(Body.of('done')), 'TIMEOUT')).rejects.toThrow(
      'expected an error TIMEOUT, but it resolved with a body of 1 frames, the first "done"',
    );
    await expect(expectError(Promise.resolve(undefined), 'TIMEOUT')).rejects.toThrow(
      'resolved with undefined',
    );
    await expect(expectError(Promise.resolve({ id: 7 }), 'TIMEOUT')).rejects.toThrow(
      'resolved with { id: 7 }',
    );
  });

  test('fails with any other error, which is the cause', async () => {
    const other = new Error('something else');
    await expect(expectError(Promise.reject(other), 'TIMEOUT')).rejects.toMatchObject({
      name: 'ExpectationError',
      message: 'expected an error TIMEOUT, got Error: something else',
      cause: other,
    });
    await expect(expectError(Promise.reject(failed), 'TIMEOUT')).rejects.toThrow(
      'got WorkerFailedError WORKER_FAILED MAILBOX_FULL: no room',
    );
  });
});

describe('matchers', () => {
  const { toBeMajordomoError, toHaveText } = matchers;

  test('toBeMajordomoError', () => {
    expect(toBeMajordomoError(failed, 'WORKER_FAILED').pass).toBe(true);
    expect(toBeMajordomoError(failed, 'WORKER_FAILED', 'MAILBOX_FULL').pass).toBe(true);
    expect(toBeMajordomoError(failed, 'WORKER_FAILED', 'OTHER').pass).toBe(false);
    const result = toBeMajordomoError(new NoWorkerError('nobody'), 'WORKER_FAILED', 'OTHER');
    expect(result.pass).toBe(false);
    expect(result.message()).toBe(
      'expected an error WORKER_FAILED with OTHER, got NoWorkerError NO_WORKER: nobody',
    );
    expect(toBeMajordomoError(new Error('x'), 'TIMEOUT').message()).toContain('got Error: x');
  });

  test('toHaveText', () => {
    expect(toHaveText(Body.of('a'), 'a').pass).toBe(true);
    expect(toHaveText(Body.of('a'), 'a').message()).toContain('anything but');
    expect(toHaveText(Body.of('a'), 'b').message()).toBe(
      'expected a body "b", got a body of 1 frames, the first "a"',
    );
    expect(toHaveText(undefined, 'b').pass).toBe(false);
    expect(toHaveText(['b'], 'b').message()).toBe(`expected a body "b", got [ 'b' ]`);
  });

  test('in expect', async () => {
    expect.extend(matchers);
    const expectation = expect(failed) as unknown as { toBeMajordomoError(code: string): void };
    expectation.toBeMajordomoError('WORKER_FAILED');
    expect(() => expectation.toBeMajordomoError('TIMEOUT')).toThrow('expected an error TIMEOUT');
  });
});
