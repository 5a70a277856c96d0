import { AHEAD_MS_MAX } from './pace';

/** How far ahead of its pace a service is claimed for at the least, in ms. */
export const AHEAD_MS_MIN = 100;

/** How many claims of the time that one takes there is time ahead for: the next begins when half of it is used up. */
const CLAIMS = 4;
/** What is left of the time ahead, as a part, where claims have become faster. */
const FADING = 0.9;

/**
 * How far ahead to claim from now on, in ms, so that the next claim is over before all of the last one has left: claims
 * take as long as the store and the machine let them.
 * @param aheadMs - until now
 * @param tookMs - what the last claim took
 */
export function nextAheadMs(aheadMs: number, tookMs: number): number {
  return Math.min(AHEAD_MS_MAX, Math.max(AHEAD_MS_MIN, CLAIMS * tookMs, FADING * aheadMs));
}
