import { backoffMs } from '@majordomo/protocol';

/** How fast a service may be given work. */
export interface Pace {
  /** Requests per second, in the long run. Default: as many as come. */
  readonly perSecond?: number | undefined;
  /** Requests that may leave at once after a pause. */
  readonly burst: number;
  /** Requests in hand at one time, over all titanics. Default: as many as come. */
  readonly concurrency?: number | undefined;
}

/** What a store remembers of a service that is paced, or fails. Times in ms. */
export interface PaceState {
  /** Requests that may leave now, as of `refilledAt`; fractions count. */
  readonly tokens: number;
  readonly refilledAt: number;
  /** Deliveries that failed in a row. */
  readonly failures: number;
  /** Pauses in a row, without a success in between. */
  readonly pauses: number;
  readonly pausedUntil: number;
}

/** What may be claimed now, and when to look again. */
export interface Allowance {
  /** Requests; `Infinity` where nothing limits them. */
  readonly count: number;
  /** When there may be more, in ms; `Infinity` where only the end of a running request can tell. */
  readonly nextAt: number;
}

/** How deliveries to a service ended, since the last time that was asked. */
export interface Health {
  /** The service answered, be it that the work cannot be done. */
  readonly answered: number;
  /** It failed, or did not answer. */
  readonly failed: number;
  /** Nobody was there to take it. */
  readonly absent: number;
}

/** Failures in a row that a service is paused for. */
export const FAILURES_MAX = 5;

/** How long a service is paused for. */
export const PAUSE = Object.freeze({ minMs: 500, maxMs: 15_000 });

/** Tokens that arithmetic may lose on the way. */
const ROUNDING = 1e-9;

/** More tokens than any bucket holds. */
const FULL = 1e9;

/** How long a service may be idle before a store forgets its state, in ms: it is as good as new by then. */
export const PACE_IDLE_MS = 3_600_000;

/** The state of a service that nothing is known of: a full bucket, no failures. */
export function freshPace(now: number): PaceState {
  return { tokens: FULL, refilledAt: now, failures: 0, pauses: 0, pausedUntil: 0 };
}

/**
 * What may be claimed for a service now. A clock that went back delays nothing for longer than a pause.
 * @param running - its requests in hand, over all titanics
 */
export function allowance(
  pace: Pace | undefined,
  state: PaceState | undefined,
  running: number,
  now: number,
): Allowance {
  const pauseMs = state ? state.pausedUntil - now : 0;
  if (pauseMs > 0 && pauseMs <= PAUSE.maxMs) return { count: 0, nextAt: now + pauseMs };
  if (isSuspect(state)) return { count: running === 0 ? 1 : 0, nextAt: Infinity };
  const places = Math.max(0, (pace?.concurrency ?? Infinity) - running);
  if (pace?.perSecond === undefined || places === 0) return { count: places, nextAt: Infinity };
  const tokens = refilled(pace, state ?? freshPace(now), now);
  const missing = 1 - (tokens % 1);
  return {
    count: Math.min(places, Math.floor(tokens)),
    nextAt: now + Math.max(1, Math.ceil((missing / pace.perSecond) * 1_000)),
  };
}

/** The state after so many were claimed. */
export function afterClaim(pace: Pace, state: PaceState | undefined, count: number, now: number): PaceState {
  const before = state ?? freshPace(now);
  return { ...before, tokens: Math.max(0, refilled(pace, before, now) - count), refilledAt: now };
}

/**
 * The state after deliveries ended. A success ends all doubt. {@link FAILURES_MAX} failures in a row, or a service that
 * nobody serves, pause it, longer each time; after a pause, requests go out one at a time until one is answered.
 * What fails during a pause had left before it, and makes it no longer.
 * @param random - from 0 to below 1
 */
export function afterDeliveries(
  state: PaceState | undefined,
  health: Health,
  now: number,
  random: number,
): PaceState | undefined {
  if (health.answered > 0) {
    return state && { ...state, failures: 0, pauses: 0, pausedUntil: 0 };
  }
  if (health.failed === 0 && health.absent === 0) return state;
  const before = state ?? freshPace(now);
  const failures =
    health.absent > 0 ? Math.max(FAILURES_MAX, before.failures) : before.failures + health.failed;
  const isPaused = before.pausedUntil > now && before.pausedUntil - now <= PAUSE.maxMs;
  if (failures < FAILURES_MAX || isPaused) return { ...before, failures };
  const pauses = before.pauses + 1;
  return { ...before, failures, pauses, pausedUntil: now + Math.round(backoffMs(pauses, PAUSE, random)) };
}

function isSuspect(state: PaceState | undefined): boolean {
  return state !== undefined && state.failures >= FAILURES_MAX;
}

/** Tokens now. A clock that went back refills nothing. */
function refilled(pace: Pace, state: PaceState, now: number): number {
  const seconds = Math.max(0, now - state.refilledAt) / 1_000;
  return Math.min(pace.burst, state.tokens + seconds * (pace.perSecond ?? 0) + ROUNDING);
}
