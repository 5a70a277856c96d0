/** The occurrence after a time, both in ms UTC; `undefined` where there is none any more. */
export type NextOccurrence = (after: number) => number | undefined;

/** What a schedule does at one firing. */
export interface Firing {
  /** When the requests that it makes are due, in order. */
  readonly dueAt: readonly number[];
  /** When it fires next; `undefined` where it has ended. */
  readonly nextAt: number | undefined;
}

/** Requests that one firing makes up for at the most; the next firing makes up for the others. */
export const CATCH_UP_MAX = 1_000;

/**
 * What a schedule that is due does now. Without catch-up, occurrences that were missed are made up for by one
 * request; with it, by one each.
 * @param occurrence - the one that is due, in ms
 */
export function fire(occurrence: number, now: number, catchUp: boolean, next: NextOccurrence): Firing {
  if (!catchUp) return { dueAt: [occurrence], nextAt: next(Math.max(now, occurrence)) };
  const dueAt = [occurrence];
  let nextAt = next(occurrence);
  while (nextAt !== undefined && nextAt <= now && dueAt.length < CATCH_UP_MAX) {
    dueAt.push(nextAt);
    nextAt = next(nextAt);
  }
  return { dueAt, nextAt };
}

/** When a request is due: at a time, after a delay, or now. */
export function dueAtOf(
  { at, inMs }: { at?: number | undefined; inMs?: number | undefined },
  now: number,
): number {
  return at ?? now + (inMs ?? 0);
}
