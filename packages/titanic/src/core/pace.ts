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

/** Requests that leave within so long leave together, where the burst allows it, in ms. */
const STEP_MS = 5;

/** How far ahead of its tokens a service may be claimed for at the most, in ms. */
export const AHEAD_MS_MAX = 1_000;

/** How long a service may be idle before a store forgets its state, in ms: it is as good as new by then. */
export const PACE_IDLE_MS = 3_600_000;

/** The state of a service that nothing is known of: a full bucket, no failures. */
export function freshPace(now: number): PaceState {
  return { tokens: FULL, refilledAt: now, failures: 0, pauses: 0, pausedUntil: 0 };
}

/**
 * What may be claimed for a service now. A clock that went back delays nothing for longer than a pause.
 *
 * Tokens that come while nobody looks are lost beyond the burst. So that a pace is kept whatever a claim takes, it may
 * go ahead: what is claimed then has no token yet, and leaves when that comes ({@link departuresOf}). Whoever claims
 * ahead looks again when half of the time ahead is used up, and is given as much at once; the other half is what the
 * next claim may take.
 * @param running - its requests in hand, over all titanics
 * @param aheadMs - how far ahead, in ms; 0 for none
 */
export function allowance(
  pace: Pace | undefined,
  state: PaceState | undefined,
  running: number,
  now: number,
  aheadMs = 0,
): Allowance {
  const pauseMs = state ? state.pausedUntil - now : 0;
  if (pauseMs > 0 && pauseMs <= PAUSE.maxMs) return { count: 0, nextAt: now + pauseMs };
  if (isSuspect(state)) return { count: running === 0 ? 1 : 0, nextAt: Infinity };
  const places = Math.max(0, (pace?.concurrency ?? Infinity) - running);
  if (pace?.perSecond === undefined || places === 0) return { count: places, nextAt: Infinity };
  const perMs = pace.perSecond / 1_000;
  const tokens = refilled(pace, state ?? freshPace(now), now);
  const level = tokens + perMs * aheadMs;
  const wanted = Math.max(1, (perMs * aheadMs) / 2);
  const count = tokens >= 1 || level >= wanted ? Math.floor(level) : 0;
  if (places <= count) return { count: places, nextAt: Infinity };
  return { count, nextAt: now + Math.max(1, Math.ceil((wanted - (level - count)) / perMs)) };
}

/** True where what may be claimed for a service depends on how many of its requests are in hand. */
export function isCounted(pace: Pace | undefined, state: PaceState | undefined): boolean {
  return pace?.concurrency !== undefined || isSuspect(state);
}

/**
 * When the requests of a claim may leave, in ms, by their place in it, from 0 on: as many as there are tokens at once,
 * the others as tokens come.
 * @param state - before the claim
 */
export function departuresOf(
  pace: Pace | undefined,
  state: PaceState | undefined,
  now: number,
): (place: number) => number {
  if (pace?.perSecond === undefined) return () => now;
  const tokens = refilled(pace, state ?? freshPace(now), now);
  const eachMs = 1_000 / pace.perSecond;
  // Steps of one clock, so that nothing of a later claim leaves before what an earlier one has claimed.
  const stepMs = Math.max(1, Math.floor(Math.min(STEP_MS, pace.burst * eachMs)));
  return (place) => {
    const missing = place + 1 - tokens;
    return missing <= 0 ? now : Math.ceil((now + missing * eachMs) / stepMs) * stepMs;
  };
}

/** The state after so many were claimed. What was claimed ahead is owed: tokens are below 0. */
export function afterClaim(pace: Pace, state: PaceState | undefined, count: number, now: number): PaceState {
  const before = state ?? freshPace(now);
  const owedMax = Math.max(1, ((pace.perSecond ?? 0) * AHEAD_MS_MAX) / 1_000);
  const tokens = Math.max(-owedMax, refilled(pace, before, now) - count);
  return {
    ...before,
    tokens,
    refilledAt: isOfAnotherTime(before, now) ? now : Math.max(before.refilledAt, now),
  };
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

/** True where the clock went back by more than a pause since the state was written. By less, and all wait for it. */
function isOfAnotherTime(state: PaceState, now: number): boolean {
  return state.refilledAt - now > PAUSE.maxMs;
}

/**
 * Tokens now; below 0 where requests were claimed ahead of them. A clock that went back refills nothing; where it went
 * back far, there is one token at the least, with which the count goes on by the new time.
 */
function refilled(pace: Pace, state: PaceState, now: number): number {
  const seconds = Math.max(0, now - state.refilledAt) / 1_000;
  const tokens = isOfAnotherTime(state, now) ? Math.max(1, state.tokens) : state.tokens;
  return Math.min(pace.burst, tokens + seconds * (pace.perSecond ?? 0) + ROUNDING);
}
