import type { LoopWatch } from './loop-watch';
import type { BrokerFacts } from './subject';

/** A loop that was held up for longer, within so many seconds, is called stalled. */
const STALLED_MS = 1_000;
const STALLED_SECONDS = 5;

/** Whether a broker should be given work. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not, in words. */
  readonly reasons: readonly string[];
}

export function readinessOf({ state }: BrokerFacts, loop: LoopWatch): Readiness {
  const reasons: string[] = [];
  if (state === 'new' || state === 'starting')
    reasons.push('the broker is starting: not every endpoint is bound');
  if (state === 'draining') reasons.push('the broker is draining: it takes no more requests');
  if (state === 'closed') reasons.push('the broker is closed');
  const lagMs = loop.longestMs(STALLED_SECONDS);
  if (lagMs > STALLED_MS)
    reasons.push(`the event loop stood still for ${Math.round(lagMs)} ms in the last ${STALLED_SECONDS} s`);
  return { ready: reasons.length === 0, reasons };
}
