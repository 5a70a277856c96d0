/** An error with the stack of `trace` outside of this package: the line of the test that waited, not the timer. */
export function errorAt(trace: Error, message: string, cause?: unknown): Error {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause });
  const lines = (trace.stack ?? '').split('\n').slice(1);
  error.stack = [`Error: ${message}`, ...lines.filter((line) => !/testkit[\\/]src[\\/]/.test(line))].join(
    '\n',
  );
  return error;
}
