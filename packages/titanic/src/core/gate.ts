import type { Pace } from './pace';

/** Services that are remembered though nothing of theirs is of interest any more. */
const SERVICES_MAX = 1_000;

/**
 * Keeps the pace of services where claims come late: what should have left meanwhile does not leave all at once, but as
 * much as the burst allows, and the rest as fast as the pace does. Times in ms, of any clock that never goes back.
 */
export class Gate {
  /** When the bucket of each service is full again. */
  readonly #fullAt = new Map<string, number>();

  /** Services that are remembered. */
  get size(): number {
    return this.#fullAt.size;
  }

  /**
   * When a request leaves; asked for once for each, in their order.
   * @param at - when it may leave by its claim, or now
   */
  pass(service: string, pace: Pace | undefined, at: number): number {
    if (pace?.perSecond === undefined) return at;
    const eachMs = 1_000 / pace.perSecond;
    const fullAt = this.#fullAt.get(service) ?? at;
    const leavesAt = Math.max(at, fullAt - (pace.burst - 1) * eachMs);
    if (this.size >= SERVICES_MAX) this.#forget(at);
    this.#fullAt.set(service, Math.max(fullAt, leavesAt) + eachMs);
    return leavesAt;
  }

  #forget(now: number): void {
    for (const [service, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(service);
  }
}
