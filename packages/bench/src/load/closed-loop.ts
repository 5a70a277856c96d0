import { setTimeout as sleep } from 'node:timers/promises';
import { bodyOf } from './check';
import { Latencies, type Percentiles } from './latencies';

/** A closed loop: as many calls in flight as there are loops, each sent when the one before it is answered. */
export interface ClosedLoad {
  readonly inFlight: number;
  readonly bytes: number;
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** What a closed loop measured. */
export interface LoadResult {
  /** Calls answered while it was measured. */
  readonly calls: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Calls answered before, during and after: what the processes did work for. */
  readonly callsInAll: number;
  readonly latencyUs: Percentiles;
}

/** One call. */
export type Call = (body: Uint8Array) => Promise<unknown>;

/**
 * Below this many in flight every call is timed; from there on one of {@link TIMED_ONE_OF} is. Reading the clock twice
 * and recording costs some 0.2 µs, which would be a tenth of a call at 500,000 a second.
 */
const TIMED_ALL_BELOW = 50;
/** Prime, so that it is not always the same loops whose turn it is. */
const TIMED_ONE_OF = 17;

/** A time too short for one answer per loop is prolonged, up to this, in ms: a round that is cut off tells nothing. */
const PATIENCE_MS = 20_000;

/** Keeps `inFlight` calls going and measures them for a time. The first call that fails fails the run. */
export async function closedLoop(call: Call, load: ClosedLoad): Promise<LoadResult> {
  const { inFlight, warmupMs, measureMs } = load;
  const body = bodyOf(load.bytes);
  const timedOneOf = inFlight < TIMED_ALL_BELOW ? 1 : TIMED_ONE_OF;
  const latencies = new Latencies();
  let calls = 0;
  let untilTimed = timedOneOf;
  let stopped = false;

  const loop = async (): Promise<void> => {
    while (!stopped) {
      if (--untilTimed > 0) {
        await call(body);
      } else {
        untilTimed = timedOneOf;
        const sentAt = performance.now();
        await call(body);
        latencies.record(performance.now() - sentAt);
      }
      calls++;
    }
  };

  const loops = Promise.all(Array.from({ length: inFlight }, loop));
  await Promise.race([loops, sleep(warmupMs)]);
  latencies.reset();
  const before = calls;
  const startedAt = performance.now();
  do await Promise.race([loops, sleep(measureMs)]);
  while (calls - before < inFlight && performance.now() - startedAt < PATIENCE_MS);
  const measured = { calls: calls - before, seconds: (performance.now() - startedAt) / 1_000 };
  const latencyUs = latencies.percentiles();
  stopped = true;
  await loops;
  return { ...measured, perSecond: measured.calls / measured.seconds, callsInAll: calls, latencyUs };
}

/** Makes `count` calls, `inFlight` of them at a time, and tells how many seconds that took. */
export async function countedCalls(
  call: Call,
  inFlight: number,
  bytes: number,
  count: number,
): Promise<number> {
  const body = bodyOf(bytes);
  let left = count;
  const loop = async (): Promise<void> => {
    while (left-- > 0) await call(body);
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, loop));
  return (performance.now() - startedAt) / 1_000;
}
