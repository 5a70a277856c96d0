import { ServiceError } from '@majordomo/worker';

/** Values that may wait for a slow reader: an Observable cannot be paused. */
const VALUES_MAX = 10_000;

/**
 * The values of an Observable for a reader that takes one after another. Leaving early unsubscribes, and so does the
 * signal.
 * @template T
 * @param {import('rxjs').Observable<T>} observable
 * @param {AbortSignal} signal
 * @throws what the Observable fails with; a ServiceError TOO_SLOW where more than 10,000 values wait
 */
export async function* valuesOf(observable, signal) {
  /** @type {T[]} */
  const waiting = [];
  /** @type {{ error?: unknown } | undefined} */
  let end;
  /** @type {() => void} */
  let wake = () => undefined;
  const finish = (/** @type {{ error?: unknown }} */ how) => {
    end ??= how;
    wake();
  };
  const aborted = () => finish({ error: signal.reason });
  signal.addEventListener('abort', aborted);
  const subscription = observable.subscribe({
    next: (value) => {
      if (end) return;
      if (waiting.length < VALUES_MAX) {
        waiting.push(value);
        wake();
      } else {
        finish({ error: new ServiceError('TOO_SLOW', `${VALUES_MAX} values were not read in time`) });
        queueMicrotask(() => subscription.unsubscribe());
      }
    },
    error: (error) => finish({ error }),
    complete: () => finish({}),
  });
  try {
    for (;;) {
      const values = waiting.splice(0);
      for (const value of values) yield value;
      if (values.length > 0) continue;
      if (end) break;
      await new Promise((resolve) => (wake = () => resolve(undefined)));
    }
    if ('error' in end) throw end.error;
  } finally {
    subscription.unsubscribe();
    signal.removeEventListener('abort', aborted);
  }
}
