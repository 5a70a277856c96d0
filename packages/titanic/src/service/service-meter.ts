import { TimeHistogram } from '@majordomo/protocol';

/** What became of what was submitted. */
export const SUBMITTED = ['stored', 'duplicate', 'full', 'failed'] as const;
/** How claims ended, in the store. */
export const ENDED = ['delivered', 'retried', 'released', 'dead', 'expired', 'fired'] as const;
/**
 * How leases were lost: `regained` from a titanic that was lost, `withdrawn` while the delivery was under way, `stale`
 * when its outcome came.
 */
export const LEASES = ['regained', 'withdrawn', 'stale'] as const;

const zeros = <Name extends string>(names: readonly Name[]): Record<Name, number> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;

/** What was counted of one service, or of all without a label of their own. */
export class ServiceMeter {
  readonly submitted = zeros(SUBMITTED);
  readonly ended = zeros(ENDED);
  readonly leases = zeros(LEASES);
  claimed = 0;
  /** Requests that outlived their time, in hand or not. */
  expired = 0;
  /** Looks at the store that found more than the pace allowed. */
  throttled = 0;
  /** Dead letters by the code of their last error. */
  readonly dead = new Map<string, number>();
  /** From the due time to the claim. */
  readonly lateness = new TimeHistogram();
  /** From the claim to its outcome on disk. */
  readonly attempts = new TimeHistogram();
}

/** The upper bounds of the buckets of a {@link SizeHistogram}, each included. */
export const SIZE_BOUNDS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/** How many there were of something, in buckets. */
export class SizeHistogram {
  /** How many sizes fell into each bucket; one more takes what is beyond the last bound. */
  readonly buckets: number[] = Array.from({ length: SIZE_BOUNDS.length + 1 }, () => 0);
  sum = 0;
  count = 0;

  record(size: number): void {
    const found = SIZE_BOUNDS.findIndex((bound) => size <= bound);
    const bucket = found < 0 ? SIZE_BOUNDS.length : found;
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.sum += size;
    this.count++;
  }
}
