/** The `code` of an error from a socket, such as `EAGAIN`, or the empty string. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return String(error.code);
}

/** More signals than come in a row. */
const TRIES_MAX = 100;

/**
 * Does what ZeroMQ does not begin where a signal comes just then (`EINTR`), as those of a profiler come by the thousand.
 * @throws what `act` throws else
 */
export function uninterrupted<T>(act: () => T): T {
  for (let tries = 1; ; tries++) {
    try {
      return act();
    } catch (error) {
      if (codeOf(error) !== 'EINTR' || tries === TRIES_MAX) throw error;
    }
  }
}
