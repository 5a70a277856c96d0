import type { PeerLimits } from './policy';

/** Which limit one more request would break. */
export type Beyond = keyof PeerLimits;

const SECOND_MS = 1_000;

/**
 * How much of its limits a key, or a peer without one, has used. Requests and bytes are buckets that hold what is
 * allowed in a second and are filled again evenly. A request that finds bytes left may take more than there are: what it
 * owes is waited for, so that no body is refused for ever.
 */
export class Meter {
  /** Requests that have not ended. */
  pending = 0;
  #requests = Infinity;
  #bytes = Infinity;
  #filledAt = 0;
  #fullAt = 0;

  /** From when on it is as good as a new one, in ms, but for what is pending. */
  get fullAt(): number {
    return this.#fullAt;
  }

  /** Which limit a request of so many bytes is beyond; where it is none, the request is counted. */
  take(
    { requestsPerSecond, bytesPerSecond, pending }: PeerLimits,
    bytes: number,
    now: number,
  ): Beyond | undefined {
    const seconds = (now - this.#filledAt) / SECOND_MS;
    this.#filledAt = now;
    this.#requests = filled(this.#requests, requestsPerSecond, seconds);
    this.#bytes = filled(this.#bytes, bytesPerSecond, seconds);
    if (pending !== undefined && this.pending >= pending) return 'pending';
    if (requestsPerSecond !== undefined && this.#requests < 1) return 'requestsPerSecond';
    if (bytesPerSecond !== undefined && this.#bytes <= 0) return 'bytesPerSecond';
    this.#requests--;
    this.#bytes -= bytes;
    const secondsToFull = Math.max(
      toFill(this.#requests, requestsPerSecond),
      toFill(this.#bytes, bytesPerSecond),
    );
    this.#fullAt = now + secondsToFull * SECOND_MS;
    return undefined;
  }
}

/** What is in a bucket after so many seconds. Without a limit nothing is counted, and nothing owed under the next one. */
function filled(left: number, perSecond: number | undefined, seconds: number): number {
  return perSecond === undefined ? Infinity : Math.min(perSecond, left + seconds * perSecond);
}

/** How many seconds a bucket takes to be full. */
function toFill(left: number, perSecond: number | undefined): number {
  return perSecond === undefined ? 0 : (perSecond - left) / perSecond;
}
